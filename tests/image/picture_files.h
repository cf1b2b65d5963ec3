#pragma once

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "image/image.h"
#include "support.h"

/// Picture files of the sorts that OpenCV does not write, byte by byte from their formats' documents.
namespace obscura::image {

inline Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

inline Bytes joined(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

inline Bytes little(std::uint64_t v, std::size_t n) {
  Bytes out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(static_cast<std::uint8_t>(i < 8 ? v >> (8 * i) : 0));
  return out;
}

inline Bytes big(std::uint64_t v, std::size_t n) {
  Bytes out = little(v, n);
  std::reverse(out.begin(), out.end());
  return out;
}

inline Bytes inserted(const Bytes& bytes, std::size_t at, const Bytes& more) {
  Bytes out = bytes;
  out.insert(out.begin() + static_cast<std::ptrdiff_t>(at), more.begin(), more.end());
  return out;
}

inline Bytes first_bytes(const Bytes& bytes, std::size_t n) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)};
}

inline Bytes encoded(const char* ending, const cv::Mat& mat, const std::vector<int>& parameters = {}) {
  Bytes out;
  if (!cv::imencode(ending, mat, out, parameters)) throw std::runtime_error("OpenCV cannot write it");
  return out;
}

/// What decoding says against it, empty if nothing.
inline std::string refusal(const Bytes& bytes) {
  try {
    decode_image(bytes, "picture");
  } catch (const FormatError& e) {
    return e.what();
  }
  return "";
}

/// TIFF header and a directory with nothing but the orientation.
inline Bytes exif(unsigned orientation, bool little_endian = true) {
  const auto n = [&](std::uint64_t v, std::size_t size) { return little_endian ? little(v, size) : big(v, size); };
  return joined({bytes_of(little_endian ? "II" : "MM"), n(42, 2), n(8, 4), n(1, 2), n(0x112, 2), n(3, 2), n(1, 4),
                 n(orientation, 2), n(0, 2), n(0, 4)});
}

inline Bytes png_chunk(const std::string& kind, const Bytes& data) {
  const Bytes body = joined({bytes_of(kind), data});
  return joined({big(data.size(), 4), body, big(crc32(0, body.data(), static_cast<uInt>(body.size())), 4)});
}

/// Behind the header, which ends at byte 33.
inline Bytes png_with(const Bytes& png, const std::string& kind, const Bytes& data) {
  return inserted(png, 33, png_chunk(kind, data));
}

inline Bytes jpeg_segment(std::uint8_t marker, const Bytes& data) {
  return joined({{0xFF, marker}, big(data.size() + 2, 2), data});
}

inline Bytes jpeg_with_exif(const Bytes& jpeg, const Bytes& data) {
  return inserted(jpeg, 2, jpeg_segment(0xE1, joined({bytes_of(std::string("Exif\0\0", 6)), data})));
}

inline Bytes riff_chunk(const std::string& kind, const Bytes& data) {
  return joined({bytes_of(kind), little(data.size(), 4), data, Bytes(data.size() % 2, 0)});
}

/// The chunk of pixels of a plain WebP file.
inline Bytes webp_pixels(const Bytes& webp) {
  return Bytes(webp.begin() + 12, webp.end());
}

/// A WebP file with an extended header; `flags` as the container's document has them (animation 2, EXIF 8, alpha 16).
inline Bytes webp_extended(std::size_t width, std::size_t height, std::uint8_t flags, const Bytes& chunks) {
  const Bytes header = riff_chunk("VP8X", joined({{flags, 0, 0, 0}, little(width - 1, 3), little(height - 1, 3)}));
  const Bytes body = joined({bytes_of("WEBP"), header, chunks});
  return joined({bytes_of("RIFF"), little(body.size(), 4), body});
}

/// A frame at (left, top), both even.
inline Bytes webp_frame(std::size_t left, std::size_t top, std::size_t width, std::size_t height, const Bytes& webp) {
  return riff_chunk("ANMF", joined({little(left / 2, 3),
                                    little(top / 2, 3),
                                    little(width - 1, 3),
                                    little(height - 1, 3),
                                    little(40, 3),
                                    {0},
                                    webp_pixels(webp)}));
}

/// Uncompressed grey or RGB, 8 or 16 bits, a strip a page; every page the same.
inline Bytes tiff(std::size_t channels, std::size_t height, std::size_t width, std::size_t bits, const Bytes& samples,
                  unsigned orientation = 1, std::size_t pages = 1, unsigned photometric = 99) {
  if (photometric == 99) photometric = channels == 3 ? 2 : channels == 4 ? 5 : 1;
  constexpr std::size_t kEntries = 10, kDirectory = 2 + 12 * kEntries + 4;
  Bytes out = joined({bytes_of("II"), little(42, 2), little(8, 4)});
  for (std::size_t page = 0; page < pages; ++page) {
    const std::size_t bits_at = out.size() + kDirectory, strip_at = bits_at + 8;
    const auto entry = [](std::size_t tag, std::size_t type, std::size_t count, std::size_t value) {
      return joined({little(tag, 2), little(type, 2), little(count, 4), little(value, 4)});
    };
    const std::size_t bits_value = channels == 1 ? bits : bits_at;
    out = joined({out, little(kEntries, 2), entry(256, 4, 1, width), entry(257, 4, 1, height),
                  entry(258, 3, channels, bits_value), entry(259, 3, 1, 1), entry(262, 3, 1, photometric),
                  entry(273, 4, 1, strip_at), entry(274, 3, 1, orientation), entry(277, 3, 1, channels),
                  entry(278, 4, 1, height), entry(279, 4, 1, samples.size()),
                  little(page + 1 < pages ? strip_at + samples.size() : 0, 4), little(bits, 2), little(bits, 2),
                  little(bits, 2), little(bits, 2), samples});
  }
  return out;
}

struct GifFrame {
  std::size_t left = 0, top = 0, width = 0, height = 0;
  Bytes indices;
  int clear_index = -1;
  bool interlaced = false;
};

/// LZW in its simplest form: nine-bit codes of single pixels, with a clear code before the table grows.
inline Bytes gif_data(const Bytes& indices) {
  std::vector<unsigned> codes;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (i % 250 == 0) codes.push_back(256);
    codes.push_back(indices[i]);
  }
  codes.push_back(257);
  Bytes packed((9 * codes.size() + 7) / 8, 0);
  for (std::size_t i = 0; i < 9 * codes.size(); ++i) {
    packed[i / 8] = static_cast<std::uint8_t>(packed[i / 8] | (codes[i / 9] >> (i % 9) & 1) << (i % 8));
  }
  Bytes out = {8};
  for (std::size_t at = 0; at < packed.size(); at += 255) {
    const std::size_t n = std::min<std::size_t>(255, packed.size() - at);
    out.push_back(static_cast<std::uint8_t>(n));
    out.insert(out.end(), packed.begin() + static_cast<std::ptrdiff_t>(at),
               packed.begin() + static_cast<std::ptrdiff_t>(at + n));
  }
  out.push_back(0);
  return out;
}

/// With a palette of 256 colours: index i is (i, 255 - i, i / 2).
inline Bytes gif(std::size_t height, std::size_t width, const std::vector<GifFrame>& frames) {
  Bytes out = joined({bytes_of("GIF89a"), little(width, 2), little(height, 2), {0xF7, 0, 0}});
  for (unsigned i = 0; i < 256; ++i) {
    for (const unsigned v : {i, 255 - i, i / 2}) out.push_back(static_cast<std::uint8_t>(v));
  }
  for (const GifFrame& f : frames) {
    if (f.clear_index >= 0) {
      out = joined({out, {0x21, 0xF9, 4, 1, 0, 0, static_cast<std::uint8_t>(f.clear_index), 0}});
    }
    out = joined({out,
                  {0x2C},
                  little(f.left, 2),
                  little(f.top, 2),
                  little(f.width, 2),
                  little(f.height, 2),
                  {static_cast<std::uint8_t>(f.interlaced ? 0x40 : 0)},
                  gif_data(f.indices)});
  }
  out.push_back(0x3B);
  return out;
}

}  // namespace obscura::image
