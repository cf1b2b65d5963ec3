#pragma once

#include <array>
#include <cstddef>

#include "nn/graph.h"
#include "program/affine.h"

namespace obscura::compile {

using program::AffineMap;

/// The map of one linear node (convolution, average pool, batch norm, pad, rearrangement, flatten, dense) for its input
/// shape. Throws UnsupportedError for a node that is not linear.
AffineMap affine_of(const nn::Node& node, const Shape& input);

/// How many rows and columns of the image lie between two of the output's, where the layer leaves all others out or
/// deals them out to channels, as a convolution's stride does; {1, 1} where it moves pixels about.
std::array<std::size_t, 2> grid_stride(const nn::Rearrange& rearrange, const Shape& input);

}  // namespace obscura::compile
