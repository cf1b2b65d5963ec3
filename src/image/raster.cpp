#include "image/raster.h"

#include "image/image.h"

namespace obscura::image {

void require_size(const ByteView& file, std::size_t height, std::size_t width) {
  if (width != 0 && height != 0 && width <= kMaxSide && height <= kMaxSide && width * height <= kMaxPixels) return;
  file.unsupported("it claims a size of " + std::to_string(width) + "x" + std::to_string(height) +
                   " pixels, which is empty or too large (at most " + std::to_string(kMaxSide) + " a side and " +
                   std::to_string(kMaxPixels / 1000000) + " million in all)");
}

Raster make_raster(const ByteView& file, std::size_t channels, std::size_t height, std::size_t width) {
  require_size(file, height, width);
  Raster out;
  out.channels = channels;
  out.height = height;
  out.width = width;
  out.samples.resize(channels * height * width);
  return out;
}

// TIFF 6.0 section 2 and Exif 2.32 section 4.6.2: byte order, 42, the place of the first directory; that is a count and
// entries of tag, type, count and value of 12 bytes in all.
unsigned exif_orientation(std::span<const std::uint8_t> exif) {
  constexpr std::uint32_t kOrientation = 0x0112, kShort = 3;
  const std::string what = "EXIF data";
  try {
    const std::string_view before("Exif\0\0", 6);
    const bool marked = ByteView(exif, what, "EXIF").starts(0, before);
    const ByteView view(marked ? exif.subspan(before.size()) : exif, what, "EXIF");
    const bool little = view.starts(0, "II");
    if (!little && !view.starts(0, "MM")) return 1;
    const auto number = [&](std::size_t at, std::size_t n) { return little ? view.little(at, n) : view.big(at, n); };
    if (number(2, 2) != 42) return 1;
    const std::size_t directory = number(4, 4);
    for (std::size_t i = 0, entries = number(directory, 2); i < entries; ++i) {
      const std::size_t at = directory + 2 + 12 * i;
      if (number(at, 2) != kOrientation || number(at + 2, 2) != kShort || number(at + 4, 4) != 1) continue;
      const std::uint32_t value = number(at + 8, 2);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch (const FormatError&) {
    // EXIF data that end early state nothing: the picture itself may well be whole.
  }
  return 1;
}

void note_profile(Raster& raster, std::span<const std::uint8_t> profile) {
  if (profile.empty()) return;
  // The profile's description, as bytes or as 16-bit characters.
  const auto holds = [&](std::string_view text) {
    return std::search(profile.begin(), profile.end(), text.begin(), text.end(),
                       [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }) != profile.end();
  };
  if (holds("sRGB") || holds(std::string_view("s\0R\0G\0B", 7))) return;
  raster.notes.emplace_back("its colour profile is not sRGB, and is ignored");
}

void note_first_frame(Raster& raster, std::size_t frames) {
  if (frames > 1) {
    raster.notes.push_back("animated: the first of its " + std::to_string(frames) + " frames is taken");
  }
}

void cmyk_to_rgb(Raster& raster, bool inverted) {
  const std::size_t pixels = raster.height * raster.width;
  for (std::size_t i = 0; i < pixels; ++i) {
    const auto paper = [&](std::size_t c) {
      const unsigned v = raster.samples[4 * i + c];
      return inverted ? v : 255 - v;
    };
    const unsigned black = paper(3);
    for (std::size_t c = 0; c < 3; ++c) {
      raster.samples[3 * i + c] = static_cast<std::uint8_t>((paper(c) * black + 127) / 255);
    }
  }
  raster.samples.resize(3 * pixels);
  raster.channels = 3;
  raster.notes.emplace_back("its colours are CMYK, made RGB without a colour profile");
}

}  // namespace obscura::image
