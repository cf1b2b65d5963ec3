#pragma once

// Internal to src/nn.
#include <onnx/onnx_pb.h>

#include <vector>

namespace obscura::nn {

/// Throws UnsupportedError for the first of the needed nodes that read_onnx does not understand, in words that a user
/// can act on: a normalisation that a file writes out in parts is called by its name.
void check_operators(const onnx::GraphProto& graph, const std::vector<bool>& needed);

}  // namespace obscura::nn
