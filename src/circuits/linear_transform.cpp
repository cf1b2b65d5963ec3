#include "circuits/linear_transform.h"

#include <algorithm>

#include "base/error.h"
#include "base/share.h"
#include "ring/automorphism.h"
#include "ring/packed_stream.h"

namespace obscura::circuits {
namespace {

using ckks::Ciphertext;
using ckks::Context;
using ring::Polynomial;

/// Words of the arrays that are worked on together.
constexpr std::size_t kColumnBlock = 512;

/// diagonal moved right by `giant` slots: what the baby sum must be multiplied by before the giant rotation.
std::vector<double> shifted(const std::vector<double>& diagonal, std::int64_t giant) {
  const auto n = static_cast<std::int64_t>(diagonal.size());
  std::vector<double> result(diagonal.size());
  for (std::int64_t i = 0; i < n; ++i) {
    result[static_cast<std::size_t>(i)] = diagonal[static_cast<std::size_t>(((i - giant) % n + n) % n)];
  }
  return result;
}

const ckks::GaloisKey& rotation_key(const ckks::Evaluator& evaluator, std::int64_t steps, std::size_t limbs) {
  return evaluator.keys().galois(ring::galois_element(steps, evaluator.context().degree()), limbs);
}

}  // namespace

LinearTransform::LinearTransform(const ckks::Encoder& encoder, const Context& context, const Diagonals& diagonals,
                                 LinearPlan plan, double scale, std::size_t limbs, ThreadPool* pool)
    : plan_(std::move(plan)), scale_(scale), context_(context.digest()) {
  require_context(context, encoder.context().digest(), "encoder");
  encoder.check_level(scale, limbs);
  basis_ = context.extended(limbs);
  if (plan_.terms.size() != diagonals.size()) throw ParameterError("plan and diagonals of a linear transform differ");
  std::size_t size = 0;
  for_rows(context, basis_, [&](const ring::PrimeRing& ring, std::size_t) {
    row_begin_.push_back(size);
    size += plan_.terms.size() * context.degree() * ring::stream_word_bytes(ring);
  });
  stream_ = AlignedWords(in_large_pages((size + ring::kStreamSlack) / sizeof(std::uint64_t) + 1));
  std::vector<std::pair<std::size_t, std::size_t>> ranges(plan_.giants.size());
  for (std::size_t t = 0; t < plan_.terms.size(); ++t) {
    auto& [first, last] = ranges[plan_.terms[t].giant];
    if (last == 0) first = t;
    last = t + 1;
  }
  share(pool, ranges.size(),
        [&](std::size_t g) { encode_giant(encoder, context, diagonals, ranges[g].first, ranges[g].second); });
}

/// Encodes the terms of one giant and lays them out side by side, 8 words of each in turn.
void LinearTransform::encode_giant(const ckks::Encoder& encoder, const Context& context, const Diagonals& diagonals,
                                   std::size_t first, std::size_t last) {
  const auto slots = static_cast<std::int64_t>(context.slots());
  const std::size_t n = context.degree(), count = last - first;
  for (std::size_t t = first; t < last; ++t) {
    const auto& term = plan_.terms[t];
    const auto it = diagonals.find(((term.offset % slots) + slots) % slots);
    if (it == diagonals.end() || it->second.size() != context.slots()) {
      throw ParameterError("diagonal " + std::to_string(term.offset) + " is missing or has not " +
                           std::to_string(slots) + " entries");
    }
    const auto plain = encoder.encode(shifted(it->second, plan_.giants[term.giant]), scale_, basis_);
    for_rows(context, basis_, [&](const ring::PrimeRing& ring, std::size_t row) {
      const std::uint64_t* from = plain.poly.limb(row);
      const std::size_t bytes = ring::stream_word_bytes(ring);
      std::uint8_t* to =
          reinterpret_cast<std::uint8_t*>(stream_.data()) + row_begin_[row] + (first * n + (t - first) * 8) * bytes;
      for (std::size_t i = 0; i < n; i += 8) ring::write_stream_block(from + i, bytes, to + i * count * bytes);
    });
  }
}

void LinearTransform::check(const Context& context, const Ciphertext& x) const {
  require_context(context, context_, "linear transform");
  check_ciphertext(context, x);
  if (x.limbs() == limbs() && x.parts.size() == 2) return;
  throw MismatchError("linear transform made for two parts of " + std::to_string(limbs()) + " limbs got " +
                      std::to_string(x.parts.size()) + " of " + std::to_string(x.limbs()));
}

Ciphertext LinearTransform::apply(const ckks::Evaluator& evaluator, const Ciphertext& x, ThreadPool* pool) const {
  const Context& context = evaluator.context();
  check(context, x);
  const std::size_t rows = basis_.rows(), n = context.degree();
  const bool rotates = std::any_of(plan_.babies.begin(), plan_.babies.end(), [](auto b) { return b != 0; });
  const ckks::Decomposition digits = rotates ? evaluator.switcher().decompose(x.parts[1]) : ckks::Decomposition();
  Extended sums(plan_.giants.size());
  for (auto& sum : sums) sum = {Polynomial(n, rows), Polynomial(n, rows)};
  share(pool, rows, [&](std::size_t row) { baby_row(evaluator, x, digits, row, sums); });
  // Horner's rule: the giants grow from zero outwards, and each rotation takes all sums beyond it along.
  ExtendedCiphertext& total = sums.back();
  for (std::size_t g = sums.size(); g-- > 0;) {
    const std::int64_t step = plan_.giants[g] - (g > 0 ? plan_.giants[g - 1] : 0);
    if (step != 0) giant_step(evaluator, step, total, g > 0 ? &sums[g - 1] : nullptr);
  }

  Ciphertext result;
  result.context = x.context;
  result.scale = x.scale * scale_;
  result.parts.resize(2);
  share(pool, 2, [&](std::size_t part) {
    evaluator.switcher().mod_down(part == 0 ? total.c0 : total.c1, basis_, result.parts[part]);
  });
  return result;
}

/// One prime of all inner sums: sum over babies of plaintext times rotated ciphertext (times P).
void LinearTransform::baby_row(const ckks::Evaluator& evaluator, const Ciphertext& x, const ckks::Decomposition& digits,
                               std::size_t row, Extended& sums) const {
  const Context& context = evaluator.context();
  const auto& q = context.ring(basis_, row);
  const std::size_t n = context.degree(), babies = plan_.babies.size();
  const std::size_t stride = n + kOffStride;
  auto scratch = context.scratch().take((2 * babies + 3) * stride);
  std::uint64_t* const e = scratch.data();
  std::uint64_t *const pc0 = e + 2 * babies * stride, *const t0 = pc0 + stride, *const t1 = t0 + stride;
  const bool special = basis_.is_special(row);
  if (!special) q.mul_scalar(pc0, x.parts[0].limb(row), context.p_mod_q(limbs(), row));
  for (std::size_t b = 0; b < babies; ++b) {
    std::uint64_t *const e0 = e + 2 * b * stride, *const e1 = e0 + stride;
    if (plan_.babies[b] == 0) {
      if (special) {
        std::fill(e0, e0 + n, 0);
        std::fill(e1, e1 + n, 0);
      } else {
        std::copy(pc0, pc0 + n, e0);
        q.mul_scalar(e1, x.parts[1].limb(row), context.p_mod_q(limbs(), row));
      }
      continue;
    }
    const ckks::GaloisKey& key = rotation_key(evaluator, plan_.babies[b], limbs());
    evaluator.switcher().inner_product_row(digits, key.key, row, t0, t1);
    if (!special) q.add(t0, t0, pc0);
    q.permute(e0, t0, key.permutation.data());
    q.permute(e1, t1, key.permutation.data());
  }
  const std::size_t bytes = ring::stream_word_bytes(q);
  const std::uint8_t* const stream = reinterpret_cast<const std::uint8_t*>(stream_.data()) + row_begin_[row];
  // Column by column, so that the rotated ciphertexts are read from afar once and not for every giant.
  const std::size_t block = std::min(kColumnBlock, n);
  std::vector<const std::uint64_t*> a0(babies), a1(babies);
  for (std::size_t at = 0; at < n; at += block) {
    for (std::size_t t = 0; t < plan_.terms.size();) {
      const std::size_t giant = plan_.terms[t].giant, first = t;
      for (; t < plan_.terms.size() && plan_.terms[t].giant == giant; ++t) {
        a0[t - first] = e + 2 * plan_.terms[t].baby * stride + at;
        a1[t - first] = a0[t - first] + stride;
      }
      const std::size_t count = t - first;
      ring::plaintext_product(q, block, sums[giant].c0.limb(row) + at, sums[giant].c1.limb(row) + at, a0.data(),
                              a1.data(), stream + (first * n + at * count) * bytes, count);
    }
  }
}

/// total = rotated total + next, all times P: only the second part of the total is divided and switched.
void LinearTransform::giant_step(const ckks::Evaluator& evaluator, std::int64_t step, ExtendedCiphertext& total,
                                 const ExtendedCiphertext* next) const {
  const Context& context = evaluator.context();
  const ckks::GaloisKey& key = rotation_key(evaluator, step, limbs());
  Polynomial c1;
  evaluator.switcher().mod_down(total.c1, basis_, c1);
  evaluator.switcher().apply_extended(c1, key.key, [&](std::size_t row, std::uint64_t* u0, const std::uint64_t* u1) {
    const auto& q = context.ring(basis_, row);
    q.add(u0, u0, total.c0.limb(row));
    q.permute(total.c0.limb(row), u0, key.permutation.data());
    q.permute(total.c1.limb(row), u1, key.permutation.data());
    if (next == nullptr) return;
    q.add(total.c0.limb(row), total.c0.limb(row), next->c0.limb(row));
    q.add(total.c1.limb(row), total.c1.limb(row), next->c1.limb(row));
  });
}

std::size_t LinearTransform::memory_bytes() const {
  return stream_.size() * sizeof(std::uint64_t);
}

void request_keys(const LinearPlan& plan, std::size_t limbs, std::size_t degree, ckks::KeyRequest& request) {
  for (const std::int64_t step : plan.rotations()) request.rotation(step, limbs, degree);
}

}  // namespace obscura::circuits
