#include "audit/randomness/matrix_rank.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "audit/randomness/special.h"

namespace obscura::randomness {
namespace {

constexpr std::size_t kSide = 32, kLeastMatrices = 38;
using Rows = std::array<std::uint32_t, kSide>;

/// By elimination, a column at a time.
std::size_t rank_of(Rows rows) {
  std::size_t rank = 0;
  for (std::uint32_t column = 1u << 31; column != 0 && rank < kSide; column >>= 1) {
    std::size_t pivot = rank;
    while (pivot < kSide && (rows[pivot] & column) == 0) ++pivot;
    if (pivot == kSide) continue;
    std::swap(rows[rank], rows[pivot]);
    for (std::size_t r = pivot + 1; r < kSide; ++r) {
      if ((rows[r] & column) != 0) rows[r] ^= rows[rank];
    }
    ++rank;
  }
  return rank;
}

/// The chance that a random square matrix over GF(2) has that rank, 3.5.
double rank_chance(std::size_t rank) {
  const double m = kSide, r = static_cast<double>(rank);
  double chance = std::exp2(r * (2 * m - r) - m * m);
  for (std::size_t i = 0; i < rank; ++i) {
    const double up = 1 - std::exp2(static_cast<double>(i) - m);
    chance *= up * up / (1 - std::exp2(static_cast<double>(i) - r));
  }
  return chance;
}

}  // namespace

Outcome matrix_rank(const BitSequence& bits) {
  const std::size_t matrices = bits.size() / (kSide * kSide);
  if (matrices < kLeastMatrices) return not_applicable("needs 38,912 bits");
  std::array<double, 3> seen{};
  for (std::size_t m = 0; m < matrices; ++m) {
    Rows rows;
    for (std::size_t r = 0; r < kSide; ++r) {
      rows[r] = static_cast<std::uint32_t>(bits.word_at((m * kSide + r) * kSide) >> 32);
    }
    ++seen[std::min<std::size_t>(2, kSide - rank_of(rows))];
  }
  const double full = rank_chance(kSide), less = rank_chance(kSide - 1);
  const std::array<double, 3> chances{full, less, 1 - full - less};
  return with_p(chi2_tail(2, chi2(seen, chances, static_cast<double>(matrices))));
}

}  // namespace obscura::randomness
