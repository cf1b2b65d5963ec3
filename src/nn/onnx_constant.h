#pragma once

// Internal to src/nn.
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

namespace obscura::nn {

using Dims = std::vector<std::int64_t>;

/// "[1, 3, 32, 32]", for people.
std::string dims_text(const Dims& dims);

/// A tensor known when the file is read: float values (of any width in the file) or integers (truth values too).
struct Constant {
  Dims dims;
  std::vector<float> floats;
  std::vector<double> doubles;  ///< beside `floats`, where the file has doubles
  std::vector<std::int64_t> ints;
  bool integral = false;
  std::size_t size() const { return integral ? ints.size() : floats.size(); }
};

/// Number of values of that shape. Throws FormatError naming `what` for a negative or absurd one.
std::size_t count_values(const Dims& dims, const std::string& what);

/// Copies a tensor out of the file after checking that its data is as long as its shape says.
/// Throws FormatError (lying shape, values that are not finite) or UnsupportedError (other types, external data).
Constant read_constant(const onnx::TensorProto& tensor, const std::string& what);

}  // namespace obscura::nn
