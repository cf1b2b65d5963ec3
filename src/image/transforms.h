#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "image/augment.h"

namespace obscura::image {

/// What may be done to a training picture: the eight of "Retrieving Encrypted Images Using Convolution Neural Network
/// and Fully Homomorphic Encryption" (Baghdad Sci. J. 20(1), 2023; RCNN_CKKS). docs/augmentations.md shows each.
enum class Transform {
  rotation,              ///< by 15 degrees, one way or the other as drawn, about the centre, sampled bilinearly
  width_shift,           ///< by one pixel to the left
  height_shift,          ///< by one pixel, up or down as drawn
  flip,                  ///< mirrored left to right
  gaussian_blur,         ///< convolved with a Gaussian
  local_binary_pattern,  ///< a channel at a time, the code of each pixel in place of it
  gaussian_noise,        ///< on every value by itself, and then clamped to 0 to 255
  salt_and_pepper        ///< some pixels white or black, in all channels
};

inline constexpr std::array<Transform, 8> kTransforms{
    Transform::rotation,      Transform::width_shift,          Transform::height_shift,   Transform::flip,
    Transform::gaussian_blur, Transform::local_binary_pattern, Transform::gaussian_noise, Transform::salt_and_pepper};

/// "rotation", "width-shift", "height-shift", "flip", "gaussian-blur", "local-binary-pattern", "gaussian-noise",
/// "salt-and-pepper".
std::string to_string(Transform transform);

/// How far each goes. The paper gives the angle and the shift to the left ("right-to-left one byte"). It does not say
/// which way pictures are turned, how far they are shifted up or down, or how strong blur and noise are: those numbers
/// are ours.
struct TransformStrength {
  double rotation_degrees = 15;
  std::size_t shift_pixels = 1;
  double blur_sigma = 0.8;  ///< pixels; the kernel reaches three times as far
  double noise_sigma = 10;  ///< standard deviation, of 255
  double flecked = 0.04;    ///< the chance of a pixel to become white or black, half of the time each
  friend bool operator==(const TransformStrength&, const TransformStrength&) = default;
};

/// One picture, planar, values 0 to 255, in place. What comes from outside is mirrored at the edge, which is not
/// repeated. Deterministic: what is drawn depends on (seed, index) only.
/// Local binary pattern (T. Ojala, M. Pietikainen, D. Harwood 1996): the bits of a pixel's code are its eight
/// neighbours, clockwise from the upper left, which is the highest; a bit is set where the neighbour is at least the
/// pixel.
/// Throws ParameterError if the picture has another size than `shape` says (whose count is 1), has fewer than two rows
/// or columns, or is shifted by its side or more.
void transform_picture(std::span<float> picture, const BatchShape& shape, Transform transform, std::uint64_t seed,
                       std::uint64_t index, const TransformStrength& strength = {});

/// Every picture of a batch as it is or by one of the eight, all nine alike likely: in the mean over many epochs the
/// set that the paper makes of a training set, of its pictures and eight copies, of which an epoch here draws a ninth.
/// Deterministic as augment_affine. Throws ParameterError as above.
void augment_one_of_eight(std::span<float> batch, const BatchShape& shape, std::uint64_t seed, std::uint64_t first = 0,
                          const TransformStrength& strength = {});

}  // namespace obscura::image
