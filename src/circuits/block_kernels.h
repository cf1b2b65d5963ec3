#pragma once

#include <cstddef>
#include <cstdint>

#include "ring/prime_ring.h"

/// The loops of block_transform.cpp over plaintexts of real numbers.
///
/// Real slots make m(zeta) = m(zeta^-1) for every 2N-th root of unity zeta of odd order: m_{N-j} = -m_j, and in NTT
/// form word N-1-j equals word j, for bit-reversed order puts the inverse of a root there. Half of the words tell all
/// ("half stream": N/2 words of ring::stream_word_bytes() bytes each, 8 at a time), and two real plaintexts a and b
/// share one transform as a + X^(N/2) b: X^(N/2) is i = psi^(N/2) at the first N/2 points and -i at their inverses.
namespace obscura::circuits {

/// Bytes of a half stream of this prime; kStreamSlack bytes behind the last one of an array may be read.
std::size_t half_stream_bytes(const ring::PrimeRing& ring);

/// N coefficients as residues modulo q > 2^31.
void residues_of_narrow(const ring::PrimeRing& ring, const std::int32_t* coefficients, std::uint64_t* out);

/// -i / 2 modulo q, the constant of split_pair().
std::uint64_t split_constant(const ring::PrimeRing& ring);

/// Half streams of a and b from the transform of a + X^(N/2) b.
void split_pair(const ring::PrimeRing& ring, const std::uint64_t* both, std::uint64_t constant, std::uint8_t* a,
                std::uint8_t* b);

/// Both parts of ciphertexts times real plaintexts: r0 = sum_t a0[t] b[t], r1 = sum_t a1[t] b[t], count <= 64, at words
/// at ... at + words - 1 (multiples of 8 within the first half) and their mirror images N-1-j. a and r are whole arrays
/// of N words, b half streams. `add`: to what is there.
void palindrome_product(const ring::PrimeRing& ring, std::size_t at, std::size_t words, std::uint64_t* r0,
                        std::uint64_t* r1, const std::uint64_t* const* a0, const std::uint64_t* const* a1,
                        const std::uint8_t* const* b, std::size_t count, bool add);

/// The vector kernels (block_kernels_ifma.cpp) for rings that use them; residues of 4, 6 or 7 bytes.
namespace ifma {
void residues_of_narrow(const ring::Modulus& q, std::size_t n, const std::int32_t* coefficients, std::uint64_t* out);
void split_pair(const ring::Modulus& q, std::size_t n, std::size_t bytes, const std::uint64_t* both,
                std::uint64_t constant, std::uint8_t* a, std::uint8_t* b);
void palindrome_product(const ring::Modulus& q, std::size_t n, std::size_t bytes, std::size_t at, std::size_t words,
                        std::uint64_t* r0, std::uint64_t* r1, const std::uint64_t* const* a0,
                        const std::uint64_t* const* a1, const std::uint8_t* const* b, std::size_t count, bool add);
}  // namespace ifma

/// The same of block_kernels_avx2.cpp; residues of 8 bytes.
namespace avx2 {
void residues_of_narrow(const ring::Modulus& q, std::size_t n, const std::int32_t* coefficients, std::uint64_t* out);
void split_pair(const ring::Modulus& q, std::size_t n, const std::uint64_t* both, std::uint64_t constant,
                std::uint64_t* a, std::uint64_t* b);
void palindrome_product(const ring::Modulus& q, std::size_t n, std::size_t at, std::size_t words, std::uint64_t* r0,
                        std::uint64_t* r1, const std::uint64_t* const* a0, const std::uint64_t* const* a1,
                        const std::uint64_t* const* b, std::size_t count, bool add);
}  // namespace avx2

}  // namespace obscura::circuits
