#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "weights/weights.h"

/// For weights_*.cpp: what every kind of file of weights has in common.
namespace obscura::weights {

/// How a file stores a number; little-endian.
enum class Number { f16, bf16, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64, boolean };

std::size_t bytes_of(Number number);

/// Dimensions that a tensor may have; those of networks have five.
inline constexpr std::size_t kMostDimensions = 8;

/// How many values a shape has. Throws FormatError, with `what` in front, for more than kMostDimensions, negative
/// ones, and shapes that no memory could hold (whatever product their zeros make).
std::uint64_t count_of(std::span<const std::int64_t> shape, const std::string& what);

/// What a file may cost in memory: 64 MiB, and 32 bytes for each of its own. Files that claim more (a few deflated
/// bytes of zeros, a view that repeats one value) are refused before the memory is asked for. Not thread-safe.
class Budget {
 public:
  Budget(std::size_t file_bytes, std::string what) : what_(std::move(what)), left_((1ULL << 26) + 32ULL * file_bytes) {}
  /// Throws FormatError if that is more than is left.
  void take(std::uint64_t bytes);

 private:
  std::string what_;
  std::uint64_t left_;
};

/// Values of a storage as a view shows them.
struct View {
  Number number = Number::f32;
  std::uint64_t offset = 0;  ///< of the first value, in values
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  ///< in values, one a dimension
};

std::vector<std::int64_t> row_major(std::span<const std::int64_t> shape);

/// Row-major floats of a view. Throws FormatError, with `what` in front, if it leaves the storage.
WeightTensor gather(std::span<const std::uint8_t> storage, const View& view, Budget& budget, const std::string& what);

}  // namespace obscura::weights
