#include "secret/compact.h"

#include <bit>

#include "base/error.h"
#include "ckks/noise.h"
#include "ckks/residues.h"
#include "secret/recombine.h"

namespace obscura::ckks {

void check_compact(const Context& context, const CompactCiphertext& ciphertext) {
  const std::size_t n = context.degree(), gap = ciphertext.gap;
  require_context(context, ciphertext.context, "compact reply");
  if (ciphertext.degree != n || !std::has_single_bit(gap) || gap > n / 2 || ciphertext.c0.size() != n / gap ||
      ciphertext.c1.size() != n || ciphertext.bits < 1 || ciphertext.bits > 60 || !(ciphertext.scale > 0)) {
    throw MismatchError("compact reply does not have the shape of these parameters");
  }
}

void add_products_directly(const SecretKey& key, const CompactCiphertext& ciphertext, std::span<std::uint64_t> sums) {
  const auto& s = key.coefficients();
  const std::size_t n = s.size();
  // Coefficient t sums c1[j] s[t - j], with s[-i] = -s[N - i]. Ternary products are masks: c & nonzero, negated by
  // two's complement where the sign is set. The masks stand at N + t - j; c1 is read downwards.
  SecretScratch masks(key.context()->scratch(), 4 * n);
  std::uint64_t *const nonzero = masks.words(), *const sign = nonzero + 2 * n;
  for (std::size_t i = 0; i < n; ++i) {
    const auto v = static_cast<std::uint64_t>(static_cast<std::int64_t>(s[i]));
    nonzero[i] = nonzero[n + i] = std::uint64_t{0} - (v & 1);
    sign[n + i] = std::uint64_t{0} - (v >> 63);
    sign[i] = ~sign[n + i];
  }
  const std::vector<std::uint64_t> reversed(ciphertext.c1.rbegin(), ciphertext.c1.rend());
  for (std::size_t k = 0; k < sums.size(); ++k) {
    const std::uint64_t *const z = nonzero + k * ciphertext.gap + 1, *const m = sign + k * ciphertext.gap + 1;
    std::uint64_t sum = 0;
    for (std::size_t j = 0; j < n; ++j) sum += ((reversed[j] ^ m[j]) - m[j]) & z[j];
    sums[k] += sum;
  }
}

bool add_products_by_ntt(const SecretKey& key, const CompactCiphertext& ciphertext, std::span<std::uint64_t> sums) {
  const Context& context = *key.context();
  const std::size_t n = context.degree();
  // |c_1 s| <= N 2^(bits - 1) for centred c_1, below Q/2.
  const int wanted = ciphertext.bits + std::countr_zero(n);
  std::size_t limbs = 1;
  while (limbs < context.max_limbs() && context.log_q(limbs) <= wanted) ++limbs;
  if (wanted > 52 || context.log_q(limbs) <= wanted) return false;
  SecretScratch scratch(context.scratch(), (limbs + 2) * n);
  std::uint64_t* const rows = scratch.words();
  auto* const centred = reinterpret_cast<std::int64_t*>(rows + limbs * n);
  const int unused = 64 - ciphertext.bits;
  for (std::size_t j = 0; j < n; ++j) centred[j] = static_cast<std::int64_t>(ciphertext.c1[j] << unused) >> unused;
  for (std::size_t i = 0; i < limbs; ++i) {
    const ring::PrimeRing& ring = context.q(i);
    to_residues(ring, centred, std::uint64_t{1} << (ciphertext.bits - 1), rows + i * n);
    ring.forward(rows + i * n);
    ring.mul(rows + i * n, rows + i * n, key.q_limb(i));
    ring.inverse(rows + i * n);
  }
  auto* const product = reinterpret_cast<double*>(rows + (limbs + 1) * n);
  recombine(context, limbs, rows, 1, product);
  for (std::size_t k = 0; k < sums.size(); ++k) {
    sums[k] += static_cast<std::uint64_t>(static_cast<std::int64_t>(product[k * ciphertext.gap]));
  }
  return true;
}

void add_products(const SecretKey& key, const CompactCiphertext& ciphertext, std::span<std::uint64_t> sums) {
  constexpr std::size_t kFew = 16;  // coefficients that are quicker one by one
  if (sums.size() > kFew && add_products_by_ntt(key, ciphertext, sums)) return;
  add_products_directly(key, ciphertext, sums);
}

}  // namespace obscura::ckks
