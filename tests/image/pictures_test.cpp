// What becomes of picture files of every sort: the right samples, and a note of what was changed or left out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include <jpeglib.h>

#include "base/file.h"
#include "picture_files.h"

namespace obscura::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Notes = std::vector<std::string>;

ReadImage read(const Bytes& bytes) {
  return decode_with_notes(bytes, "picture");
}

/// 2 rows of 3 pixels, all different: grey 10 to 60.
cv::Mat small_grey() {
  return (cv::Mat_<std::uint8_t>(2, 3) << 10, 20, 30, 40, 50, 60);
}

Image small_image() {
  return Image::of(1, 2, 3, {10, 20, 30, 40, 50, 60});
}

/// By hand, after the pictures of the letter F that explain EXIF orientations.
Image turned(unsigned orientation) {
  switch (orientation) {
    case 2:
      return Image::of(1, 2, 3, {30, 20, 10, 60, 50, 40});
    case 3:
      return Image::of(1, 2, 3, {60, 50, 40, 30, 20, 10});
    case 4:
      return Image::of(1, 2, 3, {40, 50, 60, 10, 20, 30});
    case 5:
      return Image::of(1, 3, 2, {10, 40, 20, 50, 30, 60});
    case 6:
      return Image::of(1, 3, 2, {40, 10, 50, 20, 60, 30});
    case 7:
      return Image::of(1, 3, 2, {60, 30, 50, 20, 40, 10});
    case 8:
      return Image::of(1, 3, 2, {30, 60, 20, 50, 10, 40});
    default:
      return small_image();
  }
}

void expect_turned(const Bytes& bytes, unsigned orientation) {
  const ReadImage got = read(bytes);
  EXPECT_EQ(got.image, turned(orientation)) << orientation;
  if (orientation < 2 || orientation > 8) {
    EXPECT_THAT(got.notes, IsEmpty());
  } else {
    EXPECT_THAT(got.notes, ElementsAre("turned upright by its orientation tag (" + std::to_string(orientation) + ")"));
  }
}

TEST(Pictures, OrientationOfPngAndTiff) {
  const Bytes png = encoded(".png", small_grey());
  for (unsigned o = 0; o <= 9; ++o) {
    expect_turned(png_with(png, "eXIf", exif(o)), o);
    expect_turned(png_with(png, "eXIf", exif(o, false)), o);
    if (o >= 1 && o <= 8) expect_turned(tiff(1, 2, 3, 8, small_image().pixels, o), o);
  }
  expect_turned(png_with(png, "eXIf", joined({bytes_of(std::string("Exif\0\0", 6)), exif(6)})), 6);
}

TEST(Pictures, OrientationOfWebp) {
  const Bytes webp = encoded(".webp", small_grey(), {cv::IMWRITE_WEBP_QUALITY, 101});
  for (unsigned o = 1; o <= 8; ++o) {
    for (const bool marked : {false, true}) {
      const Bytes data = marked ? joined({bytes_of(std::string("Exif\0\0", 6)), exif(o)}) : exif(o);
      const ReadImage got = read(webp_extended(3, 2, 8, joined({webp_pixels(webp), riff_chunk("EXIF", data)})));
      EXPECT_EQ(got.image, to_rgb(turned(o))) << o;
      EXPECT_EQ(got.notes.size(), o == 1 ? 0U : 1U);
    }
  }
}

TEST(Pictures, OrientationOfJpegIsOpenCvs) {
  cv::Mat mat(24, 40, CV_8UC3);
  cv::randu(mat, 0, 255);
  for (unsigned o = 1; o <= 8; ++o) {
    const Bytes jpeg = jpeg_with_exif(encoded(".jpg", mat), exif(o, o % 2 == 0));
    const cv::Mat expected = cv::imdecode(jpeg, cv::IMREAD_COLOR);
    const Image got = read(jpeg).image;
    ASSERT_EQ(got.height, static_cast<std::size_t>(expected.rows));
    for (std::size_t y = 0; y < got.height; ++y) {
      for (std::size_t x = 0; x < got.width; ++x) {
        const auto& bgr = expected.at<cv::Vec3b>(static_cast<int>(y), static_cast<int>(x));
        for (int c = 0; c < 3; ++c) ASSERT_EQ(got.at(y, x, static_cast<std::size_t>(c)), bgr[2 - c]) << o;
      }
    }
  }
}

TEST(Pictures, EveryPngOfOpenCvsIsOpenCvs) {
  for (const int type : {CV_8UC1, CV_8UC3}) {
    for (const auto& [h, w] : {std::pair{1, 1}, {1, 300}, {300, 1}, {17, 31}}) {
      cv::Mat mat(h, w, type);
      cv::randu(mat, 0, 255);
      const Bytes png = encoded(".png", mat, {cv::IMWRITE_PNG_COMPRESSION, 9});
      const ReadImage got = read(png);
      EXPECT_THAT(got.notes, IsEmpty());
      // Written again, it is the same file: the same filters, the same compression.
      EXPECT_EQ(encode_png(got.image), png);
    }
  }
}

TEST(Pictures, SixteenBitsAreReducedToTheNearestWithANote) {
  cv::Mat mat(1, 4, CV_16UC1);
  mat.at<std::uint16_t>(0, 0) = 0, mat.at<std::uint16_t>(0, 1) = 385, mat.at<std::uint16_t>(0, 2) = 386;
  mat.at<std::uint16_t>(0, 3) = 65535;
  const Image expected = Image::of(1, 1, 4, {0, 1, 2, 255});  // 385 / 257 = 1.498, 386 / 257 = 1.502
  const Notes note = {"its 16 bits a sample are reduced to 8"};
  for (const char* ending : {".png", ".tiff", ".pgm"}) {
    const ReadImage got = read(encoded(ending, mat));
    EXPECT_EQ(got.image, expected) << ending;
    EXPECT_EQ(got.notes, note) << ending;
  }
  mat.at<std::uint16_t>(0, 3) = 4095;
  EXPECT_THAT(read(encoded(".png", mat)).notes, ElementsAre(HasSubstr("the largest is only 4095 of 65535")));
  const ReadImage colour = read(encoded(".png", cv::Mat(2, 2, CV_16UC3, cv::Scalar(257 * 3, 257 * 2, 257 * 250))));
  EXPECT_EQ(colour.image.pixels, (Bytes{250, 2, 3, 250, 2, 3, 250, 2, 3, 250, 2, 3}));
  EXPECT_EQ(colour.notes, note);
}

TEST(Pictures, TransparencyIsLaidOnWhiteWithANote) {
  cv::Mat mat(1, 2, CV_8UC4, cv::Scalar(0, 100, 200, 255));
  const Notes full = {"its opacity, which is full everywhere, is left out"};
  const Notes laid = {"its transparency is laid on white"};
  EXPECT_EQ(read(encoded(".png", mat)).image.pixels, (Bytes{200, 100, 0, 200, 100, 0}));
  EXPECT_EQ(read(encoded(".png", mat)).notes, full);
  mat.at<cv::Vec4b>(0, 1)[3] = 51;  // a fifth
  for (const Bytes& bytes : {encoded(".png", mat), encoded(".webp", mat, {cv::IMWRITE_WEBP_QUALITY, 101})}) {
    const ReadImage got = read(bytes);
    EXPECT_EQ(got.image.pixels, (Bytes{200, 100, 0, 244, 224, 204}));
    EXPECT_EQ(got.notes, laid);
  }
  // Grey with opacity stays grey; so does a grey PNG with one transparent value.
  const Bytes grey = encoded(".png", small_grey());
  const ReadImage keyed = read(png_with(grey, "tRNS", {0, 20}));
  EXPECT_EQ(keyed.image, Image::of(1, 2, 3, {10, 255, 30, 40, 50, 60}));
  EXPECT_EQ(keyed.notes, laid);
}

TEST(Pictures, PalettesAndProfilesAreNoted) {
  // One row of indices 0, 1, 1 with a palette of two colours.
  Bytes row = {0, 0, 1, 1}, packed(64);
  uLongf length = packed.size();
  ASSERT_EQ(compress(packed.data(), &length, row.data(), row.size()), Z_OK);
  packed.resize(length);
  const Bytes png = joined({{0x89, 'P', 'N', 'G', 13, 10, 26, 10},
                            png_chunk("IHDR", joined({big(3, 4), big(1, 4), {8, 3, 0, 0, 0}})),
                            png_chunk("PLTE", {9, 8, 7, 6, 5, 4}),
                            png_chunk("IDAT", packed),
                            png_chunk("IEND", {})});
  EXPECT_EQ(read(png).image.pixels, (Bytes{9, 8, 7, 6, 5, 4, 6, 5, 4}));
  EXPECT_THAT(read(png).notes, ElementsAre("its palette is expanded to RGB"));

  const Bytes jpeg = encoded(".jpg", small_grey());
  const auto profile = [&](const std::string& name) {
    return inserted(jpeg, 2, jpeg_segment(0xE2, bytes_of(std::string("ICC_PROFILE\0\1\1", 14) + name)));
  };
  EXPECT_THAT(read(profile("Display P3")).notes, ElementsAre("its colour profile is not sRGB, and is ignored"));
  EXPECT_THAT(read(profile("sRGB IEC61966-2.1")).notes, IsEmpty());
}

TEST(Pictures, AnimationsAndPagesGiveTheirFirst) {
  const Bytes png = encoded(".png", small_grey());
  const ReadImage animated = read(png_with(png, "acTL", joined({big(5, 4), big(0, 4)})));
  EXPECT_EQ(animated.image, small_image());
  EXPECT_THAT(animated.notes, ElementsAre("animated: the first of its 5 frames is taken"));

  // The first frame covers the right half of the picture; the rest is clear.
  const Bytes frame = encoded(".webp", cv::Mat(4, 4, CV_8UC3, cv::Scalar(30, 20, 10)), {cv::IMWRITE_WEBP_QUALITY, 101});
  const Bytes chunks =
      joined({riff_chunk("ANIM", Bytes(6, 0)), webp_frame(4, 0, 4, 4, frame), webp_frame(0, 0, 4, 4, frame)});
  const ReadImage webp = read(webp_extended(8, 4, 2, chunks));
  EXPECT_EQ(webp.image.at(0, 3, 0), 255);
  EXPECT_EQ(webp.image.at(3, 4, 0), 10);
  EXPECT_EQ(webp.image.at(3, 7, 2), 30);
  EXPECT_THAT(webp.notes,
              ElementsAre("animated: the first of its 2 frames is taken", "its transparency is laid on white"));

  const ReadImage pages = read(tiff(1, 2, 3, 8, small_image().pixels, 1, 3));
  EXPECT_EQ(pages.image, small_image());
  EXPECT_THAT(pages.notes, ElementsAre("the first of its 3 pages is taken"));
}

TEST(Pictures, Gif) {
  Bytes indices(300 * 7);
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<std::uint8_t>(i * 7);
  const ReadImage plain = read(gif(7, 300, {{0, 0, 300, 7, indices}}));
  ASSERT_EQ(plain.image.channels, 3U);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    ASSERT_EQ(plain.image.pixels[3 * i], indices[i]);
    ASSERT_EQ(plain.image.pixels[3 * i + 1], 255 - indices[i]);
    ASSERT_EQ(plain.image.pixels[3 * i + 2], indices[i] / 2);
  }
  EXPECT_THAT(plain.notes, ElementsAre("its palette is expanded to RGB"));
  // Interlaced: rows 0, 4, 2, 6, 1, 3, 5 as the file has them.
  const ReadImage woven = read(gif(7, 1, {{0, 0, 1, 7, {0, 4, 2, 6, 1, 3, 5}, -1, true}}));
  for (std::size_t y = 0; y < 7; ++y) EXPECT_EQ(woven.image.at(y, 0, 0), y);
  // A first frame of one pixel in a picture of two by two, another frame, and a clear index.
  const ReadImage moved = read(gif(2, 2, {{1, 1, 1, 1, {40}}, {0, 0, 2, 2, {1, 2, 3, 4}}}));
  EXPECT_EQ(moved.image.pixels, (Bytes{255, 255, 255, 255, 255, 255, 255, 255, 255, 40, 215, 20}));
  EXPECT_THAT(moved.notes, ElementsAre("its palette is expanded to RGB", "animated: the first of its 2 frames is taken",
                                       "its transparency is laid on white"));
  const ReadImage clear = read(gif(1, 2, {{0, 0, 2, 1, {9, 8}, 8}}));
  EXPECT_EQ(clear.image.pixels, (Bytes{9, 246, 4, 255, 255, 255}));
}

TEST(Pictures, EveryPnm) {
  const auto pixels = [](const std::string& text) { return read(bytes_of(text)).image.pixels; };
  EXPECT_EQ(pixels("P1\n# a comment\n3 2\n0 1 0\n111\n"), (Bytes{255, 0, 255, 0, 0, 0}));
  EXPECT_EQ(pixels("P2 3 1 255\n0 7 255\n"), (Bytes{0, 7, 255}));
  EXPECT_EQ(pixels("P3 1 2 255 1 2 3 4 5 6\n"), (Bytes{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(pixels(std::string("P4 9 2\n\x80\x80\x00\x7F", 11)),
            (Bytes{0, 255, 255, 255, 255, 255, 255, 255, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255}));
  EXPECT_EQ(pixels("P5 2 1 255\nAB"), (Bytes{65, 66}));
  EXPECT_EQ(pixels("P6 1 1 255\nABC"), (Bytes{65, 66, 67}));
  const ReadImage few = read(bytes_of("P2 4 1 15\n0 1 8 15\n"));
  EXPECT_EQ(few.image.pixels, (Bytes{0, 17, 136, 255}));
  EXPECT_THAT(few.notes, ElementsAre("its values up to 15 are spread to 255"));
  const ReadImage deep = read(bytes_of("P3 1 1 65535 65535 386 385\n"));
  EXPECT_EQ(deep.image.pixels, (Bytes{255, 2, 1}));
  EXPECT_THAT(read(bytes_of("P5 1 1 255\nAP5 1 1 255\nB")).notes, ElementsAre(HasSubstr("are left out")));
  EXPECT_THAT(read(bytes_of("P2 2 1 255\n1 20")).notes, ElementsAre(HasSubstr("may be cut")));
  EXPECT_THAT(refusal(bytes_of("P2 2 1 9\n1 10\n")), HasSubstr("a sample is 10, over the largest value 9"));
  EXPECT_THAT(refusal(bytes_of("P2 2 1 9\n1 2 3\n")), HasSubstr("more samples"));
  EXPECT_THAT(refusal(bytes_of("P1 2 1\n1 2\n")), HasSubstr("neither 0 nor 1"));
}

TEST(Pictures, TiffOfColourAndOpenCvs) {
  EXPECT_EQ(read(tiff(3, 1, 2, 8, {1, 2, 3, 4, 5, 6})).image.pixels, (Bytes{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(read(tiff(1, 1, 2, 8, {0, 200}, 1, 1, 0)).image.pixels, (Bytes{255, 55}));  // white is zero
  EXPECT_EQ(read(tiff(1, 1, 2, 16, {0, 0, 0xFF, 0xFF}, 1, 1, 0)).image.pixels, (Bytes{255, 0}));
  const ReadImage inks = read(tiff(4, 1, 1, 8, {0, 255, 0, 0}));
  EXPECT_EQ(inks.image.pixels, (Bytes{255, 0, 255}));
  EXPECT_THAT(inks.notes, ElementsAre(HasSubstr("CMYK")));
  cv::Mat mat(33, 21, CV_8UC3);
  cv::randu(mat, 0, 255);
  const Image png = read(encoded(".png", mat)).image;
  for (const int compression : {1, 5, 8}) {  // none, LZW, deflate
    EXPECT_EQ(read(encoded(".tiff", mat, {cv::IMWRITE_TIFF_COMPRESSION, compression})).image, png) << compression;
  }
}

/// As programs of printers write it: 255 means no ink.
Bytes cmyk_jpeg(const std::vector<std::uint8_t>& inks, bool adobe) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = ::jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  ::jpeg_mem_dest(&info, &memory, &size);
  info.image_width = info.image_height = 8;
  info.input_components = 4;
  info.in_color_space = JCS_CMYK;
  ::jpeg_set_defaults(&info);
  ::jpeg_set_quality(&info, 100, TRUE);
  info.write_Adobe_marker = adobe ? TRUE : FALSE;
  ::jpeg_start_compress(&info, TRUE);
  Bytes row;
  for (int i = 0; i < 8; ++i) row.insert(row.end(), inks.begin(), inks.end());
  for (int y = 0; y < 8; ++y) {
    JSAMPROW at = row.data();
    ::jpeg_write_scanlines(&info, &at, 1);
  }
  ::jpeg_finish_compress(&info);
  Bytes out(memory, memory + size);
  ::jpeg_destroy_compress(&info);
  std::free(memory);
  return out;
}

TEST(Pictures, CmykJpeg) {
  const ReadImage got = read(cmyk_jpeg({255, 0, 128, 255}, true));
  EXPECT_NEAR(got.image.at(3, 3, 0), 255, 2);
  EXPECT_NEAR(got.image.at(3, 3, 1), 0, 2);
  EXPECT_NEAR(got.image.at(3, 3, 2), 128, 2);
  EXPECT_THAT(got.notes, ElementsAre(HasSubstr("CMYK")));
  EXPECT_NEAR(read(cmyk_jpeg({255, 0, 128, 0}, false)).image.at(3, 3, 1), 255, 2);
}

TEST(Pictures, BmpOfEveryDepth) {
  const auto bmp = [](std::size_t depth, std::int32_t height, std::size_t width, std::size_t compression,
                      const Bytes& tables, const Bytes& rows) {
    const std::size_t colours = depth <= 8 ? tables.size() / 4 : 0;
    return joined({bytes_of("BM"), little(0, 8), little(54 + tables.size(), 4), little(40, 4), little(width, 4),
                   little(static_cast<std::uint32_t>(height), 4), little(1, 2), little(depth, 2),
                   little(compression, 4), little(0, 12), little(colours, 4), little(0, 4), tables, rows});
  };
  // Rows go from bottom to top unless the height is negative.
  EXPECT_EQ(read(bmp(24, 2, 1, 0, {}, {3, 2, 1, 0, 6, 5, 4, 0})).image.pixels, (Bytes{4, 5, 6, 1, 2, 3}));
  EXPECT_EQ(read(bmp(24, -2, 1, 0, {}, {3, 2, 1, 0, 6, 5, 4, 0})).image.pixels, (Bytes{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(read(bmp(32, 1, 1, 0, {}, {3, 2, 1, 0})).image.pixels, (Bytes{1, 2, 3}));  // the fourth byte is nothing
  EXPECT_EQ(read(bmp(16, 1, 1, 0, {}, {0x1F, 0x7C, 0, 0})).image.pixels, (Bytes{255, 0, 255}));
  EXPECT_EQ(read(bmp(16, 1, 1, 3, joined({little(0xF800, 4), little(0x7E0, 4), little(0x1F, 4)}), {0xE0, 0x07, 0, 0}))
                .image.pixels,
            (Bytes{0, 255, 0}));
  const Bytes greys = {0, 0, 0, 0, 77, 77, 77, 0}, colours = {3, 2, 1, 0, 6, 5, 4, 0};
  EXPECT_EQ(read(bmp(1, 1, 3, 0, greys, {0x40, 0, 0, 0})).image, Image::of(1, 1, 3, {0, 77, 0}));
  EXPECT_EQ(read(bmp(4, 1, 3, 0, colours, {0x10, 0x10, 0, 0})).image.pixels, (Bytes{4, 5, 6, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(read(bmp(8, 1, 1, 0, colours, {1, 0, 0, 0})).image.pixels, (Bytes{4, 5, 6}));
  EXPECT_THAT(refusal(bmp(8, 1, 1, 0, colours, {2, 0, 0, 0})), HasSubstr("palette lacks"));
  EXPECT_THAT(refusal(bmp(8, 1, 1, 1, colours, {2, 0, 0, 0})), HasSubstr("compressed"));
}

TEST(Pictures, NamesThatLieAndKindsThatAreNotRead) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.png";
  write_file(path, encoded(".jpg", small_grey()));
  EXPECT_THAT(read_with_notes(path).notes, ElementsAre("read as what it is, JPEG, whatever its name ends in"));
  write_file(folder.path() / "b.JPEG", encoded(".jpg", small_grey()));
  EXPECT_THAT(read_with_notes(folder.path() / "b.JPEG").notes, IsEmpty());
  EXPECT_THAT(refusal({}), HasSubstr("empty"));
  EXPECT_THAT(refusal(bytes_of(std::string("\0\0\0\x18", 4) + "ftypheic")), HasSubstr("HEIC"));
  EXPECT_THAT(refusal(bytes_of("%PDF-1.4")), HasSubstr("a PDF document, which cannot be read"));
  EXPECT_THAT(refusal(bytes_of("<svg/>")), HasSubstr("SVG"));
}

TEST(Pictures, SortsOfJpegThatAreNotReadAreNamed) {
  Bytes jpeg = encoded(".jpg", cv::Mat(16, 16, CV_8UC3, cv::Scalar(9, 99, 199)));
  const Bytes mark = {0xFF, 0xC0};
  const auto frame = std::search(jpeg.begin(), jpeg.end(), mark.begin(), mark.end());
  ASSERT_NE(frame, jpeg.end());
  frame[4] = 12;
  EXPECT_THAT(refusal(jpeg), HasSubstr("12 bits a sample"));
  frame[4] = 8;
  frame[1] = 0xC9;
  EXPECT_THAT(refusal(jpeg), HasSubstr("arithmetic-coded"));
  frame[1] = 0xC3;
  EXPECT_THAT(refusal(jpeg), HasSubstr("lossless or hierarchical"));
}

TEST(Pictures, FitKeepsProportionsOrSaysThatItDoesNot) {
  Image wide(1, 40, 80, 50);
  for (std::size_t y = 0; y < 40; ++y) {
    for (std::size_t x = 20; x < 60; ++x) wide.at(y, x) = 200;
  }
  const Conformed squashed = conform(wide, 1, 20, 20);
  EXPECT_TRUE(squashed.squashed);
  EXPECT_THAT(squashed.notes, ElementsAre("resized from 80x40 to 20x20, which changes its proportions"));
  const Conformed cropped = conform(wide, 1, 20, 20, Fit::crop);
  EXPECT_EQ(cropped.image, Image(1, 20, 20, 200));
  EXPECT_FALSE(cropped.squashed);
  EXPECT_THAT(cropped.notes, ElementsAre("cropped from 80x40 to the 40x40 in its middle, resized to 20x20"));
  const Conformed boxed = conform(wide, 1, 20, 20, Fit::letterbox);
  EXPECT_EQ(boxed.image.at(4, 10), 0);
  EXPECT_EQ(boxed.image.at(5, 10), 200);
  EXPECT_EQ(boxed.image.at(14, 1), 50);
  EXPECT_EQ(boxed.image.at(15, 10), 0);
  EXPECT_THAT(boxed.notes, ElementsAre("resized from 80x40 to 20x20 between black bars"));
  for (const Fit fit : {Fit::stretch, Fit::crop, Fit::letterbox}) {
    EXPECT_EQ(parse_fit(to_string(fit)), fit);
    EXPECT_THAT(conform(wide, 1, 10, 20, fit).notes, ElementsAre("resized from 80x40 to 20x10"));
    EXPECT_THAT(conform(Image(1, 667, 1000), 1, 200, 300, fit).notes, ElementsAre("resized from 1000x667 to 300x200"));
    for (const auto& [h, w] : {std::pair<std::size_t, std::size_t>{1, 300}, {300, 1}, {1, 1}, {2, 3}}) {
      const Image made = conform(Image(3, h, w, 9), 1, 28, 28, fit).image;
      EXPECT_EQ(made.height * made.width, 28U * 28U);
    }
  }
  EXPECT_THROW(parse_fit("pad"), UsageError);
}

TEST(Pictures, InvertedAndBorders) {
  EXPECT_EQ(inverted(Image::of(1, 1, 2, {0, 200})), Image::of(1, 1, 2, {255, 55}));
  Image framed(1, 4, 5, 100);
  for (std::size_t y = 1; y < 3; ++y) {
    for (std::size_t x = 1; x < 4; ++x) framed.at(y, x) = 0;
  }
  EXPECT_EQ(border_mean(framed), 100);
  EXPECT_EQ(border_mean(Image::of(1, 3, 1, {0, 30, 60})), 30);
}

}  // namespace
}  // namespace obscura::image
