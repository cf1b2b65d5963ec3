#include "ckks/key_switcher.h"
#include "ring/packed_stream.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"

namespace obscura::ckks {
namespace {

/// Row `row` of the extended basis at `limbs`: q[row] or the special prime behind them.
const ring::PrimeRing& extended_ring(const Context& context, std::size_t limbs, std::size_t row) {
  return row < limbs ? context.q(row) : context.p(row - limbs);
}

void fit(ring::Polynomial& poly, std::size_t degree, std::size_t limbs) {
  if (poly.degree() != degree || poly.limbs() != limbs) poly = ring::Polynomial(degree, limbs);
}

}  // namespace

Decomposition KeySwitcher::decompose(const ring::Polynomial& poly) const {
  const std::size_t limbs = poly.limbs(), n = poly.degree(), special = context_->special_limbs();
  const std::size_t rows = limbs + special, alpha = context_->parameters().digit_size;
  auto coefficients = context_->scratch().take(limbs * n);
  for (std::size_t i = 0; i < limbs; ++i) {
    std::memcpy(coefficients.data() + i * n, poly.limb(i), n * sizeof(std::uint64_t));
    context_->q(i).inverse(coefficients.data() + i * n);
  }
  Decomposition result;
  result.limbs_ = limbs;
  result.digits_.reserve(context_->digits(limbs));
  for (std::size_t j = 0; j < context_->digits(limbs); ++j) {
    const std::size_t first = j * alpha, last = std::min(first + alpha, limbs);
    ring::Polynomial& digit = result.digits_.emplace_back(n, rows);
    std::array<const std::uint64_t*, 32> from{};
    std::array<std::uint64_t*, 160> to{};
    for (std::size_t i = first; i < last; ++i) from[i - first] = coefficients.data() + i * n;
    std::size_t targets = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      if (r < first || r >= last) to[targets++] = digit.limb(r);
    }
    context_->mod_up(limbs, j).convert(from.data(), to.data(), context_->scratch());
    for (std::size_t r = 0; r < rows; ++r) {
      if (r >= first && r < last) {
        std::memcpy(digit.limb(r), poly.limb(r), n * sizeof(std::uint64_t));
      } else {
        extended_ring(*context_, limbs, r).forward(digit.limb(r));
      }
    }
  }
  return result;
}

void KeySwitcher::inner_product(const Decomposition& digits, const KeySwitchKey& key, ExtendedCiphertext& out) const {
  const std::size_t limbs = digits.limbs(), n = context_->degree(), rows = limbs + context_->special_limbs();
  fit(out.c0, n, rows);
  fit(out.c1, n, rows);
  out.limbs = limbs;
  for (std::size_t r = 0; r < rows; ++r) inner_product_row(digits, key, r, out.c0.limb(r), out.c1.limb(r));
}

void KeySwitcher::inner_product_row(const Decomposition& digits, const KeySwitchKey& key, std::size_t row,
                                    std::uint64_t* r0, std::uint64_t* r1) const {
  const std::size_t limbs = digits.limbs();
  check_key(key, limbs);
  std::array<const std::uint64_t*, 128> d{};
  for (std::size_t j = 0; j < digits.digits(); ++j) d[j] = digits.digits_[j].limb(row);
  const std::uint8_t* stream = row < limbs ? key.q_row(row) : key.p_row(row - limbs);
  ring::key_product(extended_ring(*context_, limbs, row), r0, r1, d.data(), digits.digits(), stream, key.digits());
}

void KeySwitcher::mod_down(ring::Polynomial& poly, std::size_t limbs, ring::Polynomial& out) const {
  const std::size_t n = poly.degree(), special = context_->special_limbs();
  fit(out, n, limbs);
  std::array<const std::uint64_t*, 128> xq{};
  std::array<std::uint64_t*, 128> xp{}, to{};
  for (std::size_t i = 0; i < limbs; ++i) xq[i] = poly.limb(i), to[i] = out.limb(i);
  for (std::size_t k = 0; k < special; ++k) xp[k] = poly.limb(limbs + k);
  context_->mod_down().apply(xq.data(), xp.data(), to.data(), context_->scratch(), limbs);
}

void KeySwitcher::check_key(const KeySwitchKey& key, std::size_t limbs) const {
  if (key.limbs() >= limbs) return;
  throw MismatchError("key-switching key made for " + std::to_string(key.limbs()) + " limbs used on " +
                      std::to_string(limbs));
}

void KeySwitcher::apply(const ring::Polynomial& poly, const KeySwitchKey& key, ring::Polynomial& out0,
                        ring::Polynomial& out1) const {
  const std::size_t bytes = poly.degree() * sizeof(std::uint64_t);
  fit(out0, poly.degree(), poly.limbs());
  fit(out1, poly.degree(), poly.limbs());
  apply(poly, key, [&](std::size_t row, const std::uint64_t* u0, const std::uint64_t* u1) {
    std::memcpy(out0.limb(row), u0, bytes);
    std::memcpy(out1.limb(row), u1, bytes);
  });
}

}  // namespace obscura::ckks
