#pragma once

#include <cstddef>
#include <cstdint>

#include "base/memory.h"
#include "ring/prime_ring.h"

namespace obscura::ring {

/// A small dense matrix of integers in the order that the product with residues wants: made once, used for every prime
/// and every column of a batch. Weights are kept non-negative by an offset 2^b: r = sum (w + 2^b) x - 2^b sum x.
/// The fastest kernels take one multiply-add a product where bits(q) + b + 1 <= 52 and two otherwise.
/// Immutable; share freely.
class PackedMatrix {
 public:
  static constexpr std::size_t kColumns = 16;  ///< residues of each input that one call works on
  static constexpr std::size_t kRows = 8;      ///< rows that share the loads of an input
  static constexpr std::size_t kMaxInputs = 2048;

  /// weights: outs rows of ins numbers, |w| < 2^31. Throws ParameterError for more than kMaxInputs inputs.
  PackedMatrix(std::size_t outs, std::size_t ins, const std::int32_t* weights);

  std::size_t outs() const { return outs_; }
  std::size_t ins() const { return ins_; }
  /// Bits of the offset.
  int bits() const { return bits_; }
  /// Weight plus offset of (tile of kRows rows, input, row in the tile); rows behind the last are the offset.
  /// 64-byte aligned.
  const std::uint64_t* words() const { return words_.data(); }

  /// r_o[0..16) = sum_k w[o][k] x_k[0..16) mod q, reduced; r_o and x_k 64-byte aligned and apart from each other.
  void multiply(const PrimeRing& ring, std::uint64_t* const* r, const std::uint64_t* const* x) const;

 private:
  std::size_t outs_;
  std::size_t ins_;
  int bits_ = 0;
  AlignedWords words_;
};

}  // namespace obscura::ring
