#include "audit/pairs/pixel_guess.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

#include "base/error.h"
#include "shield/blocks.h"

namespace obscura::audit {
namespace {

using Pixel = std::array<int, 3>;

Pixel pixel(const image::Image& image, std::size_t y, std::size_t x) {
  return {image.at(y, x, 0), image.at(y, x, 1), image.at(y, x, 2)};
}

int distance(const Pixel& a, const Pixel& b) {
  return std::abs(a[0] - b[0]) + std::abs(a[1] - b[1]) + std::abs(a[2] - b[2]);
}

/// Of the 48 forms of a pixel the one nearest to `wanted`.
Pixel nearest_form(const Pixel& seen, const Pixel& wanted) {
  Pixel best = seen;
  int least = std::numeric_limits<int>::max();
  for (const auto& order : shield::kColourOrders) {
    Pixel form{};
    for (std::size_t c = 0; c < 3; ++c) {
      const int v = seen[order[c]];
      form[c] = std::abs(v - wanted[c]) <= std::abs(255 - v - wanted[c]) ? v : 255 - v;
    }
    const int d = distance(form, wanted);
    if (d < least) {
      least = d;
      best = form;
    }
  }
  return best;
}

void require_colour(const image::Image& image) {
  if (image.channels != 3) throw UnsupportedError("colours are shuffled in images of three channels only");
}

}  // namespace

image::Image invariant_features(const image::Image& cipher) {
  require_colour(cipher);
  image::Image out = cipher;
  for (std::size_t i = 0; i + 2 < out.pixels.size(); i += 3) {
    std::array<std::uint8_t, 3> v{};
    for (std::size_t c = 0; c < 3; ++c) v[c] = std::min<std::uint8_t>(cipher.pixels[i + c], 255 - cipher.pixels[i + c]);
    std::sort(v.begin(), v.end());
    // Grey and spread over the whole range: which colour is which is not known.
    const int sum = v[0] + v[1] + v[2];
    for (std::size_t c = 0; c < 3; ++c) out.pixels[i + c] = static_cast<std::uint8_t>(std::min(255, sum * 255 / 381));
  }
  return out;
}

image::Image follow_neighbours(const image::Image& cipher) {
  require_colour(cipher);
  image::Image out = cipher;
  for (std::size_t y = 0; y < out.height; ++y) {
    for (std::size_t x = 0; x < out.width; ++x) {
      if (y == 0 && x == 0) continue;
      Pixel wanted = pixel(out, x > 0 ? y : y - 1, x > 0 ? x - 1 : x);
      if (x > 0 && y > 0) {
        const Pixel above = pixel(out, y - 1, x);
        for (std::size_t c = 0; c < 3; ++c) wanted[c] = (wanted[c] + above[c] + 1) / 2;
      }
      const Pixel form = nearest_form(pixel(cipher, y, x), wanted);
      for (std::size_t c = 0; c < 3; ++c) out.at(y, x, c) = static_cast<std::uint8_t>(form[c]);
    }
  }
  return out;
}

}  // namespace obscura::audit
