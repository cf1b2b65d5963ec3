#include "image/image.h"

#include <gtest/gtest.h>

#include <fstream>
#include <numeric>
#include <opencv2/imgcodecs.hpp>

#include "base/error.h"
#include "base/file.h"
#include "image/caption.h"
#include "support.h"

namespace obscura::image {
namespace {

Image noise(std::size_t channels, std::size_t height, std::size_t width, unsigned seed = 1) {
  Image image(channels, height, width);
  std::mt19937 random(seed);
  for (auto& v : image.pixels) v = static_cast<std::uint8_t>(random());
  return image;
}

double mean(const Image& image) {
  return std::accumulate(image.pixels.begin(), image.pixels.end(), 0.0) / static_cast<double>(image.pixels.size());
}

std::string message_of(const Bytes& bytes) {
  try {
    decode_image(bytes, "picture");
  } catch (const FormatError& e) {
    return e.what();
  }
  return "";
}

TEST(Image, PngRoundTrip) {
  TemporaryFolder folder;
  for (const std::size_t channels : {1U, 3U}) {
    const Image image = noise(channels, 17, 31);
    EXPECT_EQ(decode_image(encode_png(image), "memory"), image);
    write_png(folder.path() / "a.png", image);
    EXPECT_EQ(read_image(folder.path() / "a.png"), image);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "a part was left behind";
}

TEST(Image, ColoursAreRgb) {
  Image red(3, 2, 2);
  for (std::size_t i = 0; i < 4; ++i) red.pixels[3 * i] = 255;
  const std::string ppm =
      std::string("P6\n# a comment\n2 2\n255\n") + std::string("\xFF\0\0\xFF\0\0\xFF\0\0\xFF\0\0", 12);
  EXPECT_EQ(decode_image(Bytes(ppm.begin(), ppm.end()), "ppm"), red);
  EXPECT_EQ(decode_image(encode_png(red), "png"), red);
}

TEST(Image, ReadsEveryContainer) {
  cv::Mat mat(40, 60, CV_8UC3, cv::Scalar(20, 120, 220));
  for (const char* ending : {".png", ".jpg", ".bmp", ".webp", ".ppm"}) {
    Bytes bytes;
    ASSERT_TRUE(cv::imencode(ending, mat, bytes));
    const Image image = decode_image(bytes, ending);
    EXPECT_EQ(image.height, 40U) << ending;
    EXPECT_EQ(image.width, 60U) << ending;
    ASSERT_EQ(image.channels, 3U) << ending;
    EXPECT_NEAR(image.at(20, 30, 0), 220, 3) << ending;
    EXPECT_NEAR(image.at(20, 30, 2), 20, 3) << ending;
  }
}

TEST(Image, SixteenBitsAndTransparencyAreReduced) {
  Bytes bytes;
  ASSERT_TRUE(cv::imencode(".png", cv::Mat(3, 3, CV_16UC1, cv::Scalar(0x8080)), bytes));
  EXPECT_EQ(decode_image(bytes, "deep"), Image(1, 3, 3, 0x80));
  ASSERT_TRUE(cv::imencode(".png", cv::Mat(3, 3, CV_8UC4, cv::Scalar(0, 0, 0, 0)), bytes));
  EXPECT_EQ(decode_image(bytes, "clear"), Image(3, 3, 3, 255));
}

TEST(Image, MissingAndOddFilesAreNamed) {
  TemporaryFolder folder;
  EXPECT_THROW(read_image(folder.path() / "none.png"), IoError);
  EXPECT_THROW(read_image(folder.path()), IoError);
  const auto path = folder.path() / "letter.png";
  write_file(path, "Dear reader, this is no image.");
  try {
    read_image(path);
    FAIL() << "a letter was read as an image";
  } catch (const FormatError& e) {
    EXPECT_NE(std::string(e.what()).find(path.string()), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("not an image"), std::string::npos) << e.what();
  }
}

TEST(Image, ClaimedSizesAreRefusedUnread) {
  Bytes png = encode_png(Image(1, 4, 4));
  for (std::size_t i = 16; i < 24; ++i) png[i] = 0x7F;
  const std::uint32_t crc = static_cast<std::uint32_t>(crc32(0, png.data() + 12, 17));
  for (std::size_t i = 0; i < 4; ++i) png[29 + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
  EXPECT_NE(message_of(png).find("too large"), std::string::npos) << message_of(png);
  const std::string pgm = "P5 30000 30000 255\nabc";
  EXPECT_FALSE(message_of(Bytes(pgm.begin(), pgm.end())).empty());
}

TEST(Image, DamagedImagesAreTypedErrors) {
  cv::Mat mat(24, 24, CV_8UC3);
  cv::randu(mat, 0, 255);
  std::mt19937 random(7);
  for (const char* ending : {".png", ".jpg", ".bmp", ".webp", ".ppm"}) {
    Bytes good;
    ASSERT_TRUE(cv::imencode(ending, mat, good));
    for (int i = 0; i < 500; ++i) {
      try {
        decode_image(mutate(good, random), "damaged");
      } catch (const FormatError& e) {
        ASSERT_NE(std::string(e.what()).find("damaged"), std::string::npos);
      }
    }
  }
}

TEST(Image, EveryTruncationOfAPngIsRefused) {
  const Bytes png = encode_png(noise(3, 9, 9));
  for (std::size_t n = 0; n < png.size(); ++n) {
    ASSERT_FALSE(message_of(Bytes(png.begin(), png.begin() + static_cast<std::ptrdiff_t>(n))).empty()) << n;
  }
}

TEST(Image, GreyAndColour) {
  const Image grey = noise(1, 5, 7);
  EXPECT_EQ(to_grey(grey), grey);
  EXPECT_EQ(to_grey(to_rgb(grey)), grey);
  Image green(3, 1, 1);
  green.pixels[1] = 255;
  EXPECT_EQ(to_grey(green).pixels[0], 150);  // 0.587 * 255
}

TEST(Image, ResizeKeepsFlatImagesAndMeans) {
  const Image flat(3, 11, 13, 77);
  for (const auto& [h, w] : {std::pair<std::size_t, std::size_t>{5, 6}, {28, 28}, {40, 3}, {11, 13}}) {
    EXPECT_EQ(resize(flat, h, w), Image(3, h, w, 77));
  }
  const Image rough = noise(1, 112, 112);
  EXPECT_NEAR(mean(resize(rough, 28, 28)), mean(rough), 0.7);
  Image blocks(1, 4, 4);
  for (std::size_t y = 0; y < 4; ++y) {
    for (std::size_t x = 0; x < 4; ++x) blocks.at(y, x) = static_cast<std::uint8_t>(60 * (y / 2) + 100 * (x / 2));
  }
  EXPECT_EQ(resize(blocks, 2, 2).pixels, (Bytes{0, 100, 60, 160}));
}

TEST(Image, ConformSaysWhatItDid) {
  const Conformed changed = conform(noise(3, 80, 100), 1, 28, 28);
  EXPECT_EQ(changed.image.channels, 1U);
  EXPECT_EQ(changed.image.height, 28U);
  EXPECT_EQ(changed.notes, (std::vector<std::string>{"converted from colour to grey",
                                                     "resized from 100x80 to 28x28, which changes its proportions"}));
  const Image right = noise(1, 28, 28);
  EXPECT_TRUE(conform(right, 1, 28, 28).notes.empty());
  EXPECT_EQ(conform(right, 1, 28, 28).image, right);
  EXPECT_EQ(conform(right, 3, 28, 28).notes, std::vector<std::string>{"converted from grey to colour"});
  EXPECT_THROW(conform(right, 2, 28, 28), ParameterError);
  EXPECT_THROW(conform(right, 1, 0, 28), ParameterError);
  EXPECT_THROW(conform(Image(), 1, 28, 28), ParameterError);
}

TEST(Image, PlanarRoundTrip) {
  const Image image = noise(3, 4, 5);
  const Bytes planar = to_planar(image);
  EXPECT_EQ(planar[1 * 20 + 2 * 5 + 3], image.at(2, 3, 1));
  EXPECT_EQ(from_planar(planar, 3, 4, 5), image);
  EXPECT_THROW(from_planar(planar, 3, 4, 4), ParameterError);
}

TEST(Caption, IsDarkLettersAboveItsBaseline) {
  Image picture(3, 40, 120, 255);
  write_caption(picture, "distance 0.5", 10, 30);
  std::size_t dark = 0, elsewhere = 0;
  for (std::size_t y = 0; y < 40; ++y) {
    for (std::size_t x = 0; x < 120; ++x) {
      const bool line = y >= 15 && y <= 35 && x >= 8;
      if (picture.at(y, x, 1) < 128) ++(line ? dark : elsewhere);
    }
  }
  EXPECT_GT(dark, 50U);
  EXPECT_EQ(elsewhere, 0U);
  const Image before = picture;
  write_caption(picture, "", 10, 30);
  EXPECT_EQ(picture, before);
  write_caption(picture, "cut off at the edge of the picture", 100, 30);
  Image grey(1, 40, 40);
  EXPECT_THROW(write_caption(grey, "a", 0, 20), ParameterError);
}

}  // namespace
}  // namespace obscura::image
