#pragma once

#include <span>
#include <string>

#include "image/image.h"

namespace obscura::audit {

/// One of the sixteen changes of an image that statistics may leave open: the eight positions of a rectangle (turns by
/// a quarter only where it is a square), positive or negative.
struct Symmetry {
  bool transpose = false;    ///< first: rows become columns
  bool upside_down = false;  ///< then: the last row becomes the first
  bool mirror = false;       ///< then: the last column becomes the first
  bool negative = false;     ///< v becomes 255 - v
  friend bool operator==(const Symmetry&, const Symmetry&) = default;
};

/// "none", "mirror", "upside down", "half turn", "transpose", ... with ", negative" where it is.
std::string to_string(const Symmetry& symmetry);

/// The changed image. Throws ParameterError for an empty one.
image::Image apply(const Symmetry& symmetry, const image::Image& image);

/// The one symmetry for all images that brings `recovered` nearest to `originals` in mean squared error: for scoring
/// attacks where the truth is known. Quarter turns are tried where images are squares. Throws MismatchError unless both
/// hold the same number of images, one or more, of pairwise equal shapes.
Symmetry best_symmetry(std::span<const image::Image> recovered, std::span<const image::Image> originals);

}  // namespace obscura::audit
