#pragma once

// Internal to src/nn.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace obscura::nn {

/// Largest ONNX file that is read.
inline constexpr std::size_t kMaxOnnxBytes = std::size_t{1} << 30;

/// Walks the protobuf fields of an ONNX model without allocating, before protobuf parses it: protobuf may need a
/// hundred times the bytes of a message that consists of many empty ones. Checks lengths, nesting and counts.
/// Throws FormatError for bytes that are no such message or hold more fields than any network needs, UnsupportedError
/// for parts that Obscura does not read (functions, training information, sparse tensors, sequence types).
void check_onnx_wire(std::span<const std::uint8_t> bytes, const std::string& what);

}  // namespace obscura::nn
