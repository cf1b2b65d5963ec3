#include "nn/onnx_constant.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"

namespace obscura::nn {
namespace {

constexpr std::size_t kMaxValues = std::size_t{1} << 28;
constexpr int kMaxRank = 16;

/// The values of one type, from raw bytes or from the typed field, checked against the shape's count.
template <typename Stored, typename Typed>
std::vector<Stored> stored_values(const onnx::TensorProto& tensor, const Typed& typed, std::size_t count,
                                  const std::string& what) {
  std::vector<Stored> values;
  if (tensor.has_raw_data()) {
    const std::string& raw = tensor.raw_data();
    if (raw.size() != count * sizeof(Stored)) throw FormatError(what + " has data that does not fit its shape");
    values.resize(count);
    if (count != 0) std::memcpy(values.data(), raw.data(), raw.size());
    return values;
  }
  if (static_cast<std::size_t>(typed.size()) != count) {
    throw FormatError(what + " has data that does not fit its shape");
  }
  values.assign(typed.begin(), typed.end());
  return values;
}

/// IEEE 754 half precision.
float from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1f;
  const int mantissa = bits & 0x3ff;
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 0x1f) return std::numeric_limits<float>::infinity();  // or not a number: refused alike
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
  return sign * std::ldexp(static_cast<float>(mantissa + 0x400), exponent - 25);
}

/// The first 16 bits of a float.
float from_bfloat(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// Two bytes a value in raw data; in typed data one 32-bit integer a value.
std::vector<float> narrow_floats(const onnx::TensorProto& tensor, std::size_t count, const std::string& what) {
  const bool half = tensor.data_type() == onnx::TensorProto::FLOAT16;
  std::vector<float> values;
  for (const std::uint16_t bits : stored_values<std::uint16_t>(tensor, tensor.int32_data(), count, what)) {
    values.push_back(half ? from_half(bits) : from_bfloat(bits));
  }
  return values;
}

template <typename From>
std::vector<float> to_floats(const std::vector<From>& values, const std::string& what) {
  std::vector<float> floats(values.begin(), values.end());
  if (!std::ranges::all_of(floats, [](float v) { return std::isfinite(v); })) {
    throw FormatError(what + " has a value that is not a finite number");
  }
  return floats;
}

}  // namespace

std::string dims_text(const Dims& dims) {
  return fmt::format("[{}]", fmt::join(dims, ", "));
}

std::size_t count_values(const Dims& dims, const std::string& what) {
  if (dims.size() > kMaxRank) throw FormatError(what + " has more than 16 axes");
  std::size_t count = 1;
  for (const std::int64_t d : dims) {
    if (d < 0 || (d != 0 && count > kMaxValues / static_cast<std::size_t>(d))) {
      throw FormatError(what + " has an impossible shape");
    }
    count *= static_cast<std::size_t>(d);
  }
  return count;
}

Constant read_constant(const onnx::TensorProto& tensor, const std::string& what) {
  if (tensor.external_data_size() != 0 || tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    throw UnsupportedError(
        what + " keeps its data in another file, which only a network that is read from a file can have beside it");
  }
  if (tensor.has_segment()) throw UnsupportedError(what + " is stored in segments");
  Constant constant;
  constant.dims.assign(tensor.dims().begin(), tensor.dims().end());
  const std::size_t count = count_values(constant.dims, what);
  switch (tensor.data_type()) {
    case onnx::TensorProto::FLOAT:
      constant.floats = to_floats(stored_values<float>(tensor, tensor.float_data(), count, what), what);
      break;
    case onnx::TensorProto::DOUBLE:
      constant.doubles = stored_values<double>(tensor, tensor.double_data(), count, what);
      constant.floats = to_floats(constant.doubles, what);
      break;
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
      constant.floats = to_floats(narrow_floats(tensor, count, what), what);
      break;
    case onnx::TensorProto::INT64:
      constant.ints = stored_values<std::int64_t>(tensor, tensor.int64_data(), count, what);
      constant.integral = true;
      break;
    case onnx::TensorProto::INT32: {
      const auto narrow = stored_values<std::int32_t>(tensor, tensor.int32_data(), count, what);
      constant.ints.assign(narrow.begin(), narrow.end());
      constant.integral = true;
      break;
    }
    case onnx::TensorProto::BOOL: {
      const auto truth = stored_values<std::uint8_t>(tensor, tensor.int32_data(), count, what);
      for (const std::uint8_t t : truth) constant.ints.push_back(t != 0 ? 1 : 0);
      constant.integral = true;
      break;
    }
    default:
      throw UnsupportedError(
          what + " is of an unsupported type; supported: float, double, float16, bfloat16, int64, int32, bool");
  }
  return constant;
}

}  // namespace obscura::nn
