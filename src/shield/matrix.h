#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

/// Square matrices as keys of the Hill cipher. Plain loops in one order: the same bits on every machine.
namespace obscura::shield {

template <typename T>
struct Square {
  std::size_t size = 0;
  std::vector<T> values;  ///< row after row

  Square() = default;
  explicit Square(std::size_t size_) : size(size_), values(size_ * size_) {}
  T& at(std::size_t row, std::size_t column) { return values[row * size + column]; }
  T at(std::size_t row, std::size_t column) const { return values[row * size + column]; }
  friend bool operator==(const Square&, const Square&) = default;
};

using RealMatrix = Square<double>;
using ByteMatrix = Square<std::uint8_t>;

/// By Gauss and Jordan with partial pivoting; nothing for a matrix that is singular to rounding.
std::optional<RealMatrix> invert(const RealMatrix& matrix);
/// Modulo 256, where a matrix has an inverse if and only if its determinant is odd; nothing for any other.
std::optional<ByteMatrix> invert(const ByteMatrix& matrix);

/// The condition number by the Frobenius norm: |K| |K^-1|, between the usual one and `size` times it.
double condition(const RealMatrix& matrix, const RealMatrix& inverse);

}  // namespace obscura::shield
