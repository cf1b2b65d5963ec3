#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tensor/shape.h"

namespace obscura {

/// How pixels become numbers: value = (x - mean[c]) / std[c], where x = range[0] + pixel / 255 (range[1] - range[0]).
/// Travels in the ONNX metadata.
struct Preprocessing {
  std::vector<float> mean;  // a value a channel, in the units of `range`
  std::vector<float> std;
  std::vector<std::string> classes;  // names of the outputs, in order
  std::string colour = "grey";       // "grey", or the order of three channels: "rgb" or "bgr"
  bool stated = false;               // false: nobody said mean, std or range, and these are the defaults
  std::array<float, 2> range = {0.0F, 1.0F};
  bool equalise = false;  // grey pictures: the histogram of the whole picture is equalised first
};

/// The preprocessing of a file that states none: pixels in [0, 1], grey for one channel, rgb for three.
Preprocessing default_preprocessing(const Shape& input);

/// Whoever made it said one thing and another: a std that is not above zero, a colour order for other than three
/// channels, a mean outside the range or a deviation of another range. Throws FormatError that says which and what to
/// do.
void check_preprocessing(const Preprocessing& how, const Shape& input);

/// The same numbers from pixels in 0..1.
Preprocessing in_unit_range(const Preprocessing& how);

/// "0..1", "-1..1", "0..255".
std::string range_text(const Preprocessing& how);

/// For people, on a line: "28x28 grey, pixels as 0..1, mean 0.1307, std 0.3081, 10 classes: 0, 1, ...".
std::string preprocessing_text(const Preprocessing& how, const Shape& input);

/// Planar bytes (C x H x W, rgb order) of an image of shape `input` as the network wants them:
/// (pixel / 255 - mean[c]) / std[c], with pixels equalised first where `how` says so. Throws MismatchError if sizes do
/// not fit.
std::vector<float> preprocess(std::span<const std::uint8_t> planar, const Preprocessing& how);

/// Grey levels spread so that all are about equally frequent: level v becomes 255 (c(v) - c0) / (n - c0), rounded,
/// where c(v) of the n pixels are at most v and c0 are of the darkest level there is. The same bytes as OpenCV's
/// equalizeHist; a picture of a single level stays as it is.
std::vector<std::uint8_t> equalised(std::span<const std::uint8_t> grey);

}  // namespace obscura
