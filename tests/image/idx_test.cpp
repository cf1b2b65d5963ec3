#include "image/idx.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>

#include "base/error.h"
#include "image/inflate.h"
#include "support.h"

namespace obscura::image {
namespace {

long peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(Idx, ReadsPlainAndGzipped) {
  const Bytes plain = idx_images(7, 7, 5, 4);
  for (const Bytes& bytes : {plain, gzip(plain)}) {
    const IdxImages images = read_idx_images(bytes, "images");
    EXPECT_EQ(images.count, 7U);
    EXPECT_EQ(images.total, 7U);
    EXPECT_EQ(images.height, 5U);
    EXPECT_EQ(images.width, 4U);
    ASSERT_EQ(images.pixels.size(), 140U);
    EXPECT_EQ(images.pixels[139], 139);
  }
  EXPECT_EQ(read_idx_labels(gzip(idx_labels(3, {4, 0, 9})), "labels").labels, (Bytes{4, 0, 9}));
}

TEST(Idx, LimitTakesTheFirst) {
  const IdxImages images = read_idx_images(gzip(idx_images(9, 9, 2, 2)), "images", 4);
  EXPECT_EQ(images.count, 4U);
  EXPECT_EQ(images.total, 9U);
  EXPECT_EQ(images.pixels.size(), 16U);
  EXPECT_EQ(read_idx_images(idx_images(9, 9, 2, 2), "images", 100).count, 9U);
}

TEST(Idx, EveryTruncationIsRefused) {
  const Bytes plain = idx_images(3, 3, 3, 3);
  for (const Bytes& bytes : {plain, gzip(plain)}) {
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
      ASSERT_THROW(read_idx_images(part, "part"), FormatError) << n;
    }
  }
}

TEST(Idx, WrongKindsAndCountsAreRefused) {
  EXPECT_THROW(read_idx_images(idx_labels(3, {1, 2, 3}), "x"), FormatError);
  EXPECT_THROW(read_idx_labels(idx_images(1, 1, 2, 2), "x"), FormatError);
  EXPECT_THROW(read_idx_images(idx_images(3, 2, 2, 2), "x"), FormatError);  // claims more than is there
  EXPECT_THROW(read_idx_images(idx_images(2, 3, 2, 2), "x"), FormatError);  // holds more than it claims
  EXPECT_THROW(read_idx_images(idx_images(1, 0, 0, 5), "x"), FormatError);
  EXPECT_THROW(read_idx_images(idx_images(1, 0, 70000, 5), "x"), FormatError);
  Bytes trailing = gzip(idx_labels(1, {1}));
  trailing.push_back(0);
  EXPECT_THROW(read_idx_labels(trailing, "x"), FormatError);
  try {
    read_idx_labels(idx_labels(8, {1}), "some/labels.gz");
    FAIL();
  } catch (const FormatError& e) {
    EXPECT_EQ(std::string(e.what()).rfind("some/labels.gz", 0), 0U) << e.what();
  }
}

TEST(Idx, ClaimsAreNotAllocated) {
  const Bytes claims[] = {idx_images(100'000'000, 1, 4096, 4096), gzip(idx_images(100'000'000, 1, 28, 28)),
                          idx_images(0xFFFFFFFF, 1, 28, 28)};
  const long before = peak_kilobytes();
  for (const Bytes& bytes : claims) EXPECT_THROW(read_idx_images(bytes, "x"), FormatError);
  EXPECT_LT(peak_kilobytes() - before, 64 * 1024);
}

/// A megabyte of nothing in a kilobyte: what follows the wanted bytes is not unpacked.
TEST(Idx, BombsAreNotUnpacked) {
  Bytes bomb = idx_images(1, 1, 2, 2);
  bomb.resize(std::size_t{64} << 20);
  const Bytes packed = gzip(bomb);
  const long before = peak_kilobytes();
  EXPECT_THROW(read_idx_images(packed, "bomb"), FormatError);
  EXPECT_LT(peak_kilobytes() - before, 8 * 1024);
}

TEST(Idx, SurvivesTwentyThousandInjuries) {
  const Bytes plain = idx_images(20, 20, 8, 8);
  const Bytes labels = idx_labels(20, Bytes(20, 3));
  const std::vector<Bytes> packs = {plain, gzip(plain), labels, gzip(labels)};  // two of images, two of labels
  std::mt19937 random(42);
  std::size_t refused = 0;
  for (int i = 0; i < 5000; ++i) {
    for (const Bytes& good : packs) {
      const Bytes bad = mutate(good, random);
      try {
        if (&good < packs.data() + 2) {
          const IdxImages images = read_idx_images(bad, "bad");
          ASSERT_EQ(images.pixels.size(), images.count * images.height * images.width);
        } else {
          const IdxLabels read = read_idx_labels(bad, "bad");
          ASSERT_EQ(read.labels.size(), read.total);
        }
      } catch (const FormatError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 10'000U);
}

TEST(Inflate, EndsAreKnown) {
  const Bytes text = {1, 2, 3, 4, 5};
  for (const Bytes& bytes : {text, gzip(text)}) {
    InflateReader in(bytes, "text");
    EXPECT_EQ(in.read(2), (Bytes{1, 2}));
    EXPECT_EQ(in.read_up_to(10), (Bytes{3, 4, 5}));
    EXPECT_NO_THROW(in.finish());
    EXPECT_THROW(in.read(1), FormatError);
  }
}

}  // namespace
}  // namespace obscura::image
