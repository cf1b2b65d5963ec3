#include "ring/packed_matrix.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "ring/packed_matrix_kernels.h"

namespace obscura::ring {

PackedMatrix::PackedMatrix(std::size_t outs, std::size_t ins, const std::int32_t* weights) : outs_(outs), ins_(ins) {
  if (ins > kMaxInputs) {
    throw ParameterError("a matrix of " + std::to_string(ins) + " inputs; at most " + std::to_string(kMaxInputs));
  }
  std::uint64_t largest = 0;
  for (std::size_t i = 0; i < outs * ins; ++i) {
    largest = std::max(largest, static_cast<std::uint64_t>(std::abs(std::int64_t{weights[i]})));
  }
  bits_ = static_cast<int>(std::bit_width(largest));
  const std::size_t tiles = (outs + kRows - 1) / kRows;
  // Never empty: kernels step to a row of their tile before they look whether there are inputs.
  words_ = AlignedWords(std::max(tiles * kRows * ins, kRows));
  std::fill_n(words_.data(), words_.size(), std::uint64_t{1} << bits_);
  for (std::size_t o = 0; o < outs; ++o) {
    for (std::size_t k = 0; k < ins; ++k) {
      words_[(o / kRows * ins + k) * kRows + o % kRows] +=
          static_cast<std::uint64_t>(std::int64_t{weights[o * ins + k]});
    }
  }
}

void PackedMatrix::multiply(const PrimeRing& ring, std::uint64_t* const* r, const std::uint64_t* const* x) const {
  if (ring.isa() == Isa::ifma) {
    ifma::multiply(*this, ring.modulus(), r, x);
  } else if (ring.isa() == Isa::avx2 && bits_ <= avx2::kWeightBits) {
    avx2::multiply(*this, ring.modulus(), r, x);
  } else {
    scalar::multiply(*this, ring.modulus(), r, x);
  }
}

namespace scalar {

/// The specification of the vector kernels.
void multiply(const PackedMatrix& m, const Modulus& q, std::uint64_t* const* r, const std::uint64_t* const* x) {
  constexpr std::size_t rows = PackedMatrix::kRows;
  for (std::size_t c = 0; c < PackedMatrix::kColumns; ++c) {
    u128 total = 0;
    for (std::size_t k = 0; k < m.ins(); ++k) total += x[k][c];
    const std::uint64_t excess = q.reduce(total << m.bits());
    for (std::size_t o = 0; o < m.outs(); ++o) {
      const std::uint64_t* w = m.words() + o / rows * rows * m.ins() + o % rows;
      u128 sum = 0;
      for (std::size_t k = 0; k < m.ins(); ++k) sum += u128{w[k * rows]} * x[k][c];
      r[o][c] = q.sub(q.reduce(sum), excess);
    }
  }
}

}  // namespace scalar
}  // namespace obscura::ring
