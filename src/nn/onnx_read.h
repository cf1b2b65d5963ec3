#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "nn/graph.h"

namespace obscura::nn {

/// Reads a network from an ONNX file of any producer; the file is treated as hostile.
///
/// Operators: Conv (two-dimensional; pads or auto_pad, strides, dilations, groups), AveragePool, GlobalAveragePool,
/// MaxPool and GlobalMaxPool (for the clear), ReduceMean, ReduceSum and ReduceMax over height and width, Pad of height
/// and width (constant, reflect, edge; zeros go into the window behind them), BatchNormalization, Gemm (weights
/// transposed or not, alpha, beta), MatMul, Add (bias or residual), Sub, Mul, Div, Neg with a constant a channel or one
/// for all, Mul(x, x) and Pow as Square, any sum of products of one tensor as Polynomial, sums, differences and
/// products of two tensors, also of two shapes that repeat to one, Expand, Concat along the channels, Relu, LeakyRelu,
/// PRelu, Clip, Sigmoid, Tanh, Erf, Elu, Selu, Celu, HardSigmoid, HardSwish, Softplus, Gelu, Mish, and SiLU (of x or b
/// x), GELU (erf or tanh), HardSwish and Mish written out; Flatten and the Reshape, Squeeze and Unsqueeze that amount
/// to it; Slice, Split, Gather, Transpose, Reshape, DepthToSpace, SpaceToDepth, nearest Resize and Upsample and Pad of
/// channels as Rearrange; Identity, Dropout, Constant, a last Softmax, LogSoftmax or Sigmoid (the graph's head, and
/// noted), and the Shape, Gather, Slice, Concat, Cast, Equal, Where, ConstantOfShape that exporters compute shapes
/// with. Weights may be in files beside the network's where it is read from a file. `image`: what an input that is laid
/// out as numbers is an image of; channels 0: as the metadata kInputKey says, else as the file lays it out. Tensors are
/// float (double is rounded, float16 and bfloat16 widened); the batch axis is 1, symbolic or absent; what the output
/// does not need is not looked at. A scale or shift by constants becomes a BatchNorm, or part of the bias before it.
///
/// Preprocessing comes from the metadata (see onnx_write.h); pixels in [0, 1] where it says nothing. `stated` holds
/// entries that are taken in place of the file's ("mean", "std", "range", "colour", "classes", "histogram", "chunks").
/// A network that has no name of its own gets that of its file.
///
/// Chunks: where the metadata say "chunks" ("28x28 of 112x112", width x height), the batch is the chunks of a picture.
/// A ReduceMean over axis 0, or a Reshape of all chunks to one vector, is the Merge; without one the mean of the logits
/// is taken, and noted: a classifier of single chunks is a network of chunks.
///
/// Throws IoError (cannot be read), UnsupportedError (names operator and node, and says what is supported or how to
/// train instead), FormatError (truncated, altered, lying shapes, missing or doubled tensors, cycles, numbers that are
/// not finite, over 1 GiB, preprocessing that contradicts itself), MismatchError (an image that does not fit the
/// input), UsageError for what was stated. Memory stays within a small multiple of the size of the files, plus 300 MB
/// for what moves pixels about. Thread-safe.
Graph read_onnx(const std::filesystem::path& path, const Shape& image = {0, 1, 1},
                const std::map<std::string, std::string>& stated = {});

/// As above from memory; `what` names the input in error messages.
Graph read_onnx(std::span<const std::uint8_t> bytes, const std::string& what, const Shape& image = {0, 1, 1},
                const std::map<std::string, std::string>& stated = {});

/// The metadata entry that says what image an input that is laid out as numbers stands for: CHANNELSxHEIGHTxWIDTH.
inline constexpr const char* kInputKey = "obscura.input";

/// "1x28x28" as a shape. Throws FormatError for anything else.
Shape parse_shape(const std::string& text);

/// Every metadata entry of the file, for example "command". Throws as read_onnx.
std::map<std::string, std::string> read_onnx_metadata(const std::filesystem::path& path);

}  // namespace obscura::nn
