// Pictures and data sets.
#include <zlib.h>

#include <fstream>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <utility>

#include "fuzz/readers.h"
#include "fuzz/samples.h"
#include "fuzz/work_folder.h"
#include "image/idx.h"
#include "image/image.h"
#include "image/inflate.h"
#include "image/loaders.h"
#include "image/tar.h"

namespace obscura::fuzz {
namespace {

/// Pictures are bounded by their sides, not by their bytes: a few of them can say a picture of 2^27 pixels. Harnesses
/// hold the codecs to what a picture of that size takes.
constexpr MemoryBound kPicture{1024, std::size_t{2} << 30};

cv::Mat drawn(int type) {
  cv::Mat mat(6, 9, type);
  for (int y = 0; y < mat.rows; ++y) {
    for (std::size_t x = 0; x < mat.cols * mat.elemSize(); ++x)
      mat.ptr(y)[x] = static_cast<std::uint8_t>(17 * x + 40 * y);
  }
  return mat;
}

Bytes encoded(const char* ending, int type, const std::vector<int>& how = {}) {
  Bytes out;
  if (!cv::imencode(ending, drawn(type), out, how)) throw Fault(std::string("no seed for ") + ending);
  return out;
}

Reader picture_reader(std::string name, std::vector<Bytes> seeds, Seal seal = Seal::none) {
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    const auto read = image::decode_with_notes(in, "input");
    const auto again = image::decode_image(image::encode_png(read.image), "input");
    if (!(again == read.image)) throw Fault("picture: another one when written as PNG");
    return nothing();
  };
  return {std::move(name), std::move(seeds), rewrite, kFormat, seal, kPicture, 2048};
}

Bytes gzipped(ByteSpan bytes) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  deflateInit2(&stream, 9, Z_DEFLATED, kGzip, 9, Z_DEFAULT_STRATEGY);
  Bytes out(deflateBound(&stream, bytes.size()) + 32);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Bytes idx(std::initializer_list<std::uint32_t> sides, std::size_t bytes) {
  Bytes out{0, 0, 8, static_cast<std::uint8_t>(sides.size())};
  for (const std::uint32_t side : sides) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(side >> shift));
  }
  for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(i % 10));
  return out;
}

/// A file of POSIX ustar, and the two empty blocks behind it.
Bytes tar_of(std::string_view name, ByteSpan contents) {
  constexpr std::size_t kBlock = 512, kSizeAt = 124, kSumAt = 148, kTypeAt = 156, kMagicAt = 257;
  Bytes header(kBlock, 0);
  const auto put = [&](std::size_t at, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) header[at + i] = static_cast<std::uint8_t>(text[i]);
  };
  put(0, name);
  put(kSizeAt, "00000000012");  // ten, in octal
  put(kTypeAt, "0");
  put(kMagicAt, std::string_view("ustar\00000", 8));
  put(kSumAt, "        ");
  unsigned sum = 0;
  for (const std::uint8_t byte : header) sum += byte;
  for (int i = 5; i >= 0; --i, sum /= 8)
    header[kSumAt + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>('0' + sum % 8);
  header[kSumAt + 6] = 0;
  Bytes out = header;
  out.insert(out.end(), contents.begin(), contents.end());
  out.resize(4 * kBlock);
  return out;
}

/// What a gzipped file may hold: whatever comes out of it, which deflate bounds at about a thousand to one.
constexpr MemoryBound kInflated{2100, std::size_t{4} << 20};

}  // namespace

Reader idx_images_reader() {
  const Bytes plain = idx({3, 4, 5}, 60);
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    const auto images = image::read_idx_images(in, "input");
    const auto first = image::read_idx_images(in, "input", 1);
    if (first.count > images.count) throw Fault("idx: more with a limit");
    return nothing();
  };
  return {"idx_images", {plain, gzipped(plain)}, rewrite, kFormat, Seal::none, kInflated, 512};
}

Reader idx_labels_reader() {
  const Bytes plain = idx({12}, 12);
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    image::read_idx_labels(in, "input");
    return nothing();
  };
  return {"idx_labels", {plain, gzipped(plain)}, rewrite, kFormat, Seal::none, kInflated, 512};
}

Reader cifar_reader() {
  const auto folder = std::make_shared<const WorkFolder>();
  const auto rewrite = [folder](ByteSpan in) -> std::optional<Bytes> {
    // A batch has one size: an input of a record or more is its beginning.
    constexpr std::size_t kRecord = 3073, kBatch = 10000 * kRecord;
    const bool full = in.size() >= kRecord;
    std::ofstream out(folder->path() / "test_batch.bin", std::ios::binary);
    out.write(reinterpret_cast<const char*>(in.data()), static_cast<std::streamsize>(in.size()));
    out.close();
    if (full) std::filesystem::resize_file(folder->path() / "test_batch.bin", kBatch);
    image::load_cifar10(image::Split::test, folder->path(), 2);
    return nothing();
  };
  const Bytes seed(3074, 5);
  return {"cifar", {seed}, rewrite, kFormat | kIo, Seal::none, {64, std::size_t{64} << 20}, 4096, 60};
}

Reader tar_reader() {
  const Bytes plain = tar_of("folder/a.png", idx({}, 6));
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    std::size_t stored = 0;
    image::read_tar(
        in, "input", std::size_t{1} << 16,
        [](const std::string& name) {
          if (name.find('/') != std::string::npos) throw Fault("tar: a name with a folder");
          return !name.empty();
        },
        [&](const std::string&, Bytes bytes) { stored += bytes.size(); });
    return nothing();
  };
  return {"tar", {plain, gzipped(plain)}, rewrite, kFormat, Seal::none, kInflated, 4096};
}

Reader inflate_reader() {
  const Bytes plain = bytes_of("some text that is some text that is text");
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    image::InflateReader reader(in, "input");
    std::size_t total = reader.read(3).size();
    for (std::size_t n = 1; n != 0; total += n) n = reader.read_up_to(1000).size();
    reader.finish();
    return nothing();
  };
  return {"inflate", {plain, gzipped(plain)}, rewrite, kFormat, Seal::none, kInflated, 512};
}

Reader png_reader() {
  return picture_reader("png", {encoded(".png", CV_8UC3), encoded(".png", CV_8UC1), encoded(".png", CV_16UC4)},
                        Seal::png);
}

Reader jpeg_reader() {
  return picture_reader("jpeg", {encoded(".jpg", CV_8UC3), encoded(".jpg", CV_8UC1),
                                 encoded(".jpg", CV_8UC3, {cv::IMWRITE_JPEG_PROGRESSIVE, 1})});
}

Reader webp_reader() {
  constexpr int kLossless = 101;
  return picture_reader("webp", {encoded(".webp", CV_8UC3, {cv::IMWRITE_WEBP_QUALITY, 80}),
                                 encoded(".webp", CV_8UC4, {cv::IMWRITE_WEBP_QUALITY, kLossless})});
}

Reader tiff_reader() {
  return picture_reader("tiff", {encoded(".tiff", CV_8UC3), encoded(".tiff", CV_16UC1),
                                 encoded(".tiff", CV_8UC1, {cv::IMWRITE_TIFF_COMPRESSION, 1})});
}

Reader gif_reader() {
  // Two by one pixels of two colours; LZW codes: clear, 0, 1, end.
  const Bytes seed{'G', 'I',  'F', '8', '9', 'a', 2, 0, 1, 0, 0x80, 0, 0, 255,  0,    0, 0,   0,
                   255, 0x2c, 0,   0,   0,   0,   2, 0, 1, 0, 0,    2, 2, 0x44, 0x0a, 0, 0x3b};
  const Bytes control{'G', 'I', 'F', '8', '9', 'a',  2, 0, 1, 0, 0x80, 0, 0, 255, 0, 0, 0, 0,    255,  0x21, 0xf9, 4,
                      1,   0,   0,   0,   0,   0x2c, 0, 0, 0, 0, 2,    0, 1, 0,   0, 2, 2, 0x44, 0x0a, 0,    0x3b};
  return picture_reader("gif", {seed, control});
}

Reader bmp_reader() {
  return picture_reader("bmp", {encoded(".bmp", CV_8UC3), encoded(".bmp", CV_8UC1)});
}

Reader pnm_reader() {
  return picture_reader(
      "pnm", {encoded(".ppm", CV_8UC3), encoded(".pgm", CV_8UC1), bytes_of("P1\n# a comment\n4 2\n0 1 1 0 1 0 0 1\n"),
              bytes_of("P2 2 2 15 0 3 9 15\n"), encoded(".pgm", CV_16UC1)});
}

}  // namespace obscura::fuzz
