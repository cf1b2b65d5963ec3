#include "audit/randomness/residue_bits.h"

#include <bit>

#include "base/error.h"

namespace obscura::randomness {

void append_residue(BitSequence& bits, std::uint64_t residue, std::uint64_t q) {
  if (residue >= q || q >> 63 != 0) {
    throw ParameterError(std::to_string(residue) + " is no residue modulo " + std::to_string(q));
  }
  for (std::uint64_t left = q;;) {
    const int k = std::bit_width(left) - 1;
    const std::uint64_t range = std::uint64_t{1} << k;
    if (residue < range) return bits.append(residue, k);
    residue -= range;
    left -= range;
  }
}

}  // namespace obscura::randomness
