#include "search/fetch_hint.h"

#include <array>
#include <numeric>

#include "base/error.h"
#include "ring/primes.h"

namespace obscura::search {
namespace {

/// Sums are at most 2^5 (a digit) 2^25 (a centred word) 2^10 (coefficients) times the blocks, of which fetch_margin
/// allows 222: below 2^48, half of the largest prime of 49 bits.
constexpr int kPrimeBits = 49;

std::vector<AlignedWords> reversed_polynomials(const FetchRing& ring, const FetchShape& shape, const ring::Seed& seed,
                                               ThreadPool& pool) {
  std::vector<AlignedWords> out(shape.blocks());
  pool.parallel_for(out.size(),
                    [&](std::size_t b) { out[b] = ring.transformed(FetchRing::public_polynomial(seed, b), true); });
  return out;
}

void hint_row(const FetchRing& ring, std::span<const std::int8_t> digits, std::span<const AlignedWords> polynomials,
              std::span<std::uint32_t> row) {
  AlignedWords sum(kFetchDegree);
  std::fill_n(sum.data(), kFetchDegree, 0U);
  for (std::size_t b = 0; b < polynomials.size(); ++b) {
    const AlignedWords block = ring.transformed(digits.subspan(b * kFetchDegree, kFetchDegree));
    ring.prime().mul_add(sum.data(), block.data(), polynomials[b].data());
  }
  ring.inverse(sum, row);
}

}  // namespace

FetchRing::FetchRing() : prime_(kFetchDegree, ring::ntt_primes(kPrimeBits, kFetchDegree, 1).front()) {}

std::vector<std::uint32_t> FetchRing::public_polynomial(const ring::Seed& seed, std::size_t block) {
  ring::RandomStream stream(seed, block);
  std::vector<std::uint8_t> bytes(4 * kFetchDegree);
  stream.fill(bytes);
  std::vector<std::uint32_t> words(kFetchDegree);
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 4; ++k) word |= static_cast<std::uint32_t>(bytes[4 * i + k]) << (8 * k);
    words[i] = word & kFetchMask;
  }
  return words;
}

AlignedWords FetchRing::transformed(std::span<const std::uint32_t> words, bool reversed) const {
  AlignedWords out(kFetchDegree);
  const std::uint64_t q = prime_.value();
  const auto put = [&](std::size_t i, std::int64_t value) {
    out.data()[i] = value < 0 ? q - static_cast<std::uint64_t>(-value) : static_cast<std::uint64_t>(value);
  };
  for (std::size_t i = 0; i < kFetchDegree; ++i) {
    const auto word = static_cast<std::int64_t>(words[i] & kFetchMask);
    const std::int64_t centred =
        word >= (std::int64_t{1} << (kFetchModulusBits - 1)) ? word - (std::int64_t{1} << kFetchModulusBits) : word;
    // 1 / X is -X^1023.
    if (reversed && i > 0) {
      put(kFetchDegree - i, -centred);
    } else {
      put(i, centred);
    }
  }
  prime_.forward(out.data());
  return out;
}

AlignedWords FetchRing::transformed(std::span<const std::int8_t> small) const {
  AlignedWords out(kFetchDegree);
  ring::to_residues(prime_, small.data(), out.data());
  prime_.forward(out.data());
  return out;
}

void FetchRing::inverse(AlignedWords& transform, std::span<std::uint32_t> words) const {
  prime_.inverse(transform.data());
  const std::uint64_t q = prime_.value();
  for (std::size_t i = 0; i < kFetchDegree; ++i) {
    const std::uint64_t x = transform.data()[i];
    // Negative sums are those above half of the prime.
    const std::uint64_t lifted = x > q / 2 ? x - q : x;
    words[i] = static_cast<std::uint32_t>(lifted) & kFetchMask;
  }
}

FetchHint make_hint(const FetchTable& table, const ring::Seed& seed, ThreadPool& pool) {
  FetchHint hint{seed, std::vector<std::uint32_t>(table.shape().rows() * kFetchDegree)};
  std::vector<std::size_t> rows(table.shape().rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  update_hint(hint, table, rows, pool);
  return hint;
}

void update_hint(FetchHint& hint, const FetchTable& table, std::span<const std::size_t> rows, ThreadPool& pool) {
  if (hint.words.size() != table.shape().rows() * kFetchDegree) {
    throw MismatchError("a hint of another gallery");
  }
  const FetchRing ring;
  const auto polynomials = reversed_polynomials(ring, table.shape(), hint.seed, pool);
  pool.parallel_for(rows.size(), [&](std::size_t i) {
    const std::size_t r = rows[i];
    hint_row(ring, table.row(r), polynomials, std::span(hint.words).subspan(r * kFetchDegree, kFetchDegree));
  });
}

}  // namespace obscura::search
