#pragma once

// Internal to src/nn.
#include <onnx/onnx_pb.h>

#include <cstddef>
#include <filesystem>

namespace obscura::nn {

/// Reads the weights that a model keeps in files beside it into the model. Only those that the output needs; only
/// regular files in `folder` or below it, named by a relative path without "..", links out of it refused; only bytes
/// that the file has, as many as the tensor's shape says. Returns how many bytes were read, at most kMaxOnnxBytes.
/// Throws FormatError or IoError that name the tensor. A model without such tensors is left as it is.
std::size_t load_external_data(onnx::ModelProto& model, const std::filesystem::path& folder);

}  // namespace obscura::nn
