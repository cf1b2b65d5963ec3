#include "ring/packed_stream.h"

#include <bit>
#include <cstring>

#include "ring/packed_stream_kernels.h"

namespace obscura::ring {
namespace {

static_assert(std::endian::native == std::endian::little, "residues are copied as they stand in memory");

/// Whole words one over the end of the other: each puts right what the one before it wrote too much.
template <std::size_t Bytes>
void write_block(const std::uint64_t* residues, std::uint8_t* out) {
  for (std::size_t i = 0; i < 7; ++i) std::memcpy(out + i * Bytes, residues + i, 8);
  std::memcpy(out + 7 * Bytes, residues + 7, Bytes);
}

template <>
void write_block<4>(const std::uint64_t* residues, std::uint8_t* out) {
  for (std::size_t i = 0; i < 8; ++i) std::memcpy(out + i * 4, residues + i, 4);
}

}  // namespace

std::size_t stream_word_bytes(const PrimeRing& ring) {
  if (ring.isa() != Isa::ifma) return 8;
  const int bits = ring.modulus().bits();
  return bits <= 32 ? 4 : bits <= 48 ? 6 : 7;
}

void write_stream_block(const std::uint64_t* residues, std::size_t bytes, std::uint8_t* out) {
  switch (bytes) {
    case 4:
      return write_block<4>(residues, out);
    case 6:
      return write_block<6>(residues, out);
    case 7:
      return write_block<7>(residues, out);
    default:
      std::memcpy(out, residues, 64);
  }
}

void key_product(const PrimeRing& ring, std::uint64_t* r0, std::uint64_t* r1, const std::uint64_t* const* digits,
                 std::size_t count, const std::uint8_t* key, std::size_t key_digits) {
  const std::size_t bytes = stream_word_bytes(ring);
  if (bytes == 8) {
    ring.key_product(r0, r1, digits, count, reinterpret_cast<const std::uint64_t*>(key), key_digits);
  } else {
    ifma::packed_key_product(ring.modulus(), ring.degree(), r0, r1, digits, count, key, key_digits, bytes);
  }
}

void plaintext_product(const PrimeRing& ring, std::size_t words, std::uint64_t* r0, std::uint64_t* r1,
                       const std::uint64_t* const* a0, const std::uint64_t* const* a1, const std::uint8_t* b,
                       std::size_t count) {
  const std::size_t bytes = stream_word_bytes(ring);
  if (bytes == 8) {
    ring.plaintext_product(words, r0, r1, a0, a1, reinterpret_cast<const std::uint64_t*>(b), count);
  } else {
    ifma::packed_plaintext_product(ring.modulus(), words, r0, r1, a0, a1, b, count, bytes);
  }
}

}  // namespace obscura::ring
