#include "image/transforms.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/error.h"
#include "image/random.h"

namespace obscura::image {
namespace {

/// A place that may be outside 0 to side - 1, mirrored at the first and the last.
std::size_t mirrored(std::ptrdiff_t at, std::size_t side) {
  const auto period = 2 * (static_cast<std::ptrdiff_t>(side) - 1);
  at = std::abs(at) % period;
  return static_cast<std::size_t>(std::min(at, period - at));
}

/// One channel that is read while another is written.
class Plane {
 public:
  Plane(std::span<const float> values, const BatchShape& shape)
      : values_(values), height_(shape.height), width_(shape.width) {}

  float at(std::ptrdiff_t y, std::ptrdiff_t x) const {
    return values_[mirrored(y, height_) * width_ + mirrored(x, width_)];
  }

  float between(double y, double x) const {
    const auto top = static_cast<std::ptrdiff_t>(std::floor(y)), left = static_cast<std::ptrdiff_t>(std::floor(x));
    const auto down = static_cast<float>(y - std::floor(y)), right = static_cast<float>(x - std::floor(x));
    const float upper = at(top, left) + right * (at(top, left + 1) - at(top, left));
    const float lower = at(top + 1, left) + right * (at(top + 1, left + 1) - at(top + 1, left));
    return upper + down * (lower - upper);
  }

 private:
  std::span<const float> values_;
  std::size_t height_, width_;
};

/// Every value of the picture anew: value(plane, y, x).
template <typename Value>
void replace(std::span<float> picture, const BatchShape& shape, Value value) {
  const std::vector<float> before(picture.begin(), picture.end());
  const std::size_t size = shape.height * shape.width;
  for (std::size_t c = 0; c < shape.channels; ++c) {
    const Plane plane(std::span<const float>(before).subspan(c * size, size), shape);
    for (std::size_t i = 0; i < size; ++i) {
      picture[c * size + i] =
          value(plane, static_cast<std::ptrdiff_t>(i / shape.width), static_cast<std::ptrdiff_t>(i % shape.width));
    }
  }
}

void rotate(std::span<float> picture, const BatchShape& shape, double degrees) {
  const double c = std::cos(degrees * std::numbers::pi / 180), s = std::sin(degrees * std::numbers::pi / 180);
  const double cy = (static_cast<double>(shape.height) - 1) / 2, cx = (static_cast<double>(shape.width) - 1) / 2;
  replace(picture, shape, [&](const Plane& plane, std::ptrdiff_t y, std::ptrdiff_t x) {
    const double dy = static_cast<double>(y) - cy, dx = static_cast<double>(x) - cx;
    return plane.between(cy - s * dx + c * dy, cx + c * dx + s * dy);
  });
}

/// What stood at (y + dy, x + dx) comes to (y, x).
void shift(std::span<float> picture, const BatchShape& shape, std::ptrdiff_t dy, std::ptrdiff_t dx) {
  replace(picture, shape,
          [&](const Plane& plane, std::ptrdiff_t y, std::ptrdiff_t x) { return plane.at(y + dy, x + dx); });
}

void blur(std::span<float> picture, const BatchShape& shape, double sigma) {
  const auto reach = static_cast<std::ptrdiff_t>(std::ceil(3 * sigma));
  std::vector<float> kernel;
  for (std::ptrdiff_t i = -reach; i <= reach; ++i) {
    const double z = static_cast<double>(i) / sigma;
    kernel.push_back(static_cast<float>(std::exp(-z * z / 2)));
  }
  float sum = 0;
  for (const float k : kernel) sum += k;
  const auto along = [&](std::ptrdiff_t down, std::ptrdiff_t right) {
    replace(picture, shape, [&](const Plane& plane, std::ptrdiff_t y, std::ptrdiff_t x) {
      float mean = 0;
      for (std::ptrdiff_t i = -reach; i <= reach; ++i) {
        mean += kernel[static_cast<std::size_t>(i + reach)] * plane.at(y + i * down, x + i * right);
      }
      return mean / sum;
    });
  };
  along(0, 1);
  along(1, 0);
}

void code(std::span<float> picture, const BatchShape& shape) {
  constexpr std::array<std::array<std::ptrdiff_t, 2>, 8> kClockwise{
      {{-1, -1}, {-1, 0}, {-1, 1}, {0, 1}, {1, 1}, {1, 0}, {1, -1}, {0, -1}}};
  replace(picture, shape, [&](const Plane& plane, std::ptrdiff_t y, std::ptrdiff_t x) {
    unsigned bits = 0;
    for (const auto& [dy, dx] : kClockwise) bits = 2 * bits + (plane.at(y + dy, x + dx) >= plane.at(y, x) ? 1 : 0);
    return static_cast<float>(bits);
  });
}

void add_noise(std::span<float> picture, double sigma, SplitMix& random) {
  for (float& value : picture) {
    value = std::clamp(value + static_cast<float>(sigma * random.normal()), 0.0F, 255.0F);
  }
}

void fleck(std::span<float> picture, const BatchShape& shape, double share, SplitMix& random) {
  const std::size_t size = shape.height * shape.width;
  for (std::size_t i = 0; i < size; ++i) {
    const double drawn = random.unit();
    if (drawn >= share) continue;
    for (std::size_t c = 0; c < shape.channels; ++c) picture[c * size + i] = drawn < share / 2 ? 0.0F : 255.0F;
  }
}

void check(std::span<const float> picture, const BatchShape& shape, const TransformStrength& strength) {
  if (picture.size() != shape.size()) {
    throw ParameterError("pictures of " + std::to_string(shape.size()) + " values cannot be transformed in a span of " +
                         std::to_string(picture.size()));
  }
  if (std::min(shape.height, shape.width) < 2) throw ParameterError("a picture of one row or column has no mirror");
  if (strength.shift_pixels >= std::min(shape.height, shape.width)) {
    throw ParameterError("the shift is larger than the picture");
  }
}

/// Its own stream, so that what is chosen says nothing of how it is drawn.
constexpr std::uint64_t kChoiceStream = 0x63686F69;
constexpr std::uint64_t kTransformStream = 0x74726E73;

}  // namespace

std::string to_string(Transform transform) {
  constexpr std::array<const char*, kTransforms.size()> kNames{
      "rotation",      "width-shift",          "height-shift",   "flip",
      "gaussian-blur", "local-binary-pattern", "gaussian-noise", "salt-and-pepper"};
  return kNames.at(static_cast<std::size_t>(transform));
}

void transform_picture(std::span<float> picture, const BatchShape& shape, Transform transform, std::uint64_t seed,
                       std::uint64_t index, const TransformStrength& strength) {
  if (shape.count != 1) throw ParameterError("one picture at a time is transformed");
  check(picture, shape, strength);
  SplitMix random(seed ^ kTransformStream, index);
  const auto way = [&random] { return random.unit() < 0.5 ? -1 : 1; };
  const auto pixels = static_cast<std::ptrdiff_t>(strength.shift_pixels);
  switch (transform) {
    case Transform::rotation:
      return rotate(picture, shape, way() * strength.rotation_degrees);
    case Transform::width_shift:
      return shift(picture, shape, 0, pixels);
    case Transform::height_shift:
      return shift(picture, shape, way() * pixels, 0);
    case Transform::flip:
      return augment_flip(picture, shape, seed, index, 1);
    case Transform::gaussian_blur:
      return blur(picture, shape, strength.blur_sigma);
    case Transform::local_binary_pattern:
      return code(picture, shape);
    case Transform::gaussian_noise:
      return add_noise(picture, strength.noise_sigma, random);
    case Transform::salt_and_pepper:
      return fleck(picture, shape, strength.flecked, random);
  }
}

void augment_one_of_eight(std::span<float> batch, const BatchShape& shape, std::uint64_t seed, std::uint64_t first,
                          const TransformStrength& strength) {
  check(batch, shape, strength);
  const BatchShape one{1, shape.channels, shape.height, shape.width};
  for (std::size_t n = 0; n < shape.count; ++n) {
    const std::size_t drawn = SplitMix(seed ^ kChoiceStream, first + n).below(kTransforms.size() + 1);
    if (drawn == kTransforms.size()) continue;  // as it is
    transform_picture(batch.subspan(n * one.size(), one.size()), one, kTransforms[drawn], seed, first + n, strength);
  }
}

}  // namespace obscura::image
