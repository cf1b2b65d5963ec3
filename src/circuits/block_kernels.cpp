#include "circuits/block_kernels.h"

#include <array>

#include "ring/packed_stream.h"

namespace obscura::circuits {
namespace {

using ring::u128;

bool has_ifma(const ring::PrimeRing& ring) {
  return ring.isa() == ring::Isa::ifma;
}
bool has_avx2(const ring::PrimeRing& ring) {
  return ring.isa() == ring::Isa::avx2;
}

std::uint64_t half(const ring::Modulus& q, std::uint64_t x) {
  return (x & 1) == 0 ? x / 2 : (x + q.value()) / 2;
}

}  // namespace

std::size_t half_stream_bytes(const ring::PrimeRing& ring) {
  return ring.degree() / 2 * ring::stream_word_bytes(ring);
}

void residues_of_narrow(const ring::PrimeRing& ring, const std::int32_t* coefficients, std::uint64_t* out) {
  if (has_ifma(ring)) return ifma::residues_of_narrow(ring.modulus(), ring.degree(), coefficients, out);
  if (has_avx2(ring)) return avx2::residues_of_narrow(ring.modulus(), ring.degree(), coefficients, out);
  const std::uint64_t q = ring.value();
  for (std::size_t i = 0; i < ring.degree(); ++i) {
    const auto c = static_cast<std::int64_t>(coefficients[i]);
    out[i] = static_cast<std::uint64_t>(c) + (c < 0 ? q : 0);
  }
}

std::uint64_t split_constant(const ring::PrimeRing& ring) {
  const ring::Modulus& q = ring.modulus();
  return half(q, q.negate(q.pow(ring.root(), ring.degree() / 2)));
}

void split_pair(const ring::PrimeRing& ring, const std::uint64_t* both, std::uint64_t constant, std::uint8_t* a,
                std::uint8_t* b) {
  const ring::Modulus& q = ring.modulus();
  const std::size_t n = ring.degree();
  if (has_ifma(ring)) return ifma::split_pair(q, n, ring::stream_word_bytes(ring), both, constant, a, b);
  auto* const a_words = reinterpret_cast<std::uint64_t*>(a);
  auto* const b_words = reinterpret_cast<std::uint64_t*>(b);
  if (has_avx2(ring)) return avx2::split_pair(q, n, both, constant, a_words, b_words);
  for (std::size_t i = 0; i < n / 2; ++i) {
    const std::uint64_t u = both[i], v = both[n - 1 - i];
    a_words[i] = half(q, q.add(u, v));
    b_words[i] = q.mul(q.sub(u, v), constant);
  }
}

void palindrome_product(const ring::PrimeRing& ring, std::size_t at, std::size_t words, std::uint64_t* r0,
                        std::uint64_t* r1, const std::uint64_t* const* a0, const std::uint64_t* const* a1,
                        const std::uint8_t* const* b, std::size_t count, bool add) {
  const ring::Modulus& q = ring.modulus();
  const std::size_t n = ring.degree();
  if (has_ifma(ring)) {
    const std::size_t bytes = ring::stream_word_bytes(ring);
    return ifma::palindrome_product(q, n, bytes, at, words, r0, r1, a0, a1, b, count, add);
  }
  if (has_avx2(ring)) {
    std::array<const std::uint64_t*, 64> words_of_b{};
    for (std::size_t t = 0; t < count; ++t) words_of_b[t] = reinterpret_cast<const std::uint64_t*>(b[t]);
    return avx2::palindrome_product(q, n, at, words, r0, r1, a0, a1, words_of_b.data(), count, add);
  }
  const auto sum = [&](std::uint64_t* r, const std::uint64_t* const* a, std::size_t to, std::size_t from) {
    u128 total = add ? r[to] : 0;
    for (std::size_t t = 0; t < count; ++t) {
      total += u128{a[t][to]} * reinterpret_cast<const std::uint64_t*>(b[t])[from];
    }
    r[to] = q.reduce(total);
  };
  for (std::size_t i = at; i < at + words; ++i) {
    sum(r0, a0, i, i);
    sum(r1, a1, i, i);
    sum(r0, a0, n - 1 - i, i);
    sum(r1, a1, n - 1 - i, i);
  }
}

}  // namespace obscura::circuits
