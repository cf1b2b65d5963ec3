// BMP: BITMAPFILEHEADER, one of the BITMAP...HEADERs, a palette or masks, then rows from bottom to top padded to four
// bytes. Uncompressed, so that the length of the pixels follows from the header.
#include <array>
#include <bit>
#include <cstdlib>

#include "image/raster.h"

namespace obscura::image {
namespace {

/// BITMAPINFOHEADER's `biCompression`.
enum Compression : std::uint32_t { kPlain = 0, kBitFields = 3, kAlphaBitFields = 6 };

struct Header {
  std::size_t pixels = 0;  ///< where they begin
  std::size_t length = 0;  ///< of the second header
  std::size_t width = 0;
  std::size_t height = 0;
  bool from_top = false;
  std::uint32_t depth = 0;
  std::uint32_t compression = kPlain;
  std::size_t colours = 0;
  std::size_t row = 0;  ///< bytes
};

Header read_header(const ByteView& file) {
  Header h;
  h.pixels = file.little(10, 4);
  h.length = file.little(14, 4);
  const bool core = h.length == 12;  // BITMAPCOREHEADER: 16-bit sides, no compression
  if (!core && (h.length < 40 || h.length > 1024)) file.unsupported("its header is of an unknown kind");
  // A negative height means rows from top to bottom.
  const auto height = core ? std::int32_t(file.little(20, 2)) : static_cast<std::int32_t>(file.little(22, 4));
  h.height = static_cast<std::size_t>(std::abs(std::int64_t{height}));
  h.from_top = height < 0;
  h.width = core ? file.little(18, 2) : file.little(18, 4);
  h.depth = core ? file.little(24, 2) : file.little(28, 2);
  h.compression = core ? kPlain : file.little(30, 4);
  require_size(file, h.height, h.width);
  if (h.compression != kPlain && h.compression != kBitFields && h.compression != kAlphaBitFields) {
    file.unsupported("it is compressed; save it uncompressed, or as PNG");
  }
  if (h.depth != 1 && h.depth != 4 && h.depth != 8 && h.depth != 16 && h.depth != 24 && h.depth != 32) {
    file.damaged("its depth is odd");
  }
  if (h.compression != kPlain && h.depth != 16 && h.depth != 32) file.damaged("its depth has no masks");
  if (h.depth <= 8) {
    h.colours = core ? 0 : file.little(46, 4);
    if (h.colours == 0) h.colours = std::size_t{1} << h.depth;
    if (h.colours > (std::size_t{1} << h.depth)) file.damaged("its palette is too large");
  }
  h.row = (h.width * h.depth + 31) / 32 * 4;
  file.part(h.pixels, h.row * h.height);
  return h;
}

/// The bits of one colour in a pixel of 16 or 32.
struct Mask {
  std::uint32_t bits = 0;
  std::uint8_t of(std::uint32_t pixel) const {
    if (bits == 0) return 255;
    const int shift = std::countr_zero(bits);
    const std::uint64_t most = bits >> shift, value = (pixel & bits) >> shift;
    return static_cast<std::uint8_t>((value * 255 + most / 2) / most);
  }
};

/// Red, green, blue and, where the header gives a mask for it, opacity.
std::array<Mask, 4> masks_of(const ByteView& file, const Header& h) {
  std::array<Mask, 4> out;
  if (h.compression == kPlain) {
    if (h.depth == 16) return {Mask{0x7C00}, Mask{0x03E0}, Mask{0x001F}, Mask{}};
    return {Mask{0xFF0000}, Mask{0x00FF00}, Mask{0x0000FF}, Mask{}};
  }
  for (std::size_t i = 0; i < 3; ++i) out[i].bits = file.little(54 + 4 * i, 4);
  if (h.length >= 56 || h.compression == kAlphaBitFields) out[3].bits = file.little(66, 4);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::uint32_t m = out[i].bits;
    if (m == 0 || (h.depth == 16 && m > 0xFFFF)) file.damaged("its colour masks are wrong");
  }
  return out;
}

Raster read_indexed(const ByteView& file, const Header& h) {
  const std::size_t entry = h.length == 12 ? 3 : 4, place = 14 + h.length;
  bool grey = true;
  for (std::size_t i = 0; i < h.colours; ++i) {
    const auto colour = file.part(place + entry * i, entry);
    grey = grey && colour[0] == colour[1] && colour[1] == colour[2];
  }
  Raster out = make_raster(file, grey ? 1 : 3, h.height, h.width);
  std::uint8_t* to = out.samples.data();
  for (std::size_t y = 0; y < h.height; ++y) {
    const auto row = file.part(h.pixels + h.row * (h.from_top ? y : h.height - 1 - y), h.row);
    for (std::size_t x = 0; x < h.width; ++x) {
      const std::size_t bit = x * h.depth;
      const std::size_t index = row[bit / 8] >> (8 - h.depth - bit % 8) & ((1U << h.depth) - 1);
      if (index >= h.colours) file.damaged("a pixel has a colour that the palette lacks");
      for (std::size_t c = out.channels; c-- > 0;) *to++ = file.byte(place + entry * index + c);
    }
  }
  if (!grey) out.notes.emplace_back("its palette is expanded to RGB");
  return out;
}

Raster read_direct(const ByteView& file, const Header& h) {
  const auto masks = masks_of(file, h);
  Raster out = make_raster(file, masks[3].bits != 0 ? 4 : 3, h.height, h.width);
  std::uint8_t* to = out.samples.data();
  const std::size_t bytes = h.depth / 8;
  for (std::size_t y = 0; y < h.height; ++y) {
    const std::uint8_t* from = file.part(h.pixels + h.row * (h.from_top ? y : h.height - 1 - y), h.row).data();
    for (std::size_t x = 0; x < h.width; ++x, from += bytes) {
      std::uint32_t pixel = 0;
      for (std::size_t i = bytes; i-- > 0;) pixel = pixel << 8 | from[i];
      for (std::size_t c = 0; c < out.channels; ++c) *to++ = masks[c].of(pixel);
    }
  }
  return out;
}

}  // namespace

Raster decode_bmp(const ByteView& file) {
  const Header h = read_header(file);
  return h.depth <= 8 ? read_indexed(file, h) : read_direct(file, h);
}

}  // namespace obscura::image
