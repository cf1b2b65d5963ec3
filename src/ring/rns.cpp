#include "ring/rns.h"

#include <array>
#include <string>

#include "base/error.h"
#include "ring/rns_kernels.h"

namespace obscura::ring {
namespace {

constexpr std::size_t kMaxSources = 32;

using Rings = std::vector<const PrimeRing*>;

void check(const Rings& from, const Rings& to) {
  if (from.empty() || from.size() > kMaxSources) {
    throw ParameterError("base conversion from " + std::to_string(from.size()) + " primes: 1 to " +
                         std::to_string(kMaxSources) + " are possible");
  }
  for (const Rings* rings : {&from, &to}) {
    for (const PrimeRing* ring : *rings) {
      if (ring->degree() != from[0]->degree()) {
        throw ParameterError("base conversion between rings of degree " + std::to_string(from[0]->degree()) + " and " +
                             std::to_string(ring->degree()));
      }
    }
  }
}

// The product of every prime but number `without`, modulo m.
std::uint64_t product_modulo(const Rings& primes, std::size_t without, const Modulus& m) {
  std::uint64_t product = 1;
  for (std::size_t i = 0; i < primes.size(); ++i) {
    if (i != without) product = m.mul(product, m.reduce(primes[i]->value()));
  }
  return product;
}

}  // namespace

BaseConverter::BaseConverter(std::vector<const PrimeRing*> from, std::vector<const PrimeRing*> to)
    : from_(std::move(from)), to_(std::move(to)) {
  check(from_, to_);
  const std::size_t k = from_.size();
  for (std::size_t i = 0; i < k; ++i) {
    const Modulus& q = from_[i]->modulus();
    scale_.push_back(q.inverse(product_modulo(from_, i, q)));  // throws if two primes are the same
    inverse_.push_back(1.0 / static_cast<double>(q.value()));
  }
  for (const PrimeRing* ring : to_) {
    const Modulus& p = ring->modulus();
    std::vector<std::uint64_t> weights(k + 1);
    for (std::size_t i = 0; i < k; ++i) weights[i] = product_modulo(from_, i, p);
    weights[k] = p.negate(product_modulo(from_, k, p));
    weights_.push_back(std::move(weights));
  }
}

void BaseConverter::convert(const std::uint64_t* const* x, std::uint64_t* const* out, ScratchPool& pool,
                            std::size_t targets) const {
  if (targets == 0) targets = to_.size();
  const std::size_t k = from_.size(), n = from_[0]->degree();
  if (k == 1) {
    for (std::size_t j = 0; j < targets; ++j) to_[j]->reduce_centred(out[j], x[0], from_[0]->value());
    return;
  }
  // x = sum_i y_i Q/q_i - u Q with y_i = x_i (Q/q_i)^-1 mod q_i and u = round(sum_i y_i/q_i).
  auto scratch = pool.take((k + 1) * n);
  std::array<const std::uint64_t*, kMaxSources + 1> y{};
  for (std::size_t i = 0; i < k; ++i) {
    from_[i]->mul_scalar(scratch.data() + i * n, x[i], scale_[i]);
    y[i] = scratch.data() + i * n;
  }
  overflow_kernel(selected_isa())(y.data(), inverse_.data(), k, n, scratch.data() + k * n);
  y[k] = scratch.data() + k * n;
  for (std::size_t j = 0; j < targets; ++j) to_[j]->weighted_sum(out[j], y.data(), weights_[j].data(), k + 1);
}

ModDown::ModDown(std::vector<const PrimeRing*> q, std::vector<const PrimeRing*> p)
    : q_(std::move(q)), p_(std::move(p)), converter_(p_, q_) {
  for (const PrimeRing* ring : q_) {
    const Modulus& m = ring->modulus();
    inverse_.push_back(m.inverse(product_modulo(p_, p_.size(), m)));  // throws if a prime is in both lists
  }
}

void ModDown::apply(const std::uint64_t* const* xq, std::uint64_t* const* xp, std::uint64_t* const* out,
                    ScratchPool& pool, std::size_t limbs) const {
  if (limbs == 0) limbs = q_.size();
  if (limbs > q_.size()) {
    throw ParameterError("division on " + std::to_string(limbs) + " limbs of " + std::to_string(q_.size()));
  }
  // round(x / P) = (x - r) / P with r the centred remainder of x modulo P, which the p-part alone knows.
  for (std::size_t k = 0; k < p_.size(); ++k) p_[k]->inverse(xp[k]);
  const std::size_t n = p_[0]->degree();
  auto scratch = pool.take(limbs * n);
  std::vector<std::uint64_t*> remainder(limbs);
  for (std::size_t i = 0; i < limbs; ++i) remainder[i] = scratch.data() + i * n;
  converter_.convert(xp, remainder.data(), pool, limbs);
  for (std::size_t i = 0; i < limbs; ++i) {
    q_[i]->forward(remainder[i]);
    q_[i]->sub_mul_scalar(out[i], xq[i], remainder[i], inverse_[i]);
  }
}

}  // namespace obscura::ring
