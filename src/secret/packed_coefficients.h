#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "secret/secret_memory.h"

/// Ternary coefficients as files have them: 2 bits each, 0, 1, and 2 for -1.
namespace obscura::ckks {

inline constexpr std::size_t kCoefficientsPerByte = 4;

/// `packed` has a byte for four coefficients. Without a branch on one.
void pack_coefficients(std::span<const std::int8_t> coefficients, std::span<std::uint8_t> packed);

/// Throws FormatError through `in`, which names what is read, for a 3.
GuardedVector<std::int8_t> unpack_coefficients(std::span<const std::uint8_t> packed, const ByteReader& in);

}  // namespace obscura::ckks
