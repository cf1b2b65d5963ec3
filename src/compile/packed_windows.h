#pragma once

#include <cstddef>
#include <optional>

#include "compile/names.h"
#include "program/layout.h"

namespace obscura::compile {

/// A picture laid out by the client as the first stage reads it, and what that stage makes of it.
struct WindowLayouts {
  program::Layout input;
  program::Layout output;
};

/// The windows of a first stage side by side (im2col): pixel k of the window of result (y, x) stands at place
/// k block + y width + x, and channel c of the result there at c block + y width + x, so that the stage takes no
/// rotation but by whole blocks. Every pixel is somewhere, whether or not the stage reads it. Nothing where that is no
/// use or does not fit: a stage of one result a channel, of more than one term, windows of more pixels than
/// `most_places` hold, planes of more than a ciphertext.
///
/// The layout is the client's, so it tells him the size, stride and padding of the first windows, and no weight.
std::optional<WindowLayouts> window_layouts(const Stage& stage, std::size_t slots, std::size_t most_places);

}  // namespace obscura::compile
