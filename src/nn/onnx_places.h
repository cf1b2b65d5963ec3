#pragma once

// Internal to src/nn.
#include <cstdint>
#include <vector>

#include "nn/onnx_constant.h"

namespace obscura::nn {

/// Which values of a node's output the entries of a tensor are, in row-major order: what slices, shuffles and padding
/// make of it. -1: none of them.
struct Places {
  Dims dims;
  std::vector<std::int32_t> source;
};

/// Every value at its own place.
Places places_of(const Dims& dims);

/// Along one axis the entries of these numbers, in this order; -1 makes entries that are none of the values.
Places take(const Places& from, std::size_t axis, const Dims& index);

/// ONNX Transpose: axis i of the result is axis order[i] of `from`.
Places transpose(const Places& from, const std::vector<std::size_t>& order);

/// The same entries with other axes, of the same count.
Places reshape(Places from, Dims dims);

}  // namespace obscura::nn
