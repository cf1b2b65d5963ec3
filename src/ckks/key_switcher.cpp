#include "ckks/key_switcher.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "ckks/digit_row.h"
#include "ckks/raised_digits.h"
#include "ring/packed_stream.h"

namespace obscura::ckks {
namespace {

void fit(ring::Polynomial& poly, std::size_t degree, std::size_t limbs) {
  if (poly.degree() != degree || poly.limbs() != limbs) poly = ring::Polynomial(degree, limbs);
}

}  // namespace

Decomposition KeySwitcher::decompose(const ring::Polynomial& poly) const {
  const std::size_t limbs = poly.limbs(), n = poly.degree(), alpha = context_->parameters().digit_size;
  const ring::RnsBasis basis = context_->extended(limbs);
  RaisedDigits sources(*context_, limbs);
  Decomposition result;
  result.context_ = context_->digest();
  result.basis_ = basis;
  result.digits_.reserve(context_->digits(limbs));
  for (std::size_t j = 0; j < context_->digits(limbs); ++j) {
    const std::size_t first = j * alpha, last = std::min(first + alpha, limbs);
    ring::Polynomial& digit = result.digits_.emplace_back(n, basis.rows());
    for (std::size_t i = first; i < last; ++i) {
      digit_row(*context_, limbs, i, poly.limb(i), digit.limb(i));
      sources.prepare(i, digit.limb(i));
    }
    std::array<std::uint64_t*, 160> to{};
    std::size_t targets = 0;
    for (std::size_t r = 0; r < basis.rows(); ++r) {
      if (r < first || r >= last) to[targets++] = digit.limb(r);
    }
    sources.convert(j, 0, targets, to.data());
    for_rows(*context_, basis, [&](const ring::PrimeRing& ring, std::size_t r) {
      if (r < first || r >= last) ring.forward(digit.limb(r));
    });
  }
  return result;
}

void KeySwitcher::inner_product_row(const Decomposition& digits, const KeySwitchKey& key, std::size_t row,
                                    std::uint64_t* r0, std::uint64_t* r1) const {
  check_digits(digits);
  check_key(key, digits.basis());
  std::array<const std::uint64_t*, 128> d{};
  for (std::size_t j = 0; j < digits.digits(); ++j) d[j] = digits.digits_[j].limb(row);
  const ring::RnsPrime prime = digits.basis().prime(row);
  ring::key_product(context_->ring(prime), r0, r1, d.data(), digits.digits(), key.stream(prime), key.digits());
}

void KeySwitcher::mod_down(ring::Polynomial& poly, const ring::RnsBasis& basis, ring::Polynomial& out) const {
  const std::size_t limbs = basis.limbs();
  fit(out, poly.degree(), limbs);
  std::vector<const std::uint64_t*> xq(limbs);
  std::vector<std::uint64_t*> to(limbs), xp(basis.special());
  for (std::size_t i = 0; i < limbs; ++i) xq[i] = poly.limb(i), to[i] = out.limb(i);
  for (std::size_t k = 0; k < xp.size(); ++k) xp[k] = poly.limb(limbs + k);
  context_->mod_down(limbs).apply(xq.data(), xp.data(), to.data(), context_->scratch(), limbs);
}

void KeySwitcher::check_key(const KeySwitchKey& key, const ring::RnsBasis& basis) const {
  require_context(*context_, key.context(), "key-switching key");
  if (key.basis().covers(basis)) return;
  throw MismatchError("key-switching key made for " + std::to_string(key.limbs()) + " limbs used on " +
                      std::to_string(basis.limbs()));
}

void KeySwitcher::check_digits(const Decomposition& digits) const {
  require_context(*context_, digits.context(), "decomposition into digits");
}

}  // namespace obscura::ckks
