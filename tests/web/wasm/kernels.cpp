// The kernels for WebAssembly against the scalar ones, in a module of their own (tests/web/kernels.test.mjs).
#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "base/memory.h"
#include "ring/chacha.h"
#include "ring/prime_ring.h"
#include "ring/primes.h"

namespace obscura::ring {
namespace {

using Word = std::uint64_t;

enum Differ : std::uint32_t {
  kForward = 1,
  kInverse = 2,
  kAdd = 4,
  kSub = 8,
  kNegate = 16,
  kMul = 32,
  kMulAdd = 64,
  kMulScalar = 128,
  kSubMulScalar = 256,
  kAddScalar = 512,
  kRoundTrip = 1024,
  kNotUsed = 2048,  ///< the kernels under test were not those that ran
};

/// Residues with the edges among them.
AlignedWords residues(std::mt19937_64& random, std::size_t n, Word q) {
  AlignedWords words(n);
  const std::array<Word, 6> edges{0, 1, q - 1, q - 2, q / 2, q / 2 + 1};
  for (std::size_t i = 0; i < n; ++i) words[i] = random() % 4 == 0 ? edges[random() % edges.size()] : random() % q;
  return words;
}

std::uint32_t differing(std::size_t n, Word q, std::uint32_t seed) {
  const PrimeRing fast(n, q, Isa::simd128), plain(n, q, Isa::scalar);
  std::mt19937_64 random(seed);
  const AlignedWords a = residues(random, n, q), b = residues(random, n, q), c = residues(random, n, q);
  AlignedWords wide(n);
  for (std::size_t i = 0; i < n; ++i) wide[i] = random() >> 12;
  const Word w = a[random() % n];
  std::uint32_t found = fast.isa() == Isa::simd128 ? 0 : kNotUsed;
  const auto compare = [&](Differ bit, auto&& run) {
    AlignedWords x = c, y = c;
    run(fast, x.data()), run(plain, y.data());
    if (!(x == y)) found |= bit;
  };
  compare(kForward, [](const PrimeRing& r, Word* x) { r.forward(x); });
  compare(kInverse, [](const PrimeRing& r, Word* x) { r.inverse(x); });
  compare(kAdd, [&](const PrimeRing& r, Word* x) { r.add(x, a.data(), b.data()); });
  compare(kSub, [&](const PrimeRing& r, Word* x) { r.sub(x, a.data(), b.data()); });
  compare(kNegate, [&](const PrimeRing& r, Word* x) { r.negate(x, a.data()); });
  compare(kMul, [&](const PrimeRing& r, Word* x) { r.mul(x, a.data(), b.data()); });
  compare(kMulAdd, [&](const PrimeRing& r, Word* x) { r.mul_add(x, a.data(), b.data()); });
  compare(kMulScalar, [&](const PrimeRing& r, Word* x) { r.mul_scalar(x, a.data(), w); });
  compare(kSubMulScalar, [&](const PrimeRing& r, Word* x) { r.sub_mul_scalar(x, a.data(), wide.data(), w); });
  compare(kAddScalar, [&](const PrimeRing& r, Word* x) { r.add_scalar(x, a.data(), w); });
  AlignedWords back = c;
  fast.forward(back.data()), fast.inverse(back.data());
  if (!(back == c)) found |= kRoundTrip;
  return found;
}

Seed seed_of(std::uint32_t number) {
  Seed seed{};
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>((number >> (8 * (i % 4))) + i);
  return seed;
}

}  // namespace
}  // namespace obscura::ring

extern "C" {
using namespace obscura::ring;

#define OBSCURA_EXPORT(name) __attribute__((export_name(name), used))

/// Which of the kernels give other words than the scalar ones, for a prime of so many bits: bits of Differ.
OBSCURA_EXPORT("kernels_differ") std::uint32_t kernels_differ(std::uint32_t log_n, int bits, std::uint32_t seed) {
  const std::size_t n = std::size_t{1} << log_n;
  const auto primes = ntt_primes(bits, n, 2);
  return differing(n, primes[seed % 2], seed);
}

/// Whether blocks of ChaCha20 differ from libsodium's, also where the counter carries.
OBSCURA_EXPORT("chacha_differs") std::uint32_t chacha_differs(std::uint32_t blocks, std::uint32_t number, int carry) {
  const std::uint64_t counter = carry != 0 ? 0xffffffffULL - blocks / 2 : number;
  std::vector<std::uint8_t> fast(std::size_t{64} * blocks), plain(fast.size());
  chacha20_simd128(seed_of(number), number, counter, fast.data(), blocks);
  chacha20_sodium(seed_of(number), number, counter, plain.data(), blocks);
  return fast == plain ? 0 : 1;
}

/// A prime ring to be timed: so many transforms of it. simd: 1 for the vector kernels.
OBSCURA_EXPORT("transform") void transform(std::uint32_t log_n, int bits, int simd, int inverse, std::uint32_t times) {
  const std::size_t n = std::size_t{1} << log_n;
  static std::vector<PrimeRing> rings;
  static std::uint32_t made = 0;
  const std::uint32_t wanted = (log_n << 8) + static_cast<std::uint32_t>(2 * bits + simd);
  if (made != wanted) {
    rings.clear();
    rings.emplace_back(n, ntt_primes(bits, n, 1)[0], simd != 0 ? Isa::simd128 : Isa::scalar);
    made = wanted;
  }
  static obscura::AlignedWords words;
  if (words.size() != n) {
    words = obscura::AlignedWords(n);
    for (std::size_t i = 0; i < n; ++i) words[i] = i;
  }
  for (std::uint32_t i = 0; i < times; ++i) {
    if (inverse != 0) {
      rings[0].inverse(words.data());
    } else {
      rings[0].forward(words.data());
    }
  }
}
}
