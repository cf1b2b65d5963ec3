#include "image/container.h"

#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "image/image.h"

namespace obscura::image {
namespace {

using Bytes = std::span<const std::uint8_t>;

/// Reads integers of either byte order at given places; damaged() is the one way out.
class View {
 public:
  View(Bytes bytes, const std::string& what) : bytes_(bytes), what_(what) {}
  std::size_t size() const { return bytes_.size(); }
  bool starts(std::size_t at, std::string_view text) const {
    return at <= size() && size() - at >= text.size() &&
           std::equal(text.begin(), text.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
  }
  std::uint32_t little(std::size_t at, std::size_t n) const {
    need(at, n);
    std::uint32_t v = 0;
    for (std::size_t i = n; i-- > 0;) v = v << 8 | bytes_[at + i];
    return v;
  }
  std::uint32_t big(std::size_t at, std::size_t n) const {
    need(at, n);
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < n; ++i) v = v << 8 | bytes_[at + i];
    return v;
  }
  Bytes part(std::size_t at, std::size_t n) const {
    need(at, n);
    return bytes_.subspan(at, n);
  }
  [[noreturn]] void damaged(const std::string& kind, const std::string& why) const {
    throw FormatError(what_ + " is a damaged " + kind + " image: " + why);
  }

 private:
  void need(std::size_t at, std::size_t n) const {
    if (at > size() || size() - at < n) throw FormatError(what_ + " is a truncated image");
  }
  Bytes bytes_;
  const std::string& what_;
};

/// W3C PNG section 5: signature, then chunks of length, type, data and CRC-32 over type and data.
ImageHeader inspect_png(const View& file) {
  const ImageHeader header{Container::png, file.big(20, 4), file.big(16, 4)};
  if (!file.starts(12, "IHDR")) file.damaged("PNG", "it does not begin with its header");
  for (std::size_t at = 8; at < file.size();) {
    const std::size_t length = file.big(at, 4);
    const Bytes body = file.part(at + 4, length + 4);
    if (crc32(0, body.data(), static_cast<uInt>(body.size())) != file.big(at + 8 + length, 4)) {
      file.damaged("PNG", "a checksum is wrong");
    }
    if (file.starts(at + 4, "IEND")) return header;
    at += length + 12;
  }
  file.damaged("PNG", "it ends early");
}

/// ITU-T T.81 annex B: markers FF xx with lengths, up to the start of frame that holds the size.
ImageHeader inspect_jpeg(const View& file) {
  for (std::size_t at = file.size(); at >= 4; --at) {
    if (file.starts(at - 2, "\xFF\xD9")) break;
    if (at == 4) file.damaged("JPEG", "it ends early");
  }
  for (std::size_t at = 2;;) {
    if (file.big(at, 1) != 0xFF) file.damaged("JPEG", "a marker is missing");
    const std::uint32_t marker = file.big(at + 1, 1);
    if (marker == 0xFF) {
      ++at;
      continue;
    }
    const bool frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) return {Container::jpeg, file.big(at + 5, 2), file.big(at + 7, 2)};
    if (marker == 0xDA || marker == 0xD9) file.damaged("JPEG", "it has no size");
    at += 2 + file.big(at + 2, 2);
  }
}

/// BITMAPFILEHEADER and BITMAPINFOHEADER; uncompressed, so that the length of the pixels follows from the header.
ImageHeader inspect_bmp(const View& file) {
  const std::uint32_t pixels = file.little(10, 4), depth = file.little(28, 2), compression = file.little(30, 4);
  if (file.little(14, 4) < 40) file.damaged("BMP", "its header is of an old kind");
  // A negative height means rows from top to bottom.
  const auto height = static_cast<std::int32_t>(file.little(22, 4));
  const ImageHeader header{Container::bmp, static_cast<std::size_t>(std::abs(std::int64_t{height})),
                           file.little(18, 4)};
  if (compression != 0 && compression != 3) file.damaged("BMP", "only uncompressed ones can be read");
  if (depth != 1 && depth != 4 && depth != 8 && depth != 16 && depth != 24 && depth != 32) {
    file.damaged("BMP", "its depth is odd");
  }
  if (depth <= 8 && file.little(46, 4) > 256) file.damaged("BMP", "its palette is too large");
  if (header.width <= kMaxSide && header.height <= kMaxSide) {
    file.part(pixels, (header.width * depth + 31) / 32 * 4 * header.height);
  }
  return header;
}

/// RIFF container with a VP8, VP8L or VP8X chunk (Google WebP container specification, RFC 6386 9.1).
ImageHeader inspect_webp(const View& file) {
  if (std::uint64_t{file.little(4, 4)} + 8 > file.size()) file.damaged("WebP", "it ends early");
  if (file.starts(12, "VP8L")) {
    const std::uint32_t bits = file.little(21, 4);
    return {Container::webp, ((bits >> 14) & 0x3FFF) + 1, (bits & 0x3FFF) + 1};
  }
  if (file.starts(12, "VP8X")) return {Container::webp, file.little(27, 3) + 1, file.little(24, 3) + 1};
  if (file.starts(12, "VP8 ")) return {Container::webp, file.little(28, 2) & 0x3FFF, file.little(26, 2) & 0x3FFF};
  file.damaged("WebP", "its kind is unknown");
}

/// "P5 width height maximum" with comments from # to the end of the line.
std::size_t pnm_number(const View& file, std::size_t& at) {
  const auto byte = [&] { return static_cast<int>(file.little(at, 1)); };
  while (std::isspace(byte()) != 0 || byte() == '#') {
    if (byte() == '#') {
      while (byte() != '\n') ++at;
    }
    ++at;
  }
  std::size_t value = 0;
  if (std::isdigit(byte()) == 0) file.damaged("PGM or PPM", "its header is not numbers");
  for (; std::isdigit(byte()) != 0 && value <= kMaxPixels; ++at)
    value = value * 10 + static_cast<std::size_t>(byte() - '0');
  return value;
}

ImageHeader inspect_pnm(const View& file) {
  std::size_t at = 2;
  const std::size_t width = pnm_number(file, at);
  const std::size_t height = pnm_number(file, at);
  const std::size_t maximum = pnm_number(file, at);
  if (maximum != 255) file.damaged("PGM or PPM", "only 8-bit samples can be read");
  const std::size_t channels = file.starts(0, "P6") ? 3 : 1;
  if (width <= kMaxSide && height <= kMaxSide) file.part(at + 1, width * height * channels);
  return {Container::pnm, height, width};
}

std::optional<ImageHeader> inspect(const View& file) {
  if (file.starts(0, "\x89PNG\r\n\x1a\n")) return inspect_png(file);
  if (file.starts(0, "\xFF\xD8\xFF")) return inspect_jpeg(file);
  if (file.starts(0, "BM")) return inspect_bmp(file);
  if (file.starts(0, "RIFF") && file.starts(8, "WEBP")) return inspect_webp(file);
  if (file.starts(0, "P5") || file.starts(0, "P6")) return inspect_pnm(file);
  return std::nullopt;
}

}  // namespace

ImageHeader inspect_image(Bytes bytes, const std::string& what) {
  const auto header = inspect(View(bytes, what));
  if (!header) throw FormatError(what + " is not an image (PNG, JPEG, BMP, WebP, PGM and PPM can be read)");
  if (header->width == 0 || header->height == 0 || header->width > kMaxSide || header->height > kMaxSide ||
      header->width * header->height > kMaxPixels) {
    throw FormatError(what + " claims a size of " + std::to_string(header->width) + "x" +
                      std::to_string(header->height) + " pixels, which is empty or too large");
  }
  return *header;
}

}  // namespace obscura::image
