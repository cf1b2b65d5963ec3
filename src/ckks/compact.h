#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ckks/ciphertext.h"

namespace obscura::ckks {

/// A reply cut down to what the owner reads. Slots that repeat with period n need only every `gap`-th coefficient,
/// gap = N / (2 n): those of c_0 are sent, and all of c_1, both switched from q[0] to the modulus 2^bits. Reading only
/// those coefficients averages the slots over the period, noise included, and needs no further key.
struct CompactCiphertext {
  Digest context{};
  std::size_t degree = 0;
  std::size_t gap = 1;
  int bits = 0;                   ///< the modulus is 2^bits, bits <= 60
  double scale = 1;               ///< of the switched ciphertext
  std::vector<std::uint64_t> c0;  ///< degree / gap words < 2^bits
  std::vector<std::uint64_t> c1;  ///< degree words < 2^bits
};

/// Throws MismatchError unless the ciphertext has two parts and one limb, ParameterError for a gap that does not
/// divide N or for bits over those of q[0].
CompactCiphertext compact(const Context& context, const Ciphertext& ciphertext, std::size_t gap, int bits);

}  // namespace obscura::ckks
