#pragma once

#include <cstddef>
#include <string>

#include "image/image.h"

namespace obscura::image {

/// Writes a line of dark letters about ten pixels high into a picture of three channels, from `left` on and above
/// `baseline`; what does not fit is cut off. Letters beyond ASCII are shown as "?". Throws ParameterError for a grey
/// picture.
void write_caption(Image& picture, const std::string& text, std::size_t left, std::size_t baseline);

}  // namespace obscura::image
