#include "ring/rns.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "base/error.h"
#include "ring/rns_kernels.h"

namespace obscura::ring {
namespace {

constexpr std::size_t kMaxSources = 32;
constexpr std::size_t kGroup = 8;  // limbs that ModDown has in scratch at a time; more gained nothing
constexpr std::uint64_t kMontgomery = std::uint64_t{1} << 52;
constexpr std::uint64_t kLeastFusedTarget = std::uint64_t{1} << 14;

// Whether a prime's Shoup constants fit 52-bit multiplication.
bool is_short(const Modulus& q) {
  return q.bits() <= 50;
}

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

RnsSource source_of(const Rings& from, std::size_t i) {
  const Modulus& q = from[i]->modulus();
  const std::uint64_t scale = q.inverse(product_modulo(from, i, q));  // throws if two primes are the same
  return {q.value(), scale, is_short(q) ? q.shoup52(scale) : 0, 1.0 / static_cast<double>(q.value())};
}

RnsPair pair_of(const Modulus& q0, const Modulus& q1) {
  const std::uint64_t half = (q0.value() * q1.value() - 1) / 2;
  const std::uint64_t inverse = q1.inverse(q1.reduce(q0.value()));
  return {q0.value(),
          q1.value(),
          q0.reduce(half),
          q1.reduce(half),
          (q0.value() / q1.value() + 1) * q1.value(),
          inverse,
          is_short(q1) ? q1.shoup52(inverse) : 0};
}

RnsTarget target_of(const Rings& from, bool is_pair, const Modulus& p) {
  RnsTarget t{};
  t.p = p.value();
  for (std::size_t i = 0; i < from.size(); ++i) t.weights.push_back(product_modulo(from, i, p));
  t.weights.push_back(p.negate(product_modulo(from, from.size(), p)));
  if (is_pair) {
    const std::uint64_t product = from[0]->value() * from[1]->value();
    t.minus_half = p.negate(p.reduce((product - 1) / 2));
    t.shift = static_cast<std::uint64_t>(std::max(0, static_cast<int>(std::bit_width(product + t.p)) - 51));
    t.ratio = static_cast<std::uint64_t>((u128{1} << (52 + t.shift)) / t.p);
  }
  if (!is_short(p)) return t;
  t.inverse = p.value();
  for (int i = 0; i < 5; ++i) t.inverse *= 2 - p.value() * t.inverse;  // Newton: 3, 6, ..., 96 right bits
  t.inverse &= kMontgomery - 1;
  for (const std::uint64_t w : t.weights) t.montgomery_weights.push_back(p.mul(w, p.reduce(kMontgomery)));
  for (std::size_t u = 0; u < t.montgomery_overflow.size(); ++u) {
    t.montgomery_overflow[u] = p.mul(t.montgomery_weights.back(), p.reduce(std::uint64_t{u}));
  }
  return t;
}

}  // namespace

struct BaseConverter::Tables {
  std::vector<RnsSource> sources;
  std::vector<double> inverse;  // 1/q_i again, side by side
  std::vector<RnsTarget> targets;
  RnsPair pair{};
  std::size_t large_sources = 0;  // of more than 50 bits
  bool is_pair = false;           // two primes with a product below 2^63
  bool fused = false;             // every prime may go through the IFMA kernels
};

BaseConverter::BaseConverter(std::vector<const PrimeRing*> from, std::vector<const PrimeRing*> to)
    : from_(std::move(from)), to_(std::move(to)) {
  check(from_, to_);
  const std::size_t k = from_.size();
  Tables tables;
  tables.fused = k <= kMaxFusedSources;
  for (std::size_t i = 0; i < k; ++i) {
    tables.sources.push_back(source_of(from_, i));
    tables.inverse.push_back(tables.sources[i].inverse);
    tables.large_sources += is_short(from_[i]->modulus()) ? 0 : 1;
    tables.fused = tables.fused && from_[i]->isa() == Isa::ifma;
  }
  tables.is_pair = k == 2 && (u128{from_[0]->value()} * from_[1]->value()) >> 63 == 0;
  if (tables.is_pair) tables.pair = pair_of(from_[0]->modulus(), from_[1]->modulus());
  for (const PrimeRing* ring : to_) {
    tables.targets.push_back(target_of(from_, tables.is_pair, ring->modulus()));
    tables.fused = tables.fused && ring->isa() == Isa::ifma && ring->value() > kLeastFusedTarget;
  }
  tables_ = std::make_shared<const Tables>(std::move(tables));
}

void BaseConverter::prepare(std::size_t i, std::uint64_t* const* x, std::uint64_t* overflow) const {
  // x = sum_i y_i Q/q_i - u Q with y_i = x_i (Q/q_i)^-1 mod q_i and u = round(sum_i y_i/q_i).
  const std::size_t k = from_.size(), n = from_[0]->degree();
  const Tables& t = *tables_;
  if (k == 1 || (t.is_pair && i == 0)) return;
#if defined(__x86_64__)
  if (t.is_pair && t.fused) return pair_words_ifma(t.pair, x[0], x[1], n, x[0]);
  if (t.fused) return scale_row_ifma(t.sources[i], i == 0, i + 1 == k, x[i], overflow, n);
#endif
  if (t.is_pair) return pair_words(t.pair, x[0], x[1], n, x[0]);
  from_[i]->mul_scalar(x[i], x[i], t.sources[i].scale);
  if (i + 1 == k) overflow_kernel(selected_isa())(x, t.inverse.data(), k, n, overflow);
}

void BaseConverter::convert(const std::uint64_t* const* x, const std::uint64_t* overflow, std::size_t first,
                            std::size_t count, std::uint64_t* const* out, ScratchPool& pool) const {
  if (first > to_.size() || count > to_.size() - first) {
    throw ParameterError("base conversion to primes " + std::to_string(first) + " to " + std::to_string(first + count) +
                         " of " + std::to_string(to_.size()));
  }
  if (from_.size() == 1) {
    for (std::size_t j = 0; j < count; ++j) to_[first + j]->reduce_centred(out[j], x[0], from_[0]->value());
  } else if (tables_->is_pair) {
    convert_pair(x[0], first, count, out);
  } else {
    convert_sum(x, overflow, first, count, out, pool);
  }
}

void BaseConverter::convert_pair(const std::uint64_t* words, std::size_t first, std::size_t count,
                                 std::uint64_t* const* out) const {
#if defined(__x86_64__)
  if (tables_->fused) {
    return reduce_words_ifma(words, tables_->targets.data() + first, count, out, from_[0]->degree());
  }
#endif
  for (std::size_t j = 0; j < count; ++j) {
    to_[first + j]->reduce(out[j], words);
    to_[first + j]->add_scalar(out[j], out[j], tables_->targets[first + j].minus_half);
  }
}

void BaseConverter::convert_sum(const std::uint64_t* const* y, const std::uint64_t* overflow, std::size_t first,
                                std::size_t count, std::uint64_t* const* out, ScratchPool& pool) const {
  const std::size_t k = from_.size(), n = from_[0]->degree();
  const Tables& t = *tables_;
  std::array<const std::uint64_t*, kMaxSources + 1> all{};
  std::copy_n(y, k, all.begin());
  all[k] = overflow;
#if defined(__x86_64__)
  if (t.fused) return sum_rows_ifma(t.sources.data(), k, all.data(), t.targets.data() + first, count, out, n);
#endif
  // Vector kernels take words of 52 bits: rows of larger primes are reduced for each target first.
  auto reduced = pool.take(t.large_sources * n);
  for (std::size_t j = 0; j < count; ++j) {
    const PrimeRing& ring = *to_[first + j];
    auto rows = all;
    std::uint64_t* spare = reduced.data();
    for (std::size_t i = 0; i < k && ring.isa() != Isa::scalar; ++i) {
      if (is_short(from_[i]->modulus())) continue;
      ring.reduce(spare, all[i]);
      rows[i] = spare;
      spare += n;
    }
    ring.weighted_sum(out[j], rows.data(), t.targets[first + j].weights.data(), k + 1);
  }
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
  auto overflow = pool.take(p_[0]->degree());
  for (std::size_t k = 0; k < p_.size(); ++k) prepare(k, xp[k], xp, overflow.data());
  apply_range(xq, xp, overflow.data(), 0, limbs, out, pool);
}

void ModDown::prepare(std::size_t k, const std::uint64_t* row, std::uint64_t* const* xp,
                      std::uint64_t* overflow) const {
  p_[k]->inverse(xp[k], row);
  converter_.prepare(k, xp, overflow);
}

void ModDown::apply_range(const std::uint64_t* const* xq, const std::uint64_t* const* xp, const std::uint64_t* overflow,
                          std::size_t first, std::size_t count, std::uint64_t* const* out, ScratchPool& pool) const {
  if (first > q_.size() || count > q_.size() - first) {
    throw ParameterError("division on limbs " + std::to_string(first) + " to " + std::to_string(first + count) +
                         " of " + std::to_string(q_.size()));
  }
  const std::size_t n = p_[0]->degree(), group = std::min(count, kGroup);
  auto scratch = pool.take(group * n);
  std::array<std::uint64_t*, kGroup> remainder{};
  for (std::size_t i = 0; i < group; ++i) remainder[i] = scratch.data() + i * n;
  for (std::size_t at = 0; at < count; at += group) {
    const std::size_t some = std::min(group, count - at);
    converter_.convert(xp, overflow, first + at, some, remainder.data(), pool);
    for (std::size_t i = 0; i < some; ++i) {
      const PrimeRing& ring = *q_[first + at + i];
      ring.forward(remainder[i]);
      ring.sub_mul_scalar(out[at + i], xq[at + i], remainder[i], inverse_[first + at + i]);
    }
  }
}

}  // namespace obscura::ring
