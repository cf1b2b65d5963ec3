#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace obscura::image {

enum class Container { png, jpeg, bmp, webp, pnm };

/// What an image file says of itself before anything is decoded.
struct ImageHeader {
  Container container;
  std::size_t height;
  std::size_t width;
};

/// Reads the outermost structure of an image file that nobody has checked: kind, size, and that it is whole (PNG: every
/// chunk with its checksum; JPEG: an end mark; WebP and BMP: their lengths). Only what passes reaches a decoder.
/// Throws FormatError, naming the input by `what`, for anything else or for a size over kMaxSide or kMaxPixels.
ImageHeader inspect_image(std::span<const std::uint8_t> bytes, const std::string& what);

}  // namespace obscura::image
