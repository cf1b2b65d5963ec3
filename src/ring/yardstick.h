#pragma once

#include <cstddef>
#include <cstdint>

namespace obscura::ring {

inline constexpr std::size_t kYardstickWords = 8192;

/// Thirteen passes of bare 52-bit butterflies over kYardstickWords words (64-byte aligned, below 2^50): a transform of
/// that size without its shuffles and corrections. What a machine can do at all: times of different machines and loads
/// are compared as multiples of it. Only for processors of Isa::ifma.
void yardstick(std::uint64_t* words);

}  // namespace obscura::ring
