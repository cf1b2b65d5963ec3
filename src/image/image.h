#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace obscura::image {

/// A picture in memory: 8 bits a sample, one channel (grey) or three (RGB, in that order), rows from top to bottom,
/// samples interleaved: pixels[(y * width + x) * channels + c]. A regular type; distinct images may be used from
/// distinct threads. Networks and data sets use planar order instead: see to_planar and from_planar.
struct Image {
  std::size_t channels = 0;
  std::size_t height = 0;
  std::size_t width = 0;
  std::vector<std::uint8_t> pixels;

  Image() = default;
  /// All samples `fill`. Throws ParameterError unless channels is 1 or 3 and both sides are 1 to kMaxSide.
  Image(std::size_t channels_, std::size_t height_, std::size_t width_, std::uint8_t fill = 0);

  bool empty() const { return pixels.empty(); }
  std::uint8_t& at(std::size_t y, std::size_t x, std::size_t c = 0) { return pixels[(y * width + x) * channels + c]; }
  std::uint8_t at(std::size_t y, std::size_t x, std::size_t c = 0) const {
    return pixels[(y * width + x) * channels + c];
  }
  friend bool operator==(const Image&, const Image&) = default;
};

/// The longest side that is read or made, and the most pixels; a header that claims more is refused unread.
inline constexpr std::size_t kMaxSide = 32768;
inline constexpr std::size_t kMaxPixels = std::size_t{1} << 26;

/// Reads PNG, JPEG, BMP, WebP, PGM or PPM. Sixteen-bit samples are reduced to eight, transparency is laid over white,
/// palettes are expanded, a JPEG is turned upright by its EXIF mark.
/// Throws IoError if the file cannot be read, FormatError (with the path) if it is no such image or is damaged.
Image read_image(const std::filesystem::path& path);

/// As read_image, from memory; `what` names the input in error messages.
Image decode_image(std::span<const std::uint8_t> bytes, const std::string& what);

/// The image as a PNG file in memory. Throws ParameterError for an empty image.
std::vector<std::uint8_t> encode_png(const Image& image);

/// Writes a PNG: the old file or the whole new one is there, never a part. Throws IoError, ParameterError.
void write_png(const std::filesystem::path& path, const Image& image);

/// One channel, by ITU-R BT.601 luma (0.299 R + 0.587 G + 0.114 B); a grey image is returned as it is.
Image to_grey(const Image& image);

/// Three channels; a grey image has its channel three times over.
Image to_rgb(const Image& image);

/// A side that shrinks is averaged over area, a side that grows is interpolated bicubically. The aspect ratio is not
/// kept. Throws ParameterError as the constructor does.
Image resize(const Image& image, std::size_t height, std::size_t width);

/// How an image is made to fit a size of another aspect ratio: squashed, its middle cut out, or the whole of it between
/// black bars.
enum class Fit { stretch, crop, letterbox };

/// "stretch", "crop", "letterbox".
std::string to_string(Fit fit);
/// Throws UsageError for any other word.
Fit parse_fit(const std::string& text);

/// An image made to fit, and what had to be done to it.
struct Conformed {
  Image image;
  std::vector<std::string> notes;
  bool squashed = false;  ///< its proportions changed by more than rounding a side to whole pixels does
};

/// The image with the wanted channels and size; no notes if it had them already.
/// Throws ParameterError for an empty image or impossible wishes.
Conformed conform(const Image& image, std::size_t channels, std::size_t height, std::size_t width,
                  Fit fit = Fit::stretch);

/// Every sample v becomes 255 - v.
Image inverted(Image image);

/// The mean of the outermost pixels, all channels together, 0 to 255. Throws ParameterError for an empty image.
double border_mean(const Image& image);

/// Planar order, channels x height x width, as networks take it.
std::vector<std::uint8_t> to_planar(const Image& image);

/// The inverse of to_planar. Throws ParameterError if `planar` is not channels * height * width bytes.
Image from_planar(std::span<const std::uint8_t> planar, std::size_t channels, std::size_t height, std::size_t width);

}  // namespace obscura::image
