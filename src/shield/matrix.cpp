#include "shield/matrix.h"

#include <algorithm>
#include <cmath>

namespace obscura::shield {
namespace {

template <typename T>
void swap_rows(Square<T>& m, std::size_t a, std::size_t b) {
  if (a == b) return;
  const auto row = [&](std::size_t r) { return m.values.begin() + static_cast<std::ptrdiff_t>(r * m.size); };
  std::swap_ranges(row(a), row(a + 1), row(b));
}

template <typename T>
void scale_row(Square<T>& m, std::size_t row, T by) {
  for (std::size_t c = 0; c < m.size; ++c) m.at(row, c) = static_cast<T>(m.at(row, c) * by);
}

/// row -= by * other
template <typename T>
void subtract_row(Square<T>& m, std::size_t row, std::size_t other, T by) {
  for (std::size_t c = 0; c < m.size; ++c) m.at(row, c) = static_cast<T>(m.at(row, c) - by * m.at(other, c));
}

/// The same steps turn `left` into the identity and the identity into its inverse. `pivot` finds the row to divide by
/// (size: there is none), `reciprocal` the number to multiply it with.
template <typename T, typename Pivot, typename Reciprocal>
std::optional<Square<T>> gauss_jordan(Square<T> left, Pivot pivot, Reciprocal reciprocal) {
  Square<T> right(left.size);
  for (std::size_t i = 0; i < left.size; ++i) right.at(i, i) = 1;
  for (std::size_t k = 0; k < left.size; ++k) {
    const std::size_t best = pivot(left, k);
    if (best == left.size) return std::nullopt;
    swap_rows(left, k, best);
    swap_rows(right, k, best);
    const T by = reciprocal(left.at(k, k));
    scale_row(left, k, by);
    scale_row(right, k, by);
    for (std::size_t r = 0; r < left.size; ++r) {
      const T factor = left.at(r, k);
      if (r == k || factor == 0) continue;
      subtract_row(left, r, k, factor);
      subtract_row(right, r, k, factor);
    }
  }
  return right;
}

double frobenius(const RealMatrix& m) {
  double sum = 0;
  for (const double v : m.values) sum += v * v;
  return std::sqrt(sum);
}

/// Newton's iteration x <- x (2 - a x) doubles the right low bits; an odd a is its own inverse modulo 8.
std::uint8_t odd_reciprocal(std::uint8_t a) {
  unsigned x = a;
  for (int i = 0; i < 2; ++i) x *= 2 - a * x;
  return static_cast<std::uint8_t>(x);
}

}  // namespace

std::optional<RealMatrix> invert(const RealMatrix& matrix) {
  const double tiny = 1e-12 * frobenius(matrix);
  const auto largest = [tiny](const RealMatrix& m, std::size_t k) {
    std::size_t best = k;
    for (std::size_t r = k + 1; r < m.size; ++r) {
      if (std::abs(m.at(r, k)) > std::abs(m.at(best, k))) best = r;
    }
    return std::abs(m.at(best, k)) > tiny ? best : m.size;
  };
  return gauss_jordan(matrix, largest, [](double v) { return 1 / v; });
}

std::optional<ByteMatrix> invert(const ByteMatrix& matrix) {
  const auto odd = [](const ByteMatrix& m, std::size_t k) {
    std::size_t r = k;
    while (r < m.size && m.at(r, k) % 2 == 0) ++r;
    return r;
  };
  return gauss_jordan(matrix, odd, odd_reciprocal);
}

double condition(const RealMatrix& matrix, const RealMatrix& inverse) {
  return frobenius(matrix) * frobenius(inverse);
}

}  // namespace obscura::shield
