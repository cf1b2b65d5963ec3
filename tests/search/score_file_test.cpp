// The file of a gallery's encoded vectors: taken where it is right, made again where it is not.
#include "search/score_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/error.h"
#include "base/file.h"
#include "support/temporary.h"

namespace obscura::search {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kDimension = 8;

class ScoreFile : public ::testing::TestWithParam<VectorKind> {
 protected:
  ScoreFile() : gallery_(made("g")) { gallery_.add(images(5000)); }

  Gallery made(const std::string& name) {
    return Gallery::create(folder_ / name, {GetParam(), kDimension, 10, "ab", "output", "drawn", {}});
  }
  std::vector<GalleryImage> images(std::size_t count) {
    std::vector<GalleryImage> all;
    std::normal_distribution<float> normal;
    for (std::size_t n = 0; n < count; ++n) {
      GalleryImage image{"picture", -1, std::vector<float>(kDimension), {}};
      double squares = 0;
      for (float& v : image.vector) v = normal(random_), squares += static_cast<double>(v) * v;
      for (float& v : image.vector) {
        v = GetParam() == VectorKind::code ? (v > 0 ? 1.0F : -1.0F) : static_cast<float>(v / std::sqrt(squares));
      }
      all.push_back(std::move(image));
    }
    return all;
  }
  /// Loads, and expects the blocks of vectors that are encoded afresh.
  ScoreFileUse load(const char* name = "g") {
    auto gallery = Gallery::open(folder_ / name);
    const auto vectors = gallery.vectors();
    ScoreFileUse use;
    const auto loaded = load_scores(gallery, folder_ / name, vectors, pool_, &use);
    const ScoreTable fresh(loaded.plan(), {vectors.values, kDimension}, pool_);
    EXPECT_EQ(loaded.rows(), vectors.taken.size());
    for (std::size_t b = 0; b < loaded.plan().blocks(loaded.rows()); ++b) {
      EXPECT_TRUE(std::ranges::equal(loaded.block(b), fresh.block(b))) << b;
    }
    return use;
  }
  void change(const auto& work) {
    auto bytes = read_file(file_);
    work(bytes);
    write_file(file_, bytes);
  }

  TemporaryFolder folder_;
  std::mt19937 random_{3};
  ThreadPool pool_{2};
  Gallery gallery_;
  std::filesystem::path file_ = score_file(folder_ / "g");
};

INSTANTIATE_TEST_SUITE_P(Kinds, ScoreFile, testing::Values(VectorKind::code, VectorKind::unit),
                         [](const auto& which) { return to_string(which.param); });

TEST_P(ScoreFile, IsMadeOnceAndMapped) {
  const auto first = load(), second = load();
  EXPECT_EQ(first.encoded, 3u);
  EXPECT_TRUE(first.written);
  EXPECT_EQ(second.mapped, 3u);
  EXPECT_EQ(second.encoded, 0u);
  EXPECT_FALSE(second.written);
  EXPECT_THAT(second.notes, IsEmpty());
}

TEST_P(ScoreFile, OnlyBlocksThatChangedAreEncodedAgain) {
  load();
  gallery_.add(images(1));
  EXPECT_EQ(load().encoded, 1u);
  gallery_.remove(std::vector<std::size_t>{7});
  EXPECT_EQ(load().encoded, 1u);
  gallery_.add(images(2500));  // the hole, the rest of the third block, and a fourth
  const auto grown = load();
  EXPECT_EQ(grown.encoded, 3u);
  EXPECT_EQ(grown.mapped, 1u);
  EXPECT_EQ(load().encoded, 0u);
}

TEST_P(ScoreFile, DamagedBlocksAreSaidAndMadeAgain) {
  load();
  change([](auto& bytes) { bytes[bytes.size() / 2] ^= 1; });
  const auto damaged = load();
  EXPECT_EQ(damaged.encoded, 1u);
  ASSERT_EQ(damaged.notes.size(), 1u);
  EXPECT_THAT(damaged.notes[0], HasSubstr("block 1 is damaged (checksum)"));
  EXPECT_THAT(load().notes, IsEmpty());
  for (const std::size_t at : {0u, 9u, 30u, 60u}) {
    change([&](auto& bytes) { bytes[at] ^= 1; });
    const auto altered = load();
    EXPECT_EQ(altered.encoded, 3u) << at;
    EXPECT_EQ(altered.notes.size(), 1u) << at;
  }
  std::size_t whole = read_file(file_).size();
  for (const std::size_t left : {std::size_t{0}, std::size_t{50}, std::size_t{5000}, whole - 5000}) {
    change([&](auto& bytes) { bytes.resize(left); });
    EXPECT_EQ(load().encoded, 3u) << left;
  }
}

TEST_P(ScoreFile, OfAnotherGalleryIsNotTaken) {
  load();
  auto other = made("other");
  other.add(images(5000));
  std::filesystem::copy_file(file_, score_file(folder_ / "other"));
  const auto use = load("other");
  EXPECT_EQ(use.mapped, 0u);
  EXPECT_EQ(use.encoded, 3u);
}

}  // namespace
}  // namespace obscura::search
