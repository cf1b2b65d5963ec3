#include "base/memory.h"
#include "ring/prime_ring.h"
#include "ring/primes.h"
#include "ring/yardstick.h"
#include "study/bench/bench_parts.h"

namespace obscura::study {
namespace {

constexpr int kPrimeBits = 49;

/// Any residues do: no kernel looks at them.
AlignedWords some_residues(std::size_t count, std::uint64_t q, std::uint64_t factor) {
  AlignedWords words(count);
  for (std::size_t i = 0; i < count; ++i) words[i] = (i * factor + 1) % q;
  return words;
}

void bench_degree(BenchTable& table, int log_n) {
  const std::size_t n = std::size_t{1} << log_n;
  const ring::PrimeRing ring(n, ring::ntt_primes(kPrimeBits, n, 1).front());
  AlignedWords a = some_residues(n, ring.value(), 0x123456789);
  const AlignedWords b = some_residues(n, ring.value(), 0x987654321);
  table.add("ntt_forward", log_n, 1, [&] { ring.forward(a.data()); });
  table.add("ntt_inverse", log_n, 1, [&] { ring.inverse(a.data()); });
  table.add("pointwise_multiply", log_n, 1, [&] { ring.mul(a.data(), a.data(), b.data()); });
}

}  // namespace

void bench_ring(BenchTable& table) {
  if (ring::best_isa() == ring::Isa::ifma) {
    AlignedWords words = some_residues(ring::kYardstickWords, std::uint64_t{1} << kPrimeBits, 7919);
    table.add("yardstick", 13, 1, [&] { ring::yardstick(words.data()); });
  }
  for (const int log_n : {13, 15, 16}) bench_degree(table, log_n);
}

}  // namespace obscura::study
