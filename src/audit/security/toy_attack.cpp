#include <algorithm>
#include <cmath>

#include "audit/security/integer_lattice.h"
#include "audit/security/toy.h"

namespace obscura::security {
namespace {

constexpr std::size_t kN = ToyRing::kDegree;
constexpr int kBits = 40;  // of the modulus that is left
constexpr std::int64_t kModulus = std::int64_t{1} << kBits;

/// Coefficients as shares of 2^40 in place of q, rounded.
IntegerRow scaled_down(const ToyRing& ring, const ToyRing::Residues& a) {
  IntegerRow r(kN);
  for (std::size_t k = 0; k < kN; ++k) {
    r[k] = static_cast<std::int64_t>(std::nearbyint(ring.share_of_q(a, k) * static_cast<long double>(kModulus)));
  }
  return r;
}

/// Rows whose sum by the secret's coefficients is (secret, b + a s, 1): with multiples of 2^40 taken off, all of it
/// small.
std::vector<IntegerRow> embedding(const IntegerRow& a, const IntegerRow& b) {
  std::vector<IntegerRow> rows(2 * kN + 1, IntegerRow(2 * kN + 1, 0));
  for (std::size_t i = 0; i < kN; ++i) {
    rows[i][i] = 1;
    for (std::size_t j = 0; j < kN; ++j) {  // a X^i
      rows[i][kN + (i + j) % kN] = i + j < kN ? a[j] : -a[j];
    }
    rows[kN + i][kN + i] = kModulus;
    rows[2 * kN][kN + i] = b[i];
  }
  rows[2 * kN][2 * kN] = 1;
  return rows;
}

/// The secret in a row of the reduced basis, if there is one.
std::optional<ToyRing::Small> secret_in(const IntegerRow& row) {
  const std::int64_t sign = row[2 * kN];
  const auto ternary = [](std::int64_t x) { return x >= -1 && x <= 1; };
  if (std::abs(sign) != 1 || !std::all_of(row.begin(), row.begin() + kN, ternary)) return std::nullopt;
  ToyRing::Small secret{};
  for (std::size_t i = 0; i < kN; ++i) secret[i] = static_cast<std::int8_t>(sign * row[i]);
  return secret;
}

}  // namespace

std::optional<ToyRing::Small> recover_secret(const ToyRing& ring, const ToyPublicKey& key) {
  auto basis = embedding(scaled_down(ring, key.a), scaled_down(ring, key.b));
  if (!reduce_basis(basis)) return std::nullopt;
  for (const IntegerRow& row : basis) {
    const auto secret = secret_in(row);
    if (secret && explains(ring, key, *secret)) return secret;
  }
  return std::nullopt;
}

}  // namespace obscura::security
