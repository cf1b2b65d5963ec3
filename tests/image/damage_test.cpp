// Files that are cut, zeroed or altered: refused where the format can tell, and never a crash or a raw line of a
// codec's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <opencv2/imgproc.hpp>

#include "picture_files.h"

namespace obscura::image {
namespace {

using testing::HasSubstr;

struct Sample {
  std::string name;
  Bytes bytes;
  bool plain = false;  ///< ends in a number, of which a part is a number, too
};

/// Soft shapes with some grain: compressed data of every kind of block.
cv::Mat photo(int height, int width, int type) {
  cv::Mat mat(height, width, type);
  cv::randu(mat, 0, 255);
  cv::GaussianBlur(mat, mat, {0, 0}, 3);
  cv::normalize(mat, mat, 0, 255, cv::NORM_MINMAX);
  cv::Mat grain(height, width, type);
  cv::randu(grain, 0, 20);
  return mat + grain;
}

std::vector<Sample> samples(int side) {
  const cv::Mat colour = photo(side, side + 7, CV_8UC3), grey = photo(side, side + 3, CV_8UC1);
  cv::Mat deep;
  grey.convertTo(deep, CV_16U, 257);
  cv::Mat clear;
  cv::cvtColor(colour, clear, cv::COLOR_BGR2BGRA);
  cv::randu(clear.rowRange(0, side / 2), 0, 255);
  std::vector<Sample> out;
  const auto add = [&](const std::string& name, const char* ending, const cv::Mat& mat,
                       const std::vector<int>& how = {}) {
    out.push_back({name, encoded(ending, mat, how)});
  };
  using namespace cv;
  add("jpeg", ".jpg", colour);
  add("grey jpeg", ".jpg", grey, {IMWRITE_JPEG_QUALITY, 98});
  add("optimised jpeg", ".jpg", colour, {IMWRITE_JPEG_OPTIMIZE, 1, IMWRITE_JPEG_QUALITY, 60});
  add("progressive jpeg", ".jpg", colour, {IMWRITE_JPEG_PROGRESSIVE, 1});
  add("jpeg with restarts", ".jpg", colour, {IMWRITE_JPEG_RST_INTERVAL, 2});
  add("progressive jpeg with restarts", ".jpg", grey, {IMWRITE_JPEG_PROGRESSIVE, 1, IMWRITE_JPEG_RST_INTERVAL, 3});
  add("png", ".png", colour);
  add("deep png", ".png", deep);
  add("clear png", ".png", clear);
  add("webp", ".webp", colour, {IMWRITE_WEBP_QUALITY, 80});
  add("clear webp", ".webp", clear, {IMWRITE_WEBP_QUALITY, 60});
  add("lossless webp", ".webp", colour, {IMWRITE_WEBP_QUALITY, 101});
  add("bmp", ".bmp", colour);
  add("grey bmp", ".bmp", grey);
  add("tiff", ".tiff", colour, {IMWRITE_TIFF_COMPRESSION, 1});
  add("lzw tiff", ".tiff", colour, {IMWRITE_TIFF_COMPRESSION, 5});
  add("deflated tiff", ".tiff", deep, {IMWRITE_TIFF_COMPRESSION, 8});
  add("ppm", ".ppm", colour);
  add("deep pgm", ".pgm", deep);
  const Image planes = decode_image(encoded(".png", grey), "grey");
  out.push_back({"two pages", tiff(1, planes.height, planes.width, 8, planes.pixels, 6, 2)});
  out.push_back({"gif", gif(planes.height, planes.width, {{0, 0, planes.width, planes.height, planes.pixels}})});
  std::string text = "P2 9 9 255";
  for (int i = 0; i < 81; ++i) text.append(" ").append(std::to_string(100 + i));
  out.push_back({"plain pgm", bytes_of(text + "\n"), true});
  return out;
}

TEST(Damage, TheSamplesAreWhole) {
  for (const Sample& s : samples(40)) EXPECT_EQ(refusal(s.bytes), "") << s.name;
}

TEST(Damage, EveryTruncationIsRefused) {
  for (const Sample& s : samples(24)) {
    const std::size_t step = std::max<std::size_t>(1, s.bytes.size() / 600);
    for (std::size_t n = 0; n < s.bytes.size(); n += n + 40 < s.bytes.size() ? step : 1) {
      const Bytes cut = first_bytes(s.bytes, n);
      if (s.plain && refusal(cut).empty()) {
        ASSERT_THAT(decode_with_notes(cut, "cut").notes, testing::ElementsAre(HasSubstr("may be cut")));
        continue;
      }
      ASSERT_NE(refusal(cut), "") << s.name << " cut to " << n << " of " << s.bytes.size();
    }
  }
}

TEST(Damage, CutJpegsWithAThumbnailOrAnEndMark) {
  const Bytes thumbnail = encoded(".jpg", photo(16, 16, CV_8UC3));
  for (const Sample& s : samples(64)) {
    if (s.name.find("jpeg") == std::string::npos) continue;
    const Bytes whole = jpeg_with_exif(s.bytes, joined({exif(1), thumbnail}));
    ASSERT_EQ(refusal(whole), "") << s.name;
    for (std::size_t n = thumbnail.size() + 700; n + 2 < whole.size(); n += 1 + whole.size() / 97) {
      const Bytes cut = first_bytes(whole, n);
      ASSERT_THAT(refusal(cut), HasSubstr("damaged JPEG")) << s.name << " cut to " << n;
      ASSERT_THAT(refusal(joined({cut, {0xFF, 0xD9}})), HasSubstr("damaged JPEG")) << s.name << " ended at " << n;
      // The disk gave zeros for the rest.
      Bytes zeroed = cut;
      zeroed.resize(whole.size());
      ASSERT_THAT(refusal(zeroed), HasSubstr("damaged JPEG")) << s.name << " zeroed from " << n;
      zeroed.resize(whole.size() - 2);
      ASSERT_THAT(refusal(joined({zeroed, {0xFF, 0xD9}})), HasSubstr("damaged JPEG")) << s.name << " zeroed to " << n;
    }
  }
}

TEST(Damage, AProgressiveJpegWithoutItsLastScansIsRefused) {
  const Bytes jpeg = encoded(".jpg", photo(64, 64, CV_8UC3), {cv::IMWRITE_JPEG_PROGRESSIVE, 1});
  std::size_t cuts = 0;
  for (std::size_t at = 0; at + 1 < jpeg.size(); ++at) {
    if (jpeg[at] != 0xFF || jpeg[at + 1] != 0xDA) continue;
    // Tables may stand before the scan: the marks before it end the last one as well.
    EXPECT_NE(refusal(joined({first_bytes(jpeg, at), {0xFF, 0xD9}})), "") << at;
    ++cuts;
  }
  EXPECT_GT(cuts, 5U);
}

/// The least zeros that are told: less than that may be a picture.
TEST(Damage, ZeroedBlocksOfJpegAndPngAreRefused) {
  std::mt19937 random(5);
  for (const Sample& s : samples(160)) {
    const bool told = s.name.find("jpeg") != std::string::npos || s.name.find("png") != std::string::npos ||
                      s.name == "lossless webp";
    // A progressive file has a scan of single bits, one a block: zeros there change a block's mean by a step at most.
    if (!told || s.name.find("progressive") != std::string::npos) continue;
    for (int i = 0; i < 60; ++i) {
      const std::size_t length = 64 << random() % 4, from = s.bytes.size() / 4;
      const std::size_t at = from + random() % (s.bytes.size() - from - length);
      Bytes zeroed = s.bytes;
      std::fill_n(zeroed.begin() + static_cast<std::ptrdiff_t>(at), length, std::uint8_t{0});
      ASSERT_NE(refusal(zeroed), "") << s.name << ": " << length << " zeros at " << at << " of " << s.bytes.size();
    }
  }
}

/// There is no checksum in a WebP: zeros are found by where its data come to an end, nearly always.
TEST(Damage, ZeroedBlocksOfWebpAreNearlyAlwaysRefused) {
  std::mt19937 random(6);
  const Bytes webp = encoded(".webp", photo(160, 160, CV_8UC3), {cv::IMWRITE_WEBP_QUALITY, 90});
  int accepted = 0;
  for (int i = 0; i < 200; ++i) {
    const std::size_t at = webp.size() / 4 + random() % (webp.size() * 3 / 4 - 256);
    Bytes zeroed = webp;
    std::fill_n(zeroed.begin() + static_cast<std::ptrdiff_t>(at), 256, std::uint8_t{0});
    accepted += refusal(zeroed).empty() ? 1 : 0;
  }
  EXPECT_LE(accepted, 6);
}

TEST(Damage, FlatPicturesOfZerosAreWhole) {
  for (const int shade : {0, 128, 255}) {
    cv::Mat flat(900, 1200, CV_8UC3, cv::Scalar(shade, 255 - shade, shade));
    cv::circle(flat, {600, 400}, 50, cv::Scalar(20, 200, 90), cv::FILLED);
    cv::Mat grey;
    cv::cvtColor(flat, grey, cv::COLOR_BGR2GRAY);
    for (const cv::Mat& mat : {flat, grey}) {
      for (const int optimised : {0, 1}) {
        for (const int progressive : {0, 1}) {
          EXPECT_EQ(refusal(encoded(".jpg", mat,
                                    {cv::IMWRITE_JPEG_OPTIMIZE, optimised, cv::IMWRITE_JPEG_PROGRESSIVE, progressive})),
                    "");
        }
      }
      for (const int quality : {5, 80, 100, 101}) {
        EXPECT_EQ(refusal(encoded(".webp", mat, {cv::IMWRITE_WEBP_QUALITY, quality})), "") << quality;
      }
    }
  }
}

TEST(Damage, RandomBytesNeverCrash) {
  std::mt19937 random(11);
  const int rounds = std::getenv("OBSCURA_SLOW_TESTS") != nullptr ? 4000 : 150;
  for (const Sample& s : samples(24)) {
    for (int i = 0; i < rounds; ++i) {
      try {
        const Image image = decode_image(mutate(s.bytes, random), "mutated");
        ASSERT_EQ(image.pixels.size(), image.channels * image.height * image.width);
      } catch (const FormatError& e) {
        ASSERT_EQ(std::string(e.what()).find('\n'), std::string::npos) << e.what();
      }
    }
  }
}

TEST(Damage, PixelsOfAPngThatAreNotThereAreRefusedDespiteItsChecksums) {
  const Bytes png = encode_png(Image(1, 64, 64, 3));
  // Half of the compressed pixels, in a chunk whose checksum is right.
  const std::size_t length = std::size_t{png[35]} * 256 + png[36];
  const Bytes half(png.begin() + 41, png.begin() + 41 + static_cast<std::ptrdiff_t>(length / 2));
  const Bytes cut = joined({first_bytes(png, 33), png_chunk("IDAT", half), png_chunk("IEND", {})});
  EXPECT_THAT(refusal(cut), HasSubstr("damaged PNG"));
  // The compressed stream's own checksum.
  Bytes wrong(png.begin() + 41, png.begin() + 41 + static_cast<std::ptrdiff_t>(length));
  wrong.back() ^= 1;
  EXPECT_THAT(refusal(joined({first_bytes(png, 33), png_chunk("IDAT", wrong), png_chunk("IEND", {})})),
              HasSubstr("damaged PNG"));
}

TEST(Damage, ClaimsOfHugeSizesAreRefusedBeforeAnythingIsMade) {
  const std::string wanted = "too large (at most 32768 a side and 134 million in all)";
  EXPECT_THAT(refusal(bytes_of("P5 30000 30000 255\nabc")), HasSubstr(wanted));
  EXPECT_THAT(refusal(bytes_of("P1 99999 1\n1")), HasSubstr(wanted));
  EXPECT_THAT(refusal(gif(60000, 60000, {{0, 0, 1, 1, {1}}})), HasSubstr(wanted));
  EXPECT_THAT(refusal(tiff(1, 40000, 2, 8, {1, 2})), HasSubstr(wanted));
  EXPECT_THAT(refusal(tiff(1, 0, 2, 8, {1, 2})), HasSubstr("TIFF"));
  const Bytes dot = encoded(".webp", cv::Mat(1, 1, CV_8UC3, cv::Scalar(1, 2, 3)));
  EXPECT_THAT(refusal(webp_extended(1 << 15, 1 << 14, 2, riff_chunk("ANIM", Bytes(6, 0)))), HasSubstr("WebP"));
  EXPECT_EQ(refusal(dot), "");
}

}  // namespace
}  // namespace obscura::image
