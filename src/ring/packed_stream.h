#pragma once

#include <cstddef>
#include <cstdint>

#include "ring/prime_ring.h"

namespace obscura::ring {

/// Keys and encoded plaintexts are read from memory once a use, and the reading takes longer than the arithmetic. A
/// packed stream stores a residue in as few whole bytes as its prime needs (4, 6, 7 or 8), blocks of 8 residues one
/// behind the other, in the order of PrimeRing::key_product or plaintext_product. It is a matter of the machine it was
/// made on, never sent or stored: where the kernels cannot unpack, words stay words.

/// Bytes of a residue in the streams of this prime.
std::size_t stream_word_bytes(const PrimeRing& ring);

/// Bytes to allocate behind the last block of a stream, which may be read and are not used.
inline constexpr std::size_t kStreamSlack = 64;

/// Writes 8 residues as `bytes` (of stream_word_bytes) bytes each, little-endian.
void write_stream_block(const std::uint64_t* residues, std::size_t bytes, std::uint8_t* out);

/// PrimeRing::key_product from a packed key: block ((i / 8) key_digits + j) 2 + c of 8 residues.
void key_product(const PrimeRing& ring, std::uint64_t* r0, std::uint64_t* r1, const std::uint64_t* const* digits,
                 std::size_t count, const std::uint8_t* key, std::size_t key_digits);

/// PrimeRing::plaintext_product from packed plaintexts: block (i / 8) count + j of 8 residues.
void plaintext_product(const PrimeRing& ring, std::size_t words, std::uint64_t* r0, std::uint64_t* r1,
                       const std::uint64_t* const* a0, const std::uint64_t* const* a1, const std::uint8_t* b,
                       std::size_t count);

}  // namespace obscura::ring
