#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace obscura::image {

/// A packed batch, planar: count x channels x height x width.
struct BatchShape {
  std::size_t count = 0;
  std::size_t channels = 0;
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t image_size() const { return channels * height * width; }
  std::size_t size() const { return count * image_size(); }
};

/// How far a random affine map may go; every value is drawn uniformly from [-limit, +limit]. The defaults suit
/// 28 x 28 digits.
struct AffineLimits {
  double rotation_degrees = 12;
  double shift_pixels = 2;
  double scale = 0.10;     ///< 0.10: from 0.9 to 1.1
  double shear = 0.15;     ///< horizontal shear: x += shear * y
  double shift_share = 0;  ///< further shift, of the side: 0.1 is a tenth of it
  /// What comes from outside is mirrored at the edge, for pictures that fill their frame, in place of a constant.
  bool mirrored = false;
};

/// Moves every image by its own random affine map about its centre, sampled bilinearly; what comes from outside the
/// image is `fill` (the background in the batch's own units: 0 for raw digits).
///
/// Deterministic: image n depends on (seed, first + n) only, so a set may be augmented in pieces (`first` is the
/// index of the batch's first image) or by many threads with the same result.
/// `out` may not overlap `in`. Throws ParameterError if a span is not shape.size() long.
void augment_affine(std::span<const float> in, std::span<float> out, const BatchShape& shape,
                    const AffineLimits& limits, std::uint64_t seed, std::uint64_t first = 0, float fill = 0);

/// As above on bytes; results are rounded to nearest.
void augment_affine(std::span<const std::uint8_t> in, std::span<std::uint8_t> out, const BatchShape& shape,
                    const AffineLimits& limits, std::uint64_t seed, std::uint64_t first = 0, std::uint8_t fill = 0);

/// Mirrors each image left to right, in place, with the given probability; deterministic as augment_affine.
void augment_flip(std::span<float> batch, const BatchShape& shape, std::uint64_t seed, std::uint64_t first = 0,
                  double probability = 0.5);
void augment_flip(std::span<std::uint8_t> batch, const BatchShape& shape, std::uint64_t seed, std::uint64_t first = 0,
                  double probability = 0.5);

/// The same top to bottom, drawn by itself.
void augment_flip_rows(std::span<float> batch, const BatchShape& shape, std::uint64_t seed, std::uint64_t first = 0,
                       double probability = 0.5);

/// Shifts every image by up to `pad` whole pixels each way; what comes from outside is mirrored at the edge (which is
/// not repeated). Deterministic as augment_affine. `out` may not overlap `in`. Throws ParameterError if a span is not
/// shape.size() long or `pad` is not below both sides.
void augment_crop(std::span<const float> in, std::span<float> out, const BatchShape& shape, std::size_t pad,
                  std::uint64_t seed, std::uint64_t first = 0);

/// Paints a square of `side` pixels in every image with `fill`, a value a channel, in place; its centre is anywhere in
/// the image (T. DeVries and G. Taylor, arXiv 1708.04552). Deterministic as augment_affine.
/// Throws ParameterError if the batch or `fill` has another size.
void augment_cutout(std::span<float> batch, const BatchShape& shape, std::size_t side, std::span<const float> fill,
                    std::uint64_t seed, std::uint64_t first = 0);

}  // namespace obscura::image
