#include "image/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <type_traits>

#include "base/error.h"
#include "image/random.h"

namespace obscura::image {
namespace {

/// Where an output pixel comes from: source = m * (x, y, 1).
struct InverseMap {
  float xx, xy, x0;
  float yx, yy, y0;
};

/// The inverse of p -> R * H * s * (p - centre) + centre + shift, with R a rotation and H = [1 shear; 0 1].
InverseMap draw_map(const AffineLimits& limits, const BatchShape& shape, SplitMix random) {
  const auto within = [&](double limit) { return random.between(-limit, limit); };
  const double angle = within(limits.rotation_degrees) * std::numbers::pi / 180;
  const double dx = within(limits.shift_pixels + limits.shift_share * static_cast<double>(shape.width));
  const double dy = within(limits.shift_pixels + limits.shift_share * static_cast<double>(shape.height));
  const double scale = 1 + within(limits.scale);
  const double shear = within(limits.shear);
  const double c = std::cos(angle) / scale;
  const double s = std::sin(angle) / scale;
  // (R H s)^-1 = s^-1 * [1 -shear; 0 1] * [c s; -s c]
  const double xx = c + shear * s, xy = s - shear * c;
  const double yx = -s, yy = c;
  const double cx = (static_cast<double>(shape.width) - 1) / 2;
  const double cy = (static_cast<double>(shape.height) - 1) / 2;
  const double x0 = cx - xx * (cx + dx) - xy * (cy + dy);
  const double y0 = cy - yx * (cx + dx) - yy * (cy + dy);
  return {static_cast<float>(xx), static_cast<float>(xy), static_cast<float>(x0),
          static_cast<float>(yx), static_cast<float>(yy), static_cast<float>(y0)};
}

template <class T>
T rounded(float value) {
  if constexpr (std::is_same_v<T, float>) return value;
  return static_cast<T>(std::clamp(value + 0.5f, 0.0f, 255.0f));
}

/// A coordinate mirrored at the first and the last of `side` places.
float reflected(float at, int side) {
  const auto last = static_cast<float>(side - 1);
  if (last <= 0) return 0;
  at = std::fmod(std::abs(at), 2 * last);
  return at > last ? 2 * last - at : at;
}

template <class T>
class Plane {
 public:
  Plane(const T* pixels, const BatchShape& shape, T fill, bool mirrored)
      : pixels_(pixels),
        height_(static_cast<int>(shape.height)),
        width_(static_cast<int>(shape.width)),
        fill_(fill),
        mirrored_(mirrored) {}

  /// Bilinear; neighbours outside the image are `fill`.
  T sample(float x, float y) const {
    if (mirrored_) x = reflected(x, width_), y = reflected(y, height_);
    if (!(x > -1 && y > -1 && x < static_cast<float>(width_) && y < static_cast<float>(height_))) return fill_;
    const int ix = static_cast<int>(x + 1) - 1;  // floor, as x > -1
    const int iy = static_cast<int>(y + 1) - 1;
    const float fx = x - static_cast<float>(ix);
    const float fy = y - static_cast<float>(iy);
    float a, b, c, d;
    if (ix >= 0 && iy >= 0 && ix + 1 < width_ && iy + 1 < height_) {
      const T* p = pixels_ + iy * width_ + ix;
      a = p[0], b = p[1], c = p[width_], d = p[width_ + 1];
    } else {
      a = get(ix, iy), b = get(ix + 1, iy), c = get(ix, iy + 1), d = get(ix + 1, iy + 1);
    }
    const float top = a + fx * (b - a);
    const float bottom = c + fx * (d - c);
    return rounded<T>(top + fy * (bottom - top));
  }

 private:
  float get(int x, int y) const {
    const bool inside = x >= 0 && y >= 0 && x < width_ && y < height_;
    // On the last row or column itself the neighbour weighs nothing.
    if (mirrored_ && !inside) return pixels_[std::min(y, height_ - 1) * width_ + std::min(x, width_ - 1)];
    return inside ? pixels_[y * width_ + x] : fill_;
  }
  const T* pixels_;
  int height_;
  int width_;
  T fill_;
  bool mirrored_;
};

template <class T>
void warp(const Plane<T>& in, T* out, const BatchShape& shape, const InverseMap& map) {
  for (std::size_t y = 0; y < shape.height; ++y) {
    const float rx = map.xy * static_cast<float>(y) + map.x0;
    const float ry = map.yy * static_cast<float>(y) + map.y0;
    for (std::size_t x = 0; x < shape.width; ++x) {
      *out++ = in.sample(map.xx * static_cast<float>(x) + rx, map.yx * static_cast<float>(x) + ry);
    }
  }
}

void require_size(std::size_t size, const BatchShape& shape) {
  if (size != shape.size()) {
    throw ParameterError("a batch of " + std::to_string(shape.size()) + " values cannot be augmented in a span of " +
                         std::to_string(size));
  }
}

template <class T>
void affine(std::span<const T> in, std::span<T> out, const BatchShape& shape, const AffineLimits& limits,
            std::uint64_t seed, std::uint64_t first, T fill) {
  require_size(in.size(), shape);
  require_size(out.size(), shape);
  const std::size_t plane = shape.height * shape.width;
  for (std::size_t n = 0; n < shape.count; ++n) {
    const InverseMap map = draw_map(limits, shape, SplitMix(seed, first + n));
    for (std::size_t c = 0; c < shape.channels; ++c) {
      const std::size_t at = (n * shape.channels + c) * plane;
      warp(Plane<T>(in.data() + at, shape, fill, limits.mirrored), out.data() + at, shape, map);
    }
  }
}

template <class T>
void flip(std::span<T> batch, const BatchShape& shape, std::uint64_t seed, std::uint64_t first, double probability) {
  require_size(batch.size(), shape);
  // Its own stream, so that an image's flip says nothing of its affine map.
  constexpr std::uint64_t kFlipStream = 0x666C6970;
  const std::size_t rows = shape.channels * shape.height;
  for (std::size_t n = 0; n < shape.count; ++n) {
    if (SplitMix(seed ^ kFlipStream, first + n).unit() >= probability) continue;
    T* row = batch.data() + n * shape.image_size();
    for (std::size_t r = 0; r < rows; ++r, row += shape.width) std::reverse(row, row + shape.width);
  }
}

/// Index within 0 to side - 1 for one that is at most side - 1 outside, mirrored at the first and the last.
std::size_t mirrored(std::ptrdiff_t at, std::size_t side) {
  const auto last = static_cast<std::ptrdiff_t>(side) - 1;
  const auto inside = at < 0 ? -at : at;
  return static_cast<std::size_t>(inside > last ? 2 * last - inside : inside);
}

/// Its own streams, so that one augmentation of an image says nothing of another.
constexpr std::uint64_t kCropStream = 0x63726F70;
constexpr std::uint64_t kCutoutStream = 0x6375746F;

/// Uniform in -limit to +limit.
std::ptrdiff_t draw_shift(SplitMix& random, std::size_t limit) {
  return static_cast<std::ptrdiff_t>(random.below(2 * limit + 1)) - static_cast<std::ptrdiff_t>(limit);
}

}  // namespace

void augment_affine(std::span<const float> in, std::span<float> out, const BatchShape& shape,
                    const AffineLimits& limits, std::uint64_t seed, std::uint64_t first, float fill) {
  affine(in, out, shape, limits, seed, first, fill);
}

void augment_affine(std::span<const std::uint8_t> in, std::span<std::uint8_t> out, const BatchShape& shape,
                    const AffineLimits& limits, std::uint64_t seed, std::uint64_t first, std::uint8_t fill) {
  affine(in, out, shape, limits, seed, first, fill);
}

void augment_flip(std::span<float> batch, const BatchShape& shape, std::uint64_t seed, std::uint64_t first,
                  double probability) {
  flip(batch, shape, seed, first, probability);
}

void augment_flip_rows(std::span<float> batch, const BatchShape& shape, std::uint64_t seed, std::uint64_t first,
                       double probability) {
  require_size(batch.size(), shape);
  constexpr std::uint64_t kRowsStream = 0x726F7773;
  const auto width = static_cast<std::ptrdiff_t>(shape.width);
  for (std::size_t n = 0; n < shape.count; ++n) {
    if (SplitMix(seed ^ kRowsStream, first + n).unit() >= probability) continue;
    for (std::size_t c = 0; c < shape.channels; ++c) {
      const auto top = batch.begin() + static_cast<std::ptrdiff_t>((n * shape.channels + c) * shape.height) * width;
      for (std::size_t y = 0; y < shape.height / 2; ++y) {
        const auto other = top + static_cast<std::ptrdiff_t>(shape.height - 1 - y) * width;
        const auto row = top + static_cast<std::ptrdiff_t>(y) * width;
        std::swap_ranges(row, row + width, other);
      }
    }
  }
}

void augment_flip(std::span<std::uint8_t> batch, const BatchShape& shape, std::uint64_t seed, std::uint64_t first,
                  double probability) {
  flip(batch, shape, seed, first, probability);
}

void augment_crop(std::span<const float> in, std::span<float> out, const BatchShape& shape, std::size_t pad,
                  std::uint64_t seed, std::uint64_t first) {
  require_size(in.size(), shape);
  require_size(out.size(), shape);
  if (pad >= shape.height || pad >= shape.width) throw ParameterError("the shift is larger than the image");
  const std::size_t plane = shape.height * shape.width;
  for (std::size_t n = 0; n < shape.count; ++n) {
    SplitMix random(seed ^ kCropStream, first + n);
    const std::ptrdiff_t dy = draw_shift(random, pad);
    const std::ptrdiff_t dx = draw_shift(random, pad);
    for (std::size_t r = 0; r < shape.channels * shape.height; ++r) {
      const std::size_t y = mirrored(static_cast<std::ptrdiff_t>(r % shape.height) + dy, shape.height);
      const float* from = in.data() + n * shape.image_size() + r / shape.height * plane + y * shape.width;
      float* to = out.data() + n * shape.image_size() + r * shape.width;
      for (std::size_t x = 0; x < shape.width; ++x) {
        to[x] = from[mirrored(static_cast<std::ptrdiff_t>(x) + dx, shape.width)];
      }
    }
  }
}

void augment_cutout(std::span<float> batch, const BatchShape& shape, std::size_t side, std::span<const float> fill,
                    std::uint64_t seed, std::uint64_t first) {
  require_size(batch.size(), shape);
  if (fill.size() != shape.channels) throw ParameterError("cutout needs a colour for every channel");
  for (std::size_t n = 0; n < shape.count; ++n) {
    SplitMix random(seed ^ kCutoutStream, first + n);
    const std::size_t cy = random.below(shape.height);
    const std::size_t cx = random.below(shape.width);
    const std::size_t half = side / 2;
    const std::size_t top = cy - std::min(cy, half), bottom = std::min(cy + side - half, shape.height);
    const std::size_t left = cx - std::min(cx, half), right = std::min(cx + side - half, shape.width);
    for (std::size_t c = 0; c < shape.channels; ++c) {
      float* plane = batch.data() + n * shape.image_size() + c * shape.height * shape.width;
      for (std::size_t y = top; y < bottom; ++y) {
        std::fill(plane + y * shape.width + left, plane + y * shape.width + right, fill[c]);
      }
    }
  }
}

}  // namespace obscura::image
