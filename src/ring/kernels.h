#pragma once

#include <cstddef>
#include <cstdint>

#include "base/memory.h"
#include "ring/modulus.h"

namespace obscura::ring {

/// Powers of psi for one prime and degree. Words 0..N-1 of a table belong to a stage with m blocks as entries
/// m .. 2m-1: entry m + i is psi^bitrev(i, log2 m) of the merged negacyclic transform (Longa, Naehrig
/// 2016/504).
struct NttTables {
  std::size_t degree;
  Modulus q;
  std::uint64_t root;
  std::uint64_t degree_inverse;  // N^-1 mod q
  AlignedWords forward;          // in the layout of the kernel that prepared them
  AlignedWords inverse;
};

/// One instruction set's loops; PrimeRing's methods document each. `n` is a multiple of 8, arrays are 64-byte
/// aligned.
struct Kernels {
  /// Fills the tables' forward and inverse words for this kernel's transforms.
  void (*prepare)(NttTables& t);
  void (*forward)(const NttTables& t, std::uint64_t* x);
  /// r may be x.
  void (*inverse)(const NttTables& t, std::uint64_t* r, const std::uint64_t* x);

  void (*add)(const Modulus& q, std::size_t n, std::uint64_t* r, const std::uint64_t* a, const std::uint64_t* b);
  void (*sub)(const Modulus& q, std::size_t n, std::uint64_t* r, const std::uint64_t* a, const std::uint64_t* b);
  void (*negate)(const Modulus& q, std::size_t n, std::uint64_t* r, const std::uint64_t* a);
  void (*mul)(const Modulus& q, std::size_t n, std::uint64_t* r, const std::uint64_t* a, const std::uint64_t* b);
  void (*mul_add)(const Modulus& q, std::size_t n, std::uint64_t* r, const std::uint64_t* a, const std::uint64_t* b);
  void (*mul_scalar)(const Modulus& q, std::size_t n, std::uint64_t* r, const std::uint64_t* a, std::uint64_t w);
  void (*sub_mul_scalar)(const Modulus& q, std::size_t n, std::uint64_t* r, const std::uint64_t* a,
                         const std::uint64_t* b, std::uint64_t w);
  void (*add_scalar)(const Modulus& q, std::size_t n, std::uint64_t* r, const std::uint64_t* a, std::uint64_t w);

  void (*plaintext_product)(const Modulus& q, std::size_t n, std::uint64_t* r0, std::uint64_t* r1,
                            const std::uint64_t* const* a0, const std::uint64_t* const* a1, const std::uint64_t* b,
                            std::size_t count);
  void (*key_product)(const Modulus& q, std::size_t n, std::uint64_t* r0, std::uint64_t* r1,
                      const std::uint64_t* const* digits, std::size_t count, const std::uint64_t* key,
                      std::size_t key_digits);

  void (*reduce)(const Modulus& q, std::size_t n, std::uint64_t* r, const std::uint64_t* a);
  void (*reduce_centred)(const Modulus& q, std::size_t n, std::uint64_t* r, const std::uint64_t* a, std::uint64_t from);
  void (*weighted_sum)(const Modulus& q, std::size_t n, std::uint64_t* r, const std::uint64_t* const* a,
                       const std::uint64_t* w, std::size_t count);
  void (*permute)(std::size_t n, std::uint64_t* r, const std::uint64_t* a, const std::uint32_t* index);
};

/// The specification: any prime of Modulus's range below 2^60.
const Kernels& scalar_kernels();

/// AVX2 with doubles: primes from 2^13 to 2^50, degrees from 128.
const Kernels& avx2_kernels();

/// AVX-512 with 52-bit multiply-add: primes from 2^13 to 2^50, degrees from 128.
const Kernels& ifma_kernels();

/// WebAssembly's vectors of two words: primes from 2^13 to 2^50, degrees from 128.
const Kernels& simd128_kernels();

/// psi^bitrev(i) (or psi^-bitrev(i)) for i < N, the order in which every transform walks its twiddle factors.
AlignedWords bit_reversed_powers(const NttTables& t, bool inverse);

}  // namespace obscura::ring
