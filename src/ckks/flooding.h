#pragma once

#include <cmath>
#include <cstdint>

namespace obscura::ckks {

/// What OpenFHE takes, too.
inline constexpr int kFloodingBits = 30;

/// What the noise of a ciphertext has to be multiplied by to hide it where `results` decrypted ciphertexts are shown to
/// others: sqrt(12 results) 2^(statistical_bits / 2) (Li, Micciancio, Schultz, Sorrell, ePrint 2022/816).
inline double flooding_factor(std::uint64_t results, int statistical_bits = kFloodingBits) {
  return std::sqrt(12 * static_cast<double>(results)) * std::exp2(statistical_bits / 2.0);
}

}  // namespace obscura::ckks
