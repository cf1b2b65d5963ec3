#include "circuits/rotation_sum.h"

#include <cmath>

#include "base/error.h"
#include "ring/automorphism.h"

namespace obscura::circuits {
namespace {

std::vector<std::int64_t> joined(const std::vector<std::int64_t>& doublings, std::size_t first, std::size_t count) {
  std::vector<std::int64_t> steps;
  for (std::size_t mask = 1; mask < (std::size_t{1} << count); ++mask) {
    std::int64_t step = 0;
    for (std::size_t b = 0; b < count; ++b) {
      if ((mask >> b) & 1) step += doublings[first + b];
    }
    steps.push_back(step);
  }
  return steps;
}

double group_cost(std::size_t steps, const StepCosts& costs) {
  return costs.decompose + static_cast<double>(steps) * costs.inner_product + 2 * costs.mod_down;
}

}  // namespace

ckks::Ciphertext rotation_sum(const ckks::Evaluator& evaluator, const ckks::Ciphertext& x,
                              std::span<const std::int64_t> steps) {
  const ckks::Context& context = evaluator.context();
  check_ciphertext(context, x);
  if (x.parts.size() != 2) throw MismatchError("a sum of rotations needs a relinearised ciphertext");
  const ring::RnsBasis basis = context.extended(x.limbs());
  const std::size_t n = context.degree();
  const ckks::Decomposition digits = evaluator.switcher().decompose(x.parts[1]);
  ring::Polynomial sum0(n, basis.rows()), sum1(n, basis.rows());
  auto scratch = context.scratch().take(4 * n);
  std::uint64_t *const t0 = scratch.data(), *const t1 = t0 + n, *const pc0 = t1 + n, *const moved = pc0 + n;
  for_rows(context, basis, [&](const ring::PrimeRing& q, std::size_t row) {
    const bool special = basis.is_special(row);
    std::uint64_t *const s0 = sum0.limb(row), *const s1 = sum1.limb(row);
    if (special) {
      std::fill(s0, s0 + n, 0);
      std::fill(s1, s1 + n, 0);
    } else {
      q.mul_scalar(pc0, x.parts[0].limb(row), context.p_mod_q(basis.limbs(), row));
      std::copy(pc0, pc0 + n, s0);
      q.mul_scalar(s1, x.parts[1].limb(row), context.p_mod_q(basis.limbs(), row));
    }
    for (const std::int64_t step : steps) {
      const auto& key = evaluator.keys().galois(ring::galois_element(step, n), basis.limbs());
      evaluator.switcher().inner_product_row(digits, key.key, row, t0, t1);
      if (!special) q.add(t0, t0, pc0);
      q.permute(moved, t0, key.permutation.data());
      q.add(s0, s0, moved);
      q.permute(moved, t1, key.permutation.data());
      q.add(s1, s1, moved);
    }
  });
  ckks::Ciphertext result;
  result.context = x.context;
  result.scale = x.scale;
  result.parts.resize(2);
  evaluator.switcher().mod_down(sum0, basis, result.parts[0]);
  evaluator.switcher().mod_down(sum1, basis, result.parts[1]);
  return result;
}

std::vector<std::vector<std::int64_t>> group_rotation_sum(const std::vector<std::int64_t>& doublings,
                                                          const StepCosts& costs,
                                                          double microseconds_per_key_megabyte) {
  // Shortest path over the positions of the chain; a group spans at most four doublings.
  const std::size_t count = doublings.size();
  std::vector<double> best(count + 1, INFINITY);
  std::vector<std::size_t> from(count + 1, 0);
  best[0] = 0;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 1; k <= 4 && i + k <= count; ++k) {
      const std::size_t steps = (std::size_t{1} << k) - 1;
      const double cost = best[i] + group_cost(steps, costs) +
                          static_cast<double>(steps) * costs.key_megabytes * microseconds_per_key_megabyte;
      if (cost < best[i + k]) best[i + k] = cost, from[i + k] = i;
    }
  }
  std::vector<std::vector<std::int64_t>> groups;
  for (std::size_t at = count; at > 0; at = from[at]) {
    groups.insert(groups.begin(), joined(doublings, from[at], at - from[at]));
  }
  return groups;
}

double rotation_sum_cost(const std::vector<std::vector<std::int64_t>>& groups, const StepCosts& costs) {
  double total = 0;
  for (const auto& group : groups) total += group_cost(group.size(), costs);
  return total;
}

}  // namespace obscura::circuits
