#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "nn/graph.h"

namespace obscura::nn {

/// The graph as an ONNX model (IR 7, opset 13), batch axis symbolic, deterministic bytes.
///
/// One ONNX node a layer, named as the layer: Conv, AveragePool, BatchNormalization (mean 0, variance 1, epsilon 0, so
/// that scale and shift come back bit for bit), Flatten, Gemm (transB = 1), Mul(x, x) for Square, Add, Concat, Pad, an
/// Activation as PyTorch spells it (SiLU and GELU in parts). A Polynomial is Horner's rule in Mul and Add:
/// (..(c_d x + c_{d-1}) x + ..) x + c_0, constants of shape [1] or [1, C, 1, 1]; the reader recognises any such sum of
/// products. In the Chebyshev basis it is computed by the recurrence of the T_i in double precision, between two Casts,
/// from which the coefficients come back bit for bit. A Rearrange is a Gather of the flat tensor. The head is the last
/// node. Where a layer needs another rank than its input has, a Flatten or Reshape is put between.
///
/// Metadata (text): "mean" and "std" as comma separated numbers, "range" ("0..1"), "image_size" (HEIGHTxWIDTH), unless
/// the preprocessing is not stated; "colour", unless that is not stated and usual; "classes" one a line, or as a JSON
/// array where lines would be read as something else; "calibration"; the origin
/// (onnx_origin.h); then everything in `extra`, for example "command".
/// Throws UnsupportedError if a class name holds a line break or the file would pass 1 GiB.
std::vector<std::uint8_t> to_onnx(const Graph& graph, const std::map<std::string, std::string>& extra = {});

/// The same function in the spelling that OpenCV 4.6 runs right for every batch: it broadcasts a constant a channel
/// wrongly when the batch is not 1, and never counts padding in an average.
std::vector<std::uint8_t> to_onnx_for_opencv(const Graph& graph);

/// to_onnx into a file, whole or not at all. Throws IoError.
void write_onnx(const Graph& graph, const std::filesystem::path& path,
                const std::map<std::string, std::string>& extra = {});

}  // namespace obscura::nn
