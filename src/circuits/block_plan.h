#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "circuits/linear_plan.h"
#include "ckks/keys.h"

namespace obscura::circuits {

/// One diagonal of a matrix of blocks over the slots: y_output[s] += d[s] x_input[(s + offset) mod slots], offset in
/// [0, slots).
struct BlockOffset {
  std::size_t output = 0, input = 0;
  std::int64_t offset = 0;

  friend bool operator==(const BlockOffset&, const BlockOffset&) = default;
};

/// Baby and giant steps for a matrix of blocks: offset = giant + baby, around zero, for every diagonal. Baby steps are
/// whole rotations of an input that share its decomposition and serve all outputs; the sums of an output go through two
/// chains of giant steps (Horner's rule), from the outermost giant on either side of zero inwards. An input that
/// nothing reads and an output without terms, which is zero, are counted like all others.
struct BlockPlan {
  struct Term {
    std::size_t output = 0;
    std::size_t giant = 0;  ///< index into giants
    std::size_t input = 0;
    std::size_t baby = 0;  ///< index into babies
    std::int64_t offset = 0;
  };
  std::size_t outputs = 1, inputs = 1;
  std::vector<std::int64_t> babies;  ///< increasing
  std::vector<std::int64_t> giants;  ///< increasing, multiples of the width of the window of babies
  std::vector<Term> terms;           ///< sorted by output, giant, input, baby
  double microseconds = 0;           ///< predicted, one thread and one image
  double key_megabytes = 0;

  /// The indices of the giants that an output has terms of, increasing.
  std::vector<std::size_t> giants_of(std::size_t output) const;
  /// What the sum of giant used[k] (an entry of giants_of) is rotated by to reach the next one on the way to zero.
  std::int64_t step_inwards(const std::vector<std::size_t>& used, std::size_t k) const;
  /// The distinct rotations that are made, none by zero.
  std::vector<std::int64_t> rotations() const;
};

/// How many ciphertexts a matrix of blocks makes of how many.
struct BlockCounts {
  std::size_t outputs = 1, inputs = 1;
};

/// Splits distinct diagonals so that the predicted time plus `microseconds_per_key_megabyte` times the size of the keys
/// is least, over widths of the baby window and shifts of its start; a chain longer than all others together counts
/// twice, for no second thread can share it. Deterministic: it decides which keys are made. `owned` as for plan_linear.
/// Throws ParameterError for no diagonals, one given twice, one of a block outside the counts or an offset outside
/// [0, slots).
BlockPlan plan_blocks(std::span<const BlockOffset> offsets, const BlockCounts& counts, std::size_t slots,
                      const StepCosts& costs, double microseconds_per_key_megabyte = 100,
                      std::span<const std::int64_t> owned = {});

/// Throws ParameterError for a plan that contradicts itself or has steps of all slots or more: what no transform can be
/// made of.
void check_plan(const BlockPlan& plan, std::size_t slots);

/// The rotations that a plan needs, at its level.
void request_keys(const BlockPlan& plan, std::size_t limbs, std::size_t degree, ckks::KeyRequest& request);

}  // namespace obscura::circuits
