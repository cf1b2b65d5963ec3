#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "base/memory.h"
#include "ring/automorphism.h"
#include "ring/packed_matrix.h"
#include "ring/prime_ring.h"
#include "ring/primes.h"

namespace obscura::ring {
namespace {

using Word = std::uint64_t;

/// Arguments: log2 N, bits of the prime.
PrimeRing ring_of(const benchmark::State& state) {
  const std::size_t n = std::size_t{1} << state.range(0);
  return PrimeRing(n, ntt_primes(static_cast<int>(state.range(1)), n, 1)[0]);
}

std::vector<AlignedWords> residues(const PrimeRing& ring, std::size_t count) {
  std::mt19937_64 random(count);
  std::vector<AlignedWords> arrays(count, AlignedWords(ring.degree()));
  for (AlignedWords& a : arrays) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = random() % ring.value();
  }
  return arrays;
}

std::vector<const Word*> pointers(const std::vector<AlignedWords>& arrays) {
  std::vector<const Word*> all;
  for (const AlignedWords& a : arrays) all.push_back(a.data());
  return all;
}

void ntt_sizes(benchmark::internal::Benchmark* b) {
  for (const int bits : {45, 48, 50, 60}) {
    for (int log_n = 12; log_n <= 16; ++log_n) b->Args({log_n, bits});
  }
}

void NttForward(benchmark::State& state) {
  const PrimeRing ring = ring_of(state);
  AlignedWords x = residues(ring, 1)[0];
  for (auto _ : state) ring.forward(x.data());
}
BENCHMARK(NttForward)->Apply(ntt_sizes)->Unit(benchmark::kMicrosecond);

void NttInverse(benchmark::State& state) {
  const PrimeRing ring = ring_of(state);
  AlignedWords x = residues(ring, 1)[0];
  for (auto _ : state) ring.inverse(x.data());
}
BENCHMARK(NttInverse)->Apply(ntt_sizes)->Unit(benchmark::kMicrosecond);

template <class F>
void element_wise(benchmark::State& state, F f) {
  const PrimeRing ring = ring_of(state);
  const auto a = residues(ring, 3);
  AlignedWords r = a[2];
  for (auto _ : state) {
    f(ring, r.data(), a[0].data(), a[1].data());
    benchmark::ClobberMemory();
  }
}

void pointwise_sizes(benchmark::internal::Benchmark* b) {
  b->Args({13, 45})->Args({13, 50})->Unit(benchmark::kMicrosecond);
}

#define OBSCURA_POINTWISE(name, call)                                                                                 \
  void name(benchmark::State& state) {                                                                                \
    element_wise(state, [](const PrimeRing& ring, Word* r, const Word* a, [[maybe_unused]] const Word* b) { call; }); \
  }                                                                                                                   \
  BENCHMARK(name)->Apply(pointwise_sizes)

OBSCURA_POINTWISE(Add, ring.add(r, a, b));
OBSCURA_POINTWISE(Multiply, ring.mul(r, a, b));
OBSCURA_POINTWISE(MultiplyAdd, ring.mul_add(r, a, b));
OBSCURA_POINTWISE(MultiplyScalar, ring.mul_scalar(r, a, 123456789));
OBSCURA_POINTWISE(SubtractMultiplyScalar, ring.sub_mul_scalar(r, a, b, 123456789));
OBSCURA_POINTWISE(Reduce, ring.reduce(r, a));
OBSCURA_POINTWISE(ReduceCentred, ring.reduce_centred(r, a, (Word{1} << 50) - 27));
#undef OBSCURA_POINTWISE

void Permute(benchmark::State& state) {
  const PrimeRing ring = ring_of(state);
  const AlignedWords a = residues(ring, 1)[0];
  AlignedWords r(ring.degree());
  const auto index = ntt_automorphism(3, ring.degree());
  for (auto _ : state) {
    ring.permute(r.data(), a.data(), index.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(Permute)->Apply(pointwise_sizes);

/// Arguments: log2 N, bits, digits.
void KeyProduct(benchmark::State& state) {
  const PrimeRing ring = ring_of(state);
  const auto digits = static_cast<std::size_t>(state.range(2));
  const auto a = residues(ring, digits), key = residues(ring, 2 * digits);
  AlignedWords blocked(2 * digits * ring.degree()), r0(ring.degree()), r1(ring.degree());
  for (std::size_t i = 0; i < blocked.size(); ++i) blocked[i] = key[i % key.size()][i / key.size()];
  const auto pointers_a = pointers(a);
  for (auto _ : state) {
    ring.key_product(r0.data(), r1.data(), pointers_a.data(), digits, blocked.data(), digits);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(KeyProduct)->Args({13, 45, 4})->Args({13, 45, 8})->Args({16, 45, 8})->Unit(benchmark::kMicrosecond);

void WeightedSum(benchmark::State& state) {
  const PrimeRing ring = ring_of(state);
  const auto count = static_cast<std::size_t>(state.range(2));
  const auto a = residues(ring, count);
  const std::vector<Word> w(count, ring.value() - 12345);
  AlignedWords r(ring.degree());
  const auto pointers_a = pointers(a);
  for (auto _ : state) {
    ring.weighted_sum(r.data(), pointers_a.data(), w.data(), count);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(WeightedSum)->Args({13, 45, 2})->Args({13, 45, 8})->Unit(benchmark::kMicrosecond);

std::vector<std::int32_t> random_weights(std::size_t count, std::int64_t bits) {
  std::mt19937 random(1);
  const std::int32_t bound = std::int32_t{1} << bits;
  std::vector<std::int32_t> weights(count);
  for (std::int32_t& w : weights) {
    w = static_cast<std::int32_t>(random() % static_cast<unsigned>(2 * bound - 1)) - bound + 1;
  }
  return weights;
}

/// A matrix times a batch of whole polynomials that stand tile by tile, as circuits::BatchedProduct copies them.
/// Arguments: log2 N, bits, rows, columns, bits of a weight.
void PackedMatrixMultiply(benchmark::State& state) {
  constexpr std::size_t tile = PackedMatrix::kColumns;
  const PrimeRing ring = ring_of(state);
  const auto outs = static_cast<std::size_t>(state.range(2)), ins = static_cast<std::size_t>(state.range(3));
  const PackedMatrix matrix(outs, ins, random_weights(outs * ins, state.range(4)).data());
  std::mt19937_64 random(2);
  AlignedWords x(ins * ring.degree()), r(outs * ring.degree());
  for (Word& word : x.span()) word = random() % ring.value();
  std::vector<const Word*> from(ins);
  std::vector<Word*> to(outs);
  for (auto _ : state) {
    for (std::size_t t = 0; t < ring.degree() / tile; ++t) {
      for (std::size_t k = 0; k < ins; ++k) from[k] = x.data() + (t * ins + k) * tile;
      for (std::size_t o = 0; o < outs; ++o) to[o] = r.data() + (t * outs + o) * tile;
      matrix.multiply(ring, to.data(), from.data());
    }
    benchmark::ClobberMemory();
  }
  state.counters["products/s"] = benchmark::Counter(static_cast<double>(outs * ins * ring.degree()),
                                                    benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(PackedMatrixMultiply)
    ->Args({13, 41, 4, 49, 10})
    ->Args({13, 41, 64, 256, 10})
    ->Args({13, 41, 10, 64, 10})
    ->Args({13, 41, 64, 256, 20})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace obscura::ring
