#include "study/audit/images_sheet.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "audit/pictures/histogram.h"
#include "audit/pictures/neighbours.h"
#include "image/caption.h"

namespace obscura::study {
namespace {

using image::Image;

constexpr std::size_t kTile = 256, kGap = 8, kCaption = 18;
constexpr std::size_t kColumns = 2 + audit::kNeighbours.size();

/// Channels of a tile that channel c of a picture lights: all of them for grey.
void light(Image& tile, std::size_t y, std::size_t x, const Image& picture, std::size_t c, std::uint8_t value) {
  for (std::size_t k = 0; k < 3; ++k) {
    if (picture.channels == 1 || k == c) tile.at(y, x, k) = value;
  }
}

/// Small pictures get larger pixels, large ones are averaged.
Image picture_tile(const Image& picture) {
  const std::size_t side = std::max(picture.width, picture.height);
  const Image rgb = image::to_rgb(picture);
  Image tile(3, kTile, kTile, 245);
  const std::size_t factor = std::max<std::size_t>(kTile / side, 1);
  const Image fitted = side <= kTile ? rgb
                                     : image::resize(rgb, std::max<std::size_t>(rgb.height * kTile / side, 1),
                                                     std::max<std::size_t>(rgb.width * kTile / side, 1));
  for (std::size_t y = 0; y < std::min(fitted.height * factor, kTile); ++y) {
    for (std::size_t x = 0; x < std::min(fitted.width * factor, kTile); ++x) {
      for (std::size_t c = 0; c < 3; ++c) tile.at(y, x, c) = fitted.at(y / factor, x / factor, c);
    }
  }
  return tile;
}

/// A column a byte, as high as the root of how often it occurs, so that few still show beside many; one scale for all
/// channels.
Image histogram_tile(const Image& picture) {
  Image tile(3, kTile, kTile, 0);
  std::size_t most = 1;
  for (std::size_t c = 0; c < picture.channels; ++c) {
    most = std::max(most, std::ranges::max(audit::count_bytes(picture, c).of));
  }
  for (std::size_t c = 0; c < picture.channels; ++c) {
    const auto counts = audit::count_bytes(picture, c);
    for (std::size_t x = 0; x < kTile; ++x) {
      const double share = static_cast<double>(counts.of[x]) / static_cast<double>(most);
      const auto height = static_cast<std::size_t>(std::ceil(kTile * std::sqrt(share)));
      for (std::size_t y = kTile - std::min(height, kTile); y < kTile; ++y) light(tile, y, x, picture, c, 230);
    }
  }
  return tile;
}

/// One pair shows; the most frequent one is white.
Image neighbours_tile(const Image& picture, audit::Neighbour neighbour) {
  Image tile(3, kTile, kTile, 0);
  for (std::size_t c = 0; c < picture.channels; ++c) {
    const auto counts = audit::neighbour_counts(picture, c, neighbour);
    const double most = std::log1p(std::ranges::max(counts));
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      const double share = std::log1p(counts[i]) / most;
      light(tile, i / kTile, i % kTile, picture, c, static_cast<std::uint8_t>(std::lround(90 + 165 * share)));
    }
  }
  return tile;
}

void paste(Image& sheet, const Image& tile, std::size_t top, std::size_t left) {
  for (std::size_t y = 0; y < tile.height; ++y) {
    const auto row = tile.pixels.begin() + static_cast<std::ptrdiff_t>(y * tile.width * 3);
    std::copy_n(row, tile.width * 3,
                sheet.pixels.begin() + static_cast<std::ptrdiff_t>(((top + y) * sheet.width + left) * 3));
  }
}

void draw_row(Image& sheet, const Image& picture, const std::string& name, std::size_t top) {
  const std::size_t step = kTile + kGap;
  const auto put = [&](const Image& tile, const std::string& title, std::size_t column) {
    paste(sheet, tile, top + kCaption, kGap + column * step);
    image::write_caption(sheet, title, kGap + column * step, top + kCaption - 5);
  };
  put(picture_tile(picture), name, 0);
  put(histogram_tile(picture), "histogram (roots), 0 to 255", 1);
  for (std::size_t k = 0; k < audit::kNeighbours.size(); ++k) {
    put(neighbours_tile(picture, audit::kNeighbours[k]), to_string(audit::kNeighbours[k]) + " neighbours", 2 + k);
  }
}

}  // namespace

Image draw_pair(const Image& plain, const Image& guarded) {
  const std::size_t row = kTile + kCaption + kGap;
  Image sheet(3, 2 * row, kColumns * (kTile + kGap) + kGap, 245);
  draw_row(sheet, plain, "plain", 0);
  draw_row(sheet, guarded, "protected", row);
  return sheet;
}

}  // namespace obscura::study
