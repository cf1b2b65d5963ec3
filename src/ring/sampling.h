#pragma once

#include <cstddef>
#include <cstdint>

#include "ring/isa.h"

namespace obscura::ring {

/// The loops behind the samplers of ring/random.h, one table an instruction set; the same bits from each.
struct SamplingKernels {
  /// `draws` little-endian groups of `width` <= 8 bytes, masked: those < q go to out in order. Returns how many; stops
  /// at `room`. 64 bytes behind the groups must be readable.
  std::size_t (*accept)(const std::uint8_t* bytes, std::size_t draws, std::size_t width, std::uint64_t mask,
                        std::uint64_t q, std::uint64_t* out, std::size_t room);
  /// n centred binomial coefficients from 6 bytes each: ones among bits 0-20 less ones among bits 21-41; 64 bytes
  /// behind must be readable.
  void (*binomial)(const std::uint8_t* bytes, std::size_t n, std::int8_t* out);
  /// Signed small to residue, branch-free.
  void (*lift)(const std::int8_t* small, std::size_t n, std::uint64_t q, std::uint64_t* out);
};

const SamplingKernels& sampling_scalar();
/// Only for processors with these instructions.
const SamplingKernels& sampling_avx2();
const SamplingKernels& sampling_ifma();

const SamplingKernels& sampling_kernels(Isa isa);

}  // namespace obscura::ring
