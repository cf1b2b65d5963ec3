#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/memory.h"
#include "ring/isa.h"
#include "ring/modulus.h"

namespace obscura::ckks {

/// One complex number; a plain pair, so that files compiled for different instruction sets share no inline code.
struct Root {
  double re;
  double im;
};

/// Where the transforms get their roots of unity from. n = N/2 slots, g = -3: slot i of the even ones is the value at
/// zeta^(g^i), of the odd ones the conjugate of it, because 3^i = g^i or -g^i modulo 2N. Every g^i is 1 modulo 4, so
/// the n values are those of one complex polynomial z_k = c_k + i c_{k+n} at the roots of x^n = i.
struct RootTable {
  explicit RootTable(std::size_t slots);
  /// x^power for x = exp(2 pi i g^index / (4 size)), the index-th point of a transform of `size` points.
  Root at(std::size_t size, std::size_t index, std::size_t power) const;

  std::size_t slots;
  std::vector<double> cosine;        // cos(2 pi k / 4n), 0 <= k <= n
  std::vector<std::uint32_t> power;  // g^i mod 4n
};

struct FftTables {
  std::size_t slots;
  AlignedWords roots;  // doubles, in the layout of the kernel that prepared them
};

/// One instruction set's transforms and the loops over coefficients of encoding. Arrays are 64-byte aligned (the
/// slots of a transform need not be), n counts doubles and is a multiple of 8 unless said otherwise.
struct FftKernels {
  /// Transforms of fewer slots take the scalar kernels.
  std::size_t smallest;
  /// Doubles that a table of roots for so many slots takes; fills it.
  std::size_t (*table_size)(std::size_t slots);
  void (*prepare)(double* table, const RootTable& roots);
  /// As SlotFft's methods of the same names.
  void (*to_coefficients)(const FftTables& t, const double* re, const double* im, double* out, double* scratch);
  void (*to_slots)(const FftTables& t, const double* in, double* out, double* scratch);

  /// x = round(x factor), ties to even, for any n; the largest magnitude, or NaN if any result is NaN.
  double (*round_scaled)(std::size_t n, double* x, double factor);
  /// x = x + e
  void (*add_small)(std::size_t n, double* x, const std::int8_t* e);
  /// r = x mod q for integers |x| < 2^50 q.
  void (*residues)(const ring::Modulus& q, std::size_t n, const double* x, std::uint64_t* r);
  /// The same for 64-bit integers |c| < 2^51.
  void (*residues_of_integers)(const ring::Modulus& q, std::size_t n, const std::int64_t* c, std::uint64_t* r);
  /// The numbers of mixed-radix digits d_0 + q_0 (d_1 + q_1 (d_2 + ...)), 0 <= d_i < q_i, centred modulo the product of
  /// the q and times `factor`. Row i of the digits stands at i n. At most 128 rows; q_i < 2^51 (scalar: < 2^61).
  void (*combine)(std::size_t n, std::size_t rows, const std::uint64_t* digits, const std::uint64_t* q, double factor,
                  double* x);
  /// r = c + bias, words.
  void (*bias)(std::size_t n, const std::int64_t* c, std::uint64_t bias, std::uint64_t* r);
};

/// The specification of the others.
const FftKernels& scalar_fft_kernels();
const FftKernels& avx2_fft_kernels();
const FftKernels& ifma_fft_kernels();

const FftKernels& fft_kernels(ring::Isa isa);

/// x mod q for an integer x of any size.
std::uint64_t residue(const ring::Modulus& q, double x);

}  // namespace obscura::ckks
