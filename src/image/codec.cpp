// Images from bytes: one decoder a format, then what all of them have in common.
#include <algorithm>

#include "base/file.h"
#include "image/container.h"
#include "image/image.h"
#include "image/raster.h"

namespace obscura::image {
namespace {

Raster decode(const ByteView& file, Container container) {
  switch (container) {
    case Container::png:
      return decode_png(file);
    case Container::jpeg:
      return decode_jpeg(file);
    case Container::bmp:
      return decode_bmp(file);
    case Container::webp:
      return decode_webp(file);
    case Container::tiff:
      return decode_tiff(file);
    case Container::gif:
      return decode_gif(file);
    default:
      return decode_pnm(file);
  }
}

/// Sixteen bits to eight, to the nearest.
void reduce(Raster& raster) {
  if (raster.deep.empty()) return;
  raster.samples.resize(raster.deep.size());
  std::transform(raster.deep.begin(), raster.deep.end(), raster.samples.begin(),
                 [](std::uint16_t v) { return static_cast<std::uint8_t>((v * 255U + 32767U) / 65535U); });
  const unsigned most = *std::max_element(raster.deep.begin(), raster.deep.end());
  std::string said = kReducedToEight;
  // Twelve bits of a camera or a scanner in sixteen: the picture is there, but dark.
  if (most < 8192) said += ", and the largest is only " + std::to_string(most) + " of 65535: the picture is dark";
  raster.notes.push_back(std::move(said));
  raster.deep = {};
}

/// Transparency over white, as viewers show it.
void lay_on_white(Raster& raster) {
  if (!raster.has_opacity()) return;
  const std::size_t channels = raster.channels - 1, pixels = raster.height * raster.width;
  bool clear = false;
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::uint8_t* const from = raster.samples.data() + i * (channels + 1);
    const unsigned opacity = from[channels];
    clear = clear || opacity != 255;
    for (std::size_t c = 0; c < channels; ++c) {
      raster.samples[i * channels + c] =
          static_cast<std::uint8_t>((from[c] * opacity + 255 * (255 - opacity) + 127) / 255);
    }
  }
  raster.samples.resize(channels * pixels);
  raster.channels = channels;
  raster.notes.emplace_back(clear ? kLaidOnWhite : "its opacity, which is full everywhere, is left out");
}

/// Where the pixel (y, x) of the upright picture stands in the one of `height` x `width` that is turned (EXIF 2.32,
/// 4.6.4: which side of the picture the first row and the first column are).
std::pair<std::size_t, std::size_t> turned_from(unsigned orientation, std::size_t y, std::size_t x, std::size_t height,
                                                std::size_t width) {
  switch (orientation) {
    case 2:
      return {y, width - 1 - x};
    case 3:
      return {height - 1 - y, width - 1 - x};
    case 4:
      return {height - 1 - y, x};
    case 5:
      return {x, y};
    case 6:
      return {height - 1 - x, y};
    case 7:
      return {height - 1 - x, width - 1 - y};
    case 8:
      return {x, width - 1 - y};
    default:
      return {y, x};
  }
}

Image upright(const Raster& raster) {
  const bool sideways = raster.orientation >= 5;
  Image out(raster.channels, sideways ? raster.width : raster.height, sideways ? raster.height : raster.width);
  for (std::size_t y = 0; y < out.height; ++y) {
    for (std::size_t x = 0; x < out.width; ++x) {
      const auto [from_y, from_x] = turned_from(raster.orientation, y, x, raster.height, raster.width);
      const std::uint8_t* const from = raster.samples.data() + (from_y * raster.width + from_x) * raster.channels;
      std::copy_n(from, raster.channels, &out.at(y, x));
    }
  }
  return out;
}

ReadImage finish(Raster raster) {
  reduce(raster);
  lay_on_white(raster);
  ReadImage out;
  if (raster.orientation >= 2 && raster.orientation <= 8) {
    out.image = upright(raster);
    raster.notes.push_back("turned upright by its orientation tag (" + std::to_string(raster.orientation) + ")");
  } else {
    out.image = Image::of(raster.channels, raster.height, raster.width, std::move(raster.samples));
  }
  out.notes = std::move(raster.notes);
  return out;
}

}  // namespace

ReadImage decode_with_notes(std::span<const std::uint8_t> bytes, const std::string& what) {
  const Container container = container_of(bytes, what);
  return finish(decode(ByteView(bytes, what, name_of(container)), container));
}

ReadImage read_with_notes(const std::filesystem::path& path) {
  const auto bytes = read_file(path, std::size_t{1} << 30);
  ReadImage out = decode_with_notes(bytes, path.string());
  const Container container = container_of(bytes, path.string());
  if (is_misnamed(path, container)) {
    out.notes.insert(out.notes.begin(),
                     std::string("read as what it is, ") + name_of(container) + ", whatever its name ends in");
  }
  return out;
}

Image decode_image(std::span<const std::uint8_t> bytes, const std::string& what) {
  return decode_with_notes(bytes, what).image;
}

Image read_image(const std::filesystem::path& path) {
  return decode_image(read_file(path, std::size_t{1} << 30), path.string());
}

}  // namespace obscura::image
