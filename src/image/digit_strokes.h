#pragma once

#include <vector>

namespace obscura::image {

/// A point in a digit's own box: x to the right, y downwards, both about 0 to 1.
struct Point {
  double x;
  double y;
};

/// The pen's way from setting down to lifting: a smooth curve through the points. Two strokes that share an end point
/// make a corner.
using Stroke = std::vector<Point>;
using Strokes = std::vector<Stroke>;

/// The ways in which a digit is commonly written: at least two for each of 0 to 9.
const std::vector<Strokes>& digit_strokes(int digit);

}  // namespace obscura::image
