#include "ckks/secret_recombine.h"

namespace obscura::ckks {
namespace {

using Word = std::uint64_t;

// Row i from residues to mixed-radix digits (Garner): x = d_0 + q_0 (d_1 + q_1 (d_2 + ...)), 0 <= d_i < q_i, and so
// d_i = (...((x - d_0) / q_0 - d_1) / q_1 ...) mod q_i.
void to_digits(const Context& context, ring::Polynomial& x) {
  auto lease = context.scratch().take(context.degree());
  for (std::size_t i = 1; i < x.limbs(); ++i) {
    const ring::PrimeRing& ring = context.q(i);
    for (std::size_t j = 0; j < i; ++j) {
      const Word inverse = ring.modulus().inverse(ring.modulus().reduce(context.q(j).value()));
      ring.reduce(lease.data(), x.limb(j));
      ring.sub_mul_scalar(x.limb(i), x.limb(i), lease.data(), inverse);
    }
  }
}

// Digits from the lowest: one over q_i / 2 becomes negative and carries one; the carry out of the last is Q, which
// does not count. Then Horner's rule from the highest: balanced digits never cancel, so each step keeps the relative
// precision of doubles.
double centred(const Context& context, const ring::Polynomial& digits, std::size_t k, double* balanced) {
  const std::size_t limbs = digits.limbs();
  std::int64_t carry = 0;
  for (std::size_t i = 0; i < limbs; ++i) {
    const auto q = static_cast<std::int64_t>(context.q(i).value());
    std::int64_t d = static_cast<std::int64_t>(digits.limb(i)[k]) + carry;
    carry = d > q / 2 ? 1 : 0;
    d -= carry * q;
    balanced[i] = static_cast<double>(d);
  }
  double x = balanced[limbs - 1];
  for (std::size_t i = limbs - 1; i-- > 0;) x = x * static_cast<double>(context.q(i).value()) + balanced[i];
  return x;
}

}  // namespace

void recombine(const Context& context, ring::Polynomial& residues, double factor, double* out) {
  const std::size_t n = residues.degree();
  if (residues.limbs() == 1) {
    const auto q = static_cast<std::int64_t>(context.q(0).value());
    for (std::size_t k = 0; k < n; ++k) {
      const auto x = static_cast<std::int64_t>(residues.limb(0)[k]);
      out[k] = static_cast<double>(x > q / 2 ? x - q : x) * factor;
    }
    return;
  }
  to_digits(context, residues);
  double balanced[128];
  for (std::size_t k = 0; k < n; ++k) out[k] = centred(context, residues, k, balanced) * factor;
}

}  // namespace obscura::ckks
