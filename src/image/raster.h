#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "image/byte_view.h"

/// For this folder only: one decoder a file format.
namespace obscura::image {

/// A picture as its file has it, before it becomes an Image: rows from top to bottom, samples interleaved, one channel
/// (grey), two (grey and opacity), three (RGB) or four (RGB and opacity, not multiplied in).
struct Raster {
  std::size_t channels = 0;
  std::size_t height = 0;
  std::size_t width = 0;
  std::vector<std::uint8_t> samples;
  std::vector<std::uint16_t> deep;  ///< in place of `samples` where the file has more than 8 bits, spread to 0 to 65535
  unsigned orientation = 1;         ///< as in EXIF, 1 to 8
  std::vector<std::string> notes;   ///< what of the file is not in the samples, for people

  bool has_opacity() const { return channels == 2 || channels == 4; }
};

/// Notes that several formats have.
inline constexpr const char* kLaidOnWhite = "its transparency is laid on white";
inline constexpr const char* kReducedToEight = "its 16 bits a sample are reduced to 8";

/// Each reads a file that nobody has checked and is known by its first bytes. Throws FormatError, naming the file, if
/// anything of the picture is missing or wrong as far as the format can tell; nothing is made up, nothing is printed.
Raster decode_png(const ByteView& file);
Raster decode_jpeg(const ByteView& file);
Raster decode_webp(const ByteView& file);
Raster decode_tiff(const ByteView& file);
Raster decode_gif(const ByteView& file);
Raster decode_bmp(const ByteView& file);
Raster decode_pnm(const ByteView& file);

/// Throws FormatError for an empty picture or one over kMaxSide or kMaxPixels: before anything is made for it.
void require_size(const ByteView& file, std::size_t height, std::size_t width);

/// A raster of 8-bit samples, all 0. Throws as require_size.
Raster make_raster(const ByteView& file, std::size_t channels, std::size_t height, std::size_t width);

/// The orientation that EXIF data state (a TIFF header and its first directory, with or without "Exif" before it): 1 to
/// 8, and 1 where they state none or cannot be read.
unsigned exif_orientation(std::span<const std::uint8_t> exif);

/// Notes that a colour profile is left aside, unless it is sRGB's own.
void note_profile(Raster& raster, std::span<const std::uint8_t> profile);

/// Notes that only the first of several frames or pages was read.
void note_first_frame(Raster& raster, std::size_t frames);

/// Four samples a pixel, cyan to black, become three. `inverted`: 255 means no ink, as Adobe's programs write it.
void cmyk_to_rgb(Raster& raster, bool inverted);

}  // namespace obscura::image
