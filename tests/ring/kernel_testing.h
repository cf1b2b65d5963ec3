#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "base/memory.h"
#include "ring/prime_ring.h"
#include "ring/primes.h"

namespace obscura::ring::testing {

using Word = std::uint64_t;

/// The instruction sets of this machine that have a scalar twin.
inline std::vector<Isa> fast_isas() {
  std::vector<Isa> all;
  for (const Isa isa : {Isa::avx2, Isa::ifma}) {
    if (isa <= best_isa()) all.push_back(isa);
  }
  return all;
}

/// Bits of the primes that kernels are compared for.
inline constexpr int kBits[] = {20, 26, 33, 40, 45, 47, 48, 49, 50, 55, 60};

/// Runs `body` for every fast instruction set and prime size with the fast ring and its scalar twin.
inline void for_each_ring(std::size_t n,
                          const std::function<void(const PrimeRing& fast, const PrimeRing& plain)>& body) {
  for (const Isa isa : fast_isas()) {
    for (const int bits : kBits) {
      SCOPED_TRACE(std::string(isa_name(isa)) + ", " + std::to_string(bits) + " bits");
      const Word q = ntt_primes(bits, n, 1)[0];
      body(PrimeRing(n, q, isa), PrimeRing(n, q, Isa::scalar));
    }
  }
}

/// `size` words below `bound`, the first ones at the edges.
inline AlignedWords random_words(std::size_t size, Word bound, Word seed) {
  std::mt19937_64 random(seed);
  AlignedWords words(size);
  for (std::size_t i = 0; i < size; ++i) words[i] = random() % bound;
  for (std::size_t i = 0; i < size / 4; ++i) words[i] = i % 3 == 0 ? bound - 1 : i % 3 == 1 ? 0 : words[i];
  return words;
}

inline std::vector<AlignedWords> random_arrays(std::size_t count, std::size_t size, Word bound, Word seed) {
  std::vector<AlignedWords> arrays;
  for (std::size_t j = 0; j < count; ++j) arrays.push_back(random_words(size, bound, seed + 1000 * j));
  return arrays;
}

inline std::vector<const Word*> pointers(const std::vector<AlignedWords>& arrays) {
  std::vector<const Word*> all;
  for (const AlignedWords& a : arrays) all.push_back(a.data());
  return all;
}

inline std::size_t bit_reverse(std::size_t x, std::size_t size) {
  std::size_t r = 0;
  for (std::size_t m = 1; m < size; m *= 2) r = 2 * r + (x / m & 1);
  return r;
}

}  // namespace obscura::ring::testing
