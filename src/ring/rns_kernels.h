#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ring/isa.h"

namespace obscura::ring {

/// One prime q_i that is converted from: y_i = x_i (Q/q_i)^-1 mod q_i.
struct RnsSource {
  std::uint64_t q;
  std::uint64_t scale;        // (Q/q_i)^-1 mod q_i
  std::uint64_t scale_shoup;  // floor(scale 2^52 / q_i); 0 for large primes
  double inverse;             // 1/q_i
};

/// One prime p that is converted to.
struct RnsTarget {
  std::uint64_t p;
  std::vector<std::uint64_t> weights;  // Q/q_i mod p for every i, then -Q mod p
  std::uint64_t minus_half;            // -(Q-1)/2 mod p
  // For the fused kernels, where 2^50 > p: Montgomery form with R = 2^52.
  std::uint64_t inverse;                              // p^-1 mod R
  std::vector<std::uint64_t> montgomery_weights;      // (Q/q_i) R mod p
  std::array<std::uint64_t, 16> montgomery_overflow;  // -u Q R mod p for u = 0 ... 15
  // The same, for pairs.
  std::uint64_t shift;  // s with Q + p <= 2^(51+s)
  std::uint64_t ratio;  // floor(2^(52+s) / p)
};

/// Two primes with Q = q_0 q_1 < 2^63. A centred x is carried as the word x + (Q-1)/2 in [0, Q), by Garner's formula
/// t_0 + q_0 ((t_1 - t_0) q_0^-1 mod q_1) of its residues t_i = x_i + half_i mod q_i.
struct RnsPair {
  std::uint64_t q0, q1;
  std::uint64_t half0, half1;   // (Q-1)/2 mod q_i
  std::uint64_t lift;           // the multiple of q_1 next above q_0: keeps t_1 + lift - t_0 positive
  std::uint64_t inverse;        // q_0^-1 mod q_1
  std::uint64_t inverse_shoup;  // floor(inverse 2^52 / q_1); 0 for large primes
};

/// out = round(sum_i y_i inverse_i), the multiple of Q by which sum_i y_i Q/q_i exceeds the centred x it stands for;
/// inverse_i = 1/q_i. Doubles, summed in the order of i with no fused operation: the same bits on every set.
void overflow_scalar(const std::uint64_t* const* y, const double* inverse, std::size_t count, std::size_t n,
                     std::uint64_t* out);
void overflow_avx2(const std::uint64_t* const* y, const double* inverse, std::size_t count, std::size_t n,
                   std::uint64_t* out);
void overflow_ifma(const std::uint64_t* const* y, const double* inverse, std::size_t count, std::size_t n,
                   std::uint64_t* out);

using OverflowKernel = decltype(&overflow_scalar);

OverflowKernel overflow_kernel(Isa isa);

/// Garner's words of a pair of residue arrays; out may be x0.
void pair_words(const RnsPair& pair, const std::uint64_t* x0, const std::uint64_t* x1, std::size_t n,
                std::uint64_t* out);

/// Every prime below 2^50, n a multiple of 8. At most this many sources: the overflow then has 16 values, and the sum
/// of products fits 104 bits.
constexpr std::size_t kMaxFusedSources = 14;
/// x = y_i, and its fraction added to the overflow: doubles that the first row begins, whole numbers after the last.
void scale_row_ifma(const RnsSource& source, bool first, bool last, std::uint64_t* x, std::uint64_t* overflow,
                    std::size_t n);
/// From `count` rows of y_i and the overflow behind them.
void sum_rows_ifma(const RnsSource* sources, std::size_t count, const std::uint64_t* const* y, const RnsTarget* targets,
                   std::size_t target_count, std::uint64_t* const* out, std::size_t n);
/// As pair_words; out may be x0.
void pair_words_ifma(const RnsPair& pair, const std::uint64_t* x0, const std::uint64_t* x1, std::size_t n,
                     std::uint64_t* out);
/// Such words modulo the targets, with their offset; p > 2^14.
void reduce_words_ifma(const std::uint64_t* words, const RnsTarget* targets, std::size_t target_count,
                       std::uint64_t* const* out, std::size_t n);

}  // namespace obscura::ring
