#include "study/search/drawn.h"

#include <algorithm>
#include <cmath>

#include "search/records.h"

namespace obscura::study {

image::Image drawn_bytes(std::span<const std::uint8_t> bytes) {
  const std::size_t skip = bytes.size() / 2;
  image::Image picture(3, search::kThumbnailSide, search::kThumbnailSide, 0);
  const std::size_t pixels = search::kThumbnailSide * search::kThumbnailSide;
  for (std::size_t i = 0; i < 3 * pixels && skip + i < bytes.size(); ++i) {
    picture.at(i / 3 / search::kThumbnailSide, i / 3 % search::kThumbnailSide, i % 3) = bytes[skip + i];
  }
  return picture;
}

image::Image drawn_numbers(std::span<const float> numbers) {
  image::Image picture(3, search::kThumbnailSide, search::kThumbnailSide, 0);
  if (numbers.empty()) return picture;
  const auto [least, most] = std::ranges::minmax(numbers);
  const auto across = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(numbers.size()))));
  for (std::size_t y = 0; y < search::kThumbnailSide; ++y) {
    for (std::size_t x = 0; x < search::kThumbnailSide; ++x) {
      const std::size_t n = y * across / search::kThumbnailSide * across + x * across / search::kThumbnailSide;
      if (n >= numbers.size()) continue;
      const float grey = most > least ? 255 * (numbers[n] - least) / (most - least) : 128;
      for (std::size_t c = 0; c < 3; ++c) picture.at(y, x, c) = static_cast<std::uint8_t>(grey);
    }
  }
  return picture;
}

}  // namespace obscura::study
