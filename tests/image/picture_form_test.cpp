#include "image/picture_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// A picture whose left half is dark and whose right half is bright.
Image halves(std::size_t width, std::size_t height, std::size_t channels = 1) {
  Image image(channels, height, width, 40);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = width / 2; x < width; ++x) {
      for (std::size_t c = 0; c < channels; ++c) image.at(y, x, c) = static_cast<std::uint8_t>(200 + 10 * c);
    }
  }
  return image;
}

class PictureForms : public testing::Test {
 protected:
  void put(const std::string& name, const Image& image) {
    const fs::path file = folder_.path() / name;
    fs::create_directories(file.parent_path());
    write_png(file, image);
  }
  Dataset load(const PictureForm& form, Split split = Split::train) const {
    return load_pictures(folder_.path().string(), split, {}, 0, form);
  }
  TemporaryFolder folder_;
};

TEST_F(PictureForms, PhotosOfAllSizesBecomeOne) {
  put("train/a/1.png", halves(60, 20));
  put("train/b/1.png", halves(16, 40, 3));
  put("test/a/1.png", halves(8, 8));
  put("test/b/1.png", halves(300, 200));
  PictureForm form;
  parse_size("12x8", form);
  const auto set = load(form);
  EXPECT_EQ(set.count, 2U);
  EXPECT_EQ(set.width, 12U);
  EXPECT_EQ(set.height, 8U);
  EXPECT_EQ(set.channels, 3U) << "one of them is a colour picture";
  EXPECT_EQ(set.classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_THAT(set.notes, Contains(HasSubstr("2 of 2 pictures resized, from 16x40 to 60x20 to 12x8")));
  EXPECT_THAT(set.notes, Contains(HasSubstr("2 of 2 squashed")));
  EXPECT_THAT(set.notes, Contains(HasSubstr("1 of 2 grey pictures made colour")));
  // Stretched: each half stays a half. Planes of channels: red and green of the first picture are alike.
  EXPECT_EQ(set.pixels(0)[0], 40);
  EXPECT_EQ(set.pixels(0)[11], 200);
  EXPECT_EQ(set.pixels(0)[96 + 11], 200);
  EXPECT_EQ(set.pixels(1)[11], 200);
  EXPECT_EQ(set.pixels(1)[96 + 11], 210);
  form.channels = 1;
  const auto grey = load(form, Split::test);
  EXPECT_EQ(grey.channels, 1U);
  EXPECT_THAT(grey.notes, Not(Contains(HasSubstr("colour"))));
  EXPECT_THAT(load(form).notes, Contains(HasSubstr("1 of 2 colour pictures made grey")));
}

TEST_F(PictureForms, AreCroppedOrLetterboxed) {
  put("a/1.png", halves(60, 20));
  put("b/1.png", halves(20, 60));
  PictureForm form;
  parse_size("20", form);
  form.fit = Fit::crop;
  const auto cropped = load(form);
  EXPECT_THAT(cropped.notes, Contains(HasSubstr("2 of 2 lost what is outside their middle")));
  // The middle of 60x20 is 20 wide, and its left half is dark.
  EXPECT_EQ(cropped.pixels(0)[9], 40);
  EXPECT_EQ(cropped.pixels(0)[10], 200);
  form.fit = Fit::letterbox;
  const auto boxed = load(form);
  EXPECT_THAT(boxed.notes, Contains(HasSubstr("2 of 2 have black bars")));
  EXPECT_EQ(boxed.pixels(0)[0], 0) << "above the picture";
  EXPECT_EQ(boxed.pixels(0)[10 * 20], 40);
  EXPECT_EQ(boxed.pixels(1)[0], 0) << "left of the picture";
  EXPECT_EQ(boxed.pixels(1)[7], 40);
}

TEST_F(PictureForms, WithoutASizeAreAsTheFirst) {
  put("a/1.png", halves(30, 20));
  put("a/2.png", halves(60, 40));
  put("b/1.png", halves(30, 20));
  const auto set = load({});
  EXPECT_EQ(set.width, 30U);
  EXPECT_EQ(set.height, 20U);
  EXPECT_THAT(set.notes, Contains(HasSubstr("1 of 3 pictures resized")));
  EXPECT_THAT(set.notes, Not(Contains(HasSubstr("squashed"))));
  PictureForm small;
  small.largest = 25;
  EXPECT_EQ(load(small).width, 25U);
  EXPECT_EQ(load(small).height, 25U);
}

TEST(PictureForm, OfNamedSets) {
  PictureForm form;
  parse_size("14", form);
  form.channels = 3;
  const auto set = load_pictures("samples", Split::test, {}, 10, form);
  EXPECT_EQ(set.count, 10U);
  EXPECT_EQ(set.image_size(), 3U * 14 * 14);
  EXPECT_EQ(set.images.size(), 10U * 3 * 14 * 14);
  EXPECT_EQ(set.labels, load_dataset("samples", Split::test, {}, 10).labels);
  EXPECT_EQ(load_pictures("samples", Split::test, {}, 10, {}).images,
            load_dataset("samples", Split::test, {}, 10).images);
}

TEST(PictureForm, Words) {
  PictureForm form;
  parse_size("64x48", form);
  EXPECT_EQ(form.width, 64U);
  EXPECT_EQ(form.height, 48U);
  for (const char* bad :
       {"", "0", "x", "64x", "x64", "-3", "64 x 48", "64x48x3", "1e3", "32769", "99999999999999999999"}) {
    EXPECT_THROW(parse_size(bad, form), UsageError) << bad;
  }
  EXPECT_EQ(parse_colour("grey"), 1U);
  EXPECT_EQ(parse_colour("rgb"), 3U);
  EXPECT_THROW(parse_colour("bgr"), UsageError);
}

}  // namespace
}  // namespace obscura::image
