#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "circuits/linear_plan.h"
#include "ckks/evaluator.h"

namespace obscura::circuits {

/// x + sum of x rotated by every step: one decomposition for all, one division by P at the end.
ckks::Ciphertext rotation_sum(const ckks::Evaluator& evaluator, const ckks::Ciphertext& x,
                              std::span<const std::int64_t> steps);

/// The chain x += rotate(x, d) for d in `doublings` (each twice the last) as groups for rotation_sum: joining k
/// doublings into one group costs 2^k - 1 inner products but one key switch instead of k. The cheapest grouping.
std::vector<std::vector<std::int64_t>> group_rotation_sum(const std::vector<std::int64_t>& doublings,
                                                          const StepCosts& costs,
                                                          double microseconds_per_key_megabyte = 100);

/// Predicted microseconds of the groups.
double rotation_sum_cost(const std::vector<std::vector<std::int64_t>>& groups, const StepCosts& costs);

}  // namespace obscura::circuits
