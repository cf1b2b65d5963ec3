#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "nn/graph.h"

namespace obscura::nn {

/// Largest height, width, kernel, stride, dilation or padding that a network may state.
inline constexpr std::size_t kMaxSide = std::size_t{1} << 16;
/// Largest number of values in one tensor of one image (activations and weights alike).
inline constexpr std::size_t kMaxElements = std::size_t{1} << 26;

/// Largest number of values in the image itself.
inline constexpr std::size_t kMaxInput = std::size_t{1} << 24;

/// a * b; throws FormatError naming `node` if the product passes kMaxElements.
std::size_t checked_product(std::size_t a, std::size_t b, const std::string& node);

/// Checks `layer` against the shapes of its inputs and returns the shape of its output.
/// Throws FormatError that names the node: wrong number of inputs, weights that do not fit, a window larger than its
/// input, a tensor larger than kMaxElements. Thread-safe.
Shape infer_shape(const std::string& node, const Layer& layer, const std::vector<Shape>& inputs);

/// Throws FormatError that names the node if a weight of the layer is NaN or infinite.
void check_finite(const std::string& node, const Layer& layer);

}  // namespace obscura::nn
