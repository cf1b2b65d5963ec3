#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/memory.h"
#include "base/parallel.h"
#include "ring/prime_ring.h"
#include "search/fetch_table.h"

namespace obscura::search {

/// The arithmetic that both sides share: products of polynomials modulo X^1024 + 1, one factor small, as integers, by
/// one prime that is larger than twice any of their sums. Thread-safe.
class FetchRing {
 public:
  FetchRing();
  const ring::PrimeRing& prime() const { return prime_; }

  /// The public polynomial of a block of columns: coefficients uniform modulo 2^26, from words of stream `block` of the
  /// seed, little-endian, cut to 26 bits.
  static std::vector<std::uint32_t> public_polynomial(const ring::Seed& seed, std::size_t block);
  /// The transform of words modulo 2^26, centred; with `reversed` of the polynomial at 1 / X.
  AlignedWords transformed(std::span<const std::uint32_t> words, bool reversed) const;
  AlignedWords transformed(std::span<const std::int8_t> small) const;
  /// Of a transform that is no longer needed: its polynomial, modulo 2^26.
  void inverse(AlignedWords& transform, std::span<std::uint32_t> words) const;

 private:
  ring::PrimeRing prime_;
};

/// What an owner needs once to read answers of a table: row i is sum_b D_ib(X) a_b(1/X), where D_ib are its digits of
/// block b; the product of digits with a_b s is then the scalar product of that row with s. Public.
struct FetchHint {
  ring::Seed seed{};                 ///< of the public polynomials
  std::vector<std::uint32_t> words;  ///< rows x kFetchDegree, modulo 2^26
  std::span<const std::uint32_t> row(std::size_t r) const {
    return std::span(words).subspan(r * kFetchDegree, kFetchDegree);
  }
};

FetchHint make_hint(const FetchTable& table, const ring::Seed& seed, ThreadPool& pool);
/// The same where only these rows of the table have changed.
void update_hint(FetchHint& hint, const FetchTable& table, std::span<const std::size_t> rows, ThreadPool& pool);

}  // namespace obscura::search
