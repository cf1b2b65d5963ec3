// Records of a gallery: what is fetched of an image, and bytes that are none.
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "search/records.h"

namespace obscura::search {
namespace {

GalleryForm form_of(std::size_t channels) {
  GalleryForm form;
  form.thumbnail_bytes = most_thumbnail_bytes(channels);
  return form;
}

image::Image noise(std::size_t channels, std::size_t height, std::size_t width) {
  std::mt19937 random(7);
  image::Image picture(channels, height, width);
  for (auto& v : picture.pixels) v = static_cast<std::uint8_t>(random());
  return picture;
}

TEST(Records, ComeBackAsTheyWere) {
  for (const std::size_t channels : {1U, 3U}) {
    for (const auto& [height, width] : {std::pair{1U, 1U}, {32U, 32U}, {7U, 31U}}) {
      const image::Image picture = noise(channels, height, width);
      const GalleryImage image{"some/picture.png", 4, {}, thumbnail_bytes(picture)};
      const auto record = write_record(image, form_of(channels));
      EXPECT_EQ(record.size(), record_bytes(form_of(channels))) << "all are as long";
      const FoundImage found = read_record(record);
      EXPECT_EQ(found, (FoundImage{"some/picture.png", 4, picture}));
    }
  }
}

TEST(Records, LargePicturesShrinkAndLongNamesAreCut) {
  const image::Image large = noise(3, 200, 50);
  const auto small = read_thumbnail(thumbnail_bytes(large));
  EXPECT_EQ(small.height, kThumbnailSide);
  EXPECT_EQ(small.width, 8U);
  EXPECT_EQ(read_thumbnail(thumbnail_bytes(noise(1, 3, 9000))).height, 1U);
  const GalleryImage image{std::string(500, 'x'), -1, {}, thumbnail_bytes(large)};
  const FoundImage found = read_record(write_record(image, form_of(3)));
  EXPECT_EQ(found.name, std::string(kNameBytes, 'x'));
  EXPECT_EQ(found.label, -1);
}

TEST(Records, BytesThatAreNoneAreRefused) {
  EXPECT_THROW(read_record({}), FormatError);
  const auto good = write_record({"n", 1, {}, thumbnail_bytes(noise(3, 4, 4))}, form_of(3));
  for (std::size_t size = 0; size < 1 + kNameBytes + 4 + 5 + 3 * 16; ++size) {
    EXPECT_THROW(read_record(std::span(good).first(size)), FormatError) << size;
  }
  auto bad = good;
  bad[0] = kNameBytes + 1;
  EXPECT_THROW(read_record(bad), FormatError);
  for (const int channels : {0, 2, 4, 255}) {
    bad = good, bad[1 + kNameBytes + 4] = static_cast<std::uint8_t>(channels);
    EXPECT_THROW(read_record(bad), FormatError);
  }
  bad = good, bad[1 + kNameBytes + 6] = 1;  // 260 rows
  EXPECT_THROW(read_record(bad), FormatError);
}

}  // namespace
}  // namespace obscura::search
