#include "search/gallery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <random>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "support/temporary.h"

namespace obscura::search {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

const GalleryForm kForm{VectorKind::unit, 3, 40, "ab12", "output", "drawn", {"cat", "dog"}};

GalleryImage image_of(int n) {
  const double angle = 0.1 * n;
  GalleryImage image{"picture " + std::to_string(n), n % 3 - 1, {}, {}};
  image.vector = {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle)), 0};
  for (int i = 0; i < n % 41; ++i) image.thumbnail.push_back(static_cast<std::uint8_t>(n + i));
  return image;
}

std::vector<GalleryImage> images_of(int first, int count) {
  std::vector<GalleryImage> images;
  for (int n = first; n < first + count; ++n) images.push_back(image_of(n));
  return images;
}

class GalleryTest : public ::testing::Test {
 protected:
  Gallery reopened(store::Access access = store::Access::read) { return Gallery::open(folder_ / "g", access); }
  TemporaryFolder folder_;
};

TEST_F(GalleryTest, KeepsImagesAndCountsChanges) {
  {
    Gallery gallery = Gallery::create(folder_ / "g", kForm);
    EXPECT_EQ(gallery.state().images, 0U);
    EXPECT_THAT(gallery.add(images_of(0, 3)), ElementsAre(0, 1, 2));
    EXPECT_THAT(gallery.add(images_of(3, 2)), ElementsAre(3, 4));
  }
  Gallery gallery = reopened();
  EXPECT_EQ(gallery.form(), kForm);
  const GalleryState state = gallery.state();
  EXPECT_EQ(state.version, 2);
  EXPECT_EQ(state.places, 5U);
  EXPECT_EQ(state.images, 5U);
  EXPECT_EQ(state.id.size(), 32U);
  for (int n = 0; n < 5; ++n) EXPECT_EQ(gallery.image(static_cast<std::size_t>(n)), image_of(n));
  const auto vectors = gallery.vectors();
  ASSERT_EQ(vectors.values.size(), 15U);
  EXPECT_EQ(vectors.values[3], image_of(1).vector[0]);
  EXPECT_THAT(vectors.labels, ElementsAre(-1, 0, 1, -1, 0));
  EXPECT_THROW(gallery.add(images_of(9, 1)), IoError) << "opened for reading";
}

TEST_F(GalleryTest, PlacesOfRemovedImagesAreTakenAgain) {
  Gallery gallery = Gallery::create(folder_ / "g", kForm);
  gallery.add(images_of(0, 6));
  gallery.remove(std::vector<std::size_t>{1, 4});
  EXPECT_EQ(gallery.state().images, 4U);
  EXPECT_THROW(gallery.image(4), UsageError);
  EXPECT_THAT(gallery.vectors().taken, ElementsAre(true, false, true, true, false, true));
  EXPECT_EQ(gallery.vectors().values[3], 0);
  EXPECT_THAT(gallery.add(images_of(10, 3)), ElementsAre(1, 4, 6));
  EXPECT_EQ(gallery.image(4), image_of(11));
  EXPECT_EQ(gallery.image(5), image_of(5)) << "an image keeps its place";
  gallery.remove(std::vector<std::size_t>{6});
  EXPECT_EQ(gallery.state().places, 6U);
  const auto entries = gallery.entries();
  ASSERT_EQ(entries.size(), 6U);
  EXPECT_EQ(entries[1].name, "picture 10");
}

TEST_F(GalleryTest, ChangesTouchTheirBlocksAlone) {
  Gallery gallery = Gallery::create(folder_ / "g", kForm);
  gallery.add(images_of(0, 10));
  EXPECT_THAT(gallery.changed_blocks(0, 4), ElementsAre(0, 1, 2));
  EXPECT_THAT(gallery.changed_blocks(1, 4), IsEmpty());
  gallery.remove(std::vector<std::size_t>{5});
  EXPECT_THAT(gallery.changed_blocks(1, 4), ElementsAre(1));
  gallery.add(images_of(20, 4));  // place 5 and three behind the last
  EXPECT_THAT(gallery.changed_blocks(2, 4), ElementsAre(1, 2, 3));
}

TEST_F(GalleryTest, WhatDoesNotFitChangesNothing) {
  Gallery gallery = Gallery::create(folder_ / "g", kForm);
  gallery.add(images_of(0, 2));
  const auto refused = [&](GalleryImage wrong, const char* problem) {
    const std::vector<GalleryImage> images = {image_of(7), std::move(wrong)};
    EXPECT_THAT([&] { gallery.add(images); }, ThrowsMessage<MismatchError>(HasSubstr(problem)));
  };
  GalleryImage wrong = image_of(8);
  wrong.vector.push_back(0);
  refused(wrong, "picture 8: a vector of 4 numbers, the gallery has 3");
  wrong = image_of(8);
  wrong.vector[0] += 1;
  refused(wrong, "its vector is to be of length 1");
  wrong = image_of(8);
  wrong.thumbnail.resize(41);
  refused(wrong, "a thumbnail of 41 bytes, the gallery has room for 40");
  wrong = image_of(8);
  wrong.label = 2;
  refused(wrong, "label 2 of 2 classes");
  EXPECT_THAT(
      [&] {
        gallery.remove(std::vector<std::size_t>{0, 2});
      },
      ThrowsMessage<UsageError>(HasSubstr("no image 2 to remove")));
  EXPECT_THROW(gallery.remove(std::vector<std::size_t>{1, 1}), UsageError);
  EXPECT_EQ(gallery.state().version, 1);
  EXPECT_EQ(gallery.state().images, 2U);
}

TEST_F(GalleryTest, FormsAndFoldersThatCannotBe) {
  const auto created = [&](GalleryForm form) { return [this, form] { Gallery::create(folder_ / "f", form); }; };
  GalleryForm form = kForm;
  form.dimension = 5000;
  EXPECT_THROW(created(form)(), UnsupportedError);
  form = kForm;
  form.thumbnail_bytes = 0;
  EXPECT_THROW(created(form)(), ParameterError);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "f"));
  Gallery::create(folder_ / "g", kForm);
  EXPECT_THROW(Gallery::create(folder_ / "g", kForm), IoError);
  EXPECT_THAT([&] { Gallery::open(folder_ / "nothing"); }, ThrowsMessage<IoError>(HasSubstr("is no gallery")));
}

TEST_F(GalleryTest, ADamagedRecordIsSaid) {
  {
    Gallery gallery = Gallery::create(folder_ / "g", kForm);
    gallery.add(images_of(0, 5));
  }
  auto bytes = read_file(gallery_file(folder_ / "g"));
  // A letter of a name.
  const std::string name = "picture 3";
  const auto at = std::ranges::search(bytes, name).begin();
  ASSERT_NE(at, bytes.end());
  *at = 'P';
  write_file(gallery_file(folder_ / "g"), bytes);
  Gallery gallery = reopened();
  EXPECT_EQ(gallery.image(2), image_of(2));
  EXPECT_THAT([&] { gallery.image(3); }, ThrowsMessage<FormatError>(HasSubstr("the record of image 3 is damaged")));
  EXPECT_THROW(gallery.vectors(), FormatError);
  Gallery changed = reopened(store::Access::write);
  changed.remove(std::vector<std::size_t>{3});
  EXPECT_EQ(changed.vectors().labels.size(), 5U);
}

/// Adds images by sevens and removes one of each until somebody stops it.
[[noreturn]] void grow_for_ever(const std::filesystem::path& folder) {
  Gallery gallery = Gallery::open(folder, store::Access::write);
  for (int round = 0;; ++round) {
    const auto places = gallery.add(images_of(7 * round, 7));
    gallery.remove(std::span(places).first(1));
  }
}

TEST_F(GalleryTest, KilledAtRandomMomentsItKeepsTheLastWholeChange) {
  Gallery::create(folder_ / "g", kForm);
  std::mt19937 random(11);
  std::size_t before = 0;
  std::int64_t version = 0;
  // A slow disk has fewer changes under way: then there are more trials.
  for (int trial = 0; trial < 30 || (version <= 20 && trial < 400); ++trial) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) grow_for_ever(folder_ / "g");
    std::this_thread::sleep_for(std::chrono::microseconds(500 + random() % 40000));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    Gallery gallery = reopened(store::Access::write);
    const GalleryState state = gallery.state();
    EXPECT_GE(state.version, version);
    // Sevens less one each, or a seven that nobody had taken one of.
    const std::size_t more = state.images - before;
    EXPECT_TRUE(more % 6 == 0 || more % 6 == 1) << more;
    const auto vectors = gallery.vectors();  // checks every record
    EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(vectors.taken, true)), state.images);
    EXPECT_EQ(gallery.entries().size(), state.images);
    before = state.images, version = state.version;
  }
  EXPECT_GT(version, 20) << "nothing was under way";
}

}  // namespace
}  // namespace obscura::search
