#pragma once

// Internal to src/image: what every picture has to be.
#include <cstddef>

#include "image/image.h"

namespace obscura::image {

/// Throws ParameterError unless there are 1 or 3 channels, and both sides are 1 to kMaxSide with at most kMaxPixels.
void require_shape(std::size_t channels, std::size_t height, std::size_t width);

/// The same of a picture, which has to hold as many samples as that, too.
void require_image(const Image& image);

}  // namespace obscura::image
