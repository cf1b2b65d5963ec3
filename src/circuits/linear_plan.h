#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ckks/context.h"

namespace obscura::circuits {

/// What the steps of key switching cost in microseconds on one thread at one level. The figures decide how a linear
/// transform is split, and with it which keys are made: they follow from a fixed model (fitted to measurements, see
/// docs/architecture.md) and not from a stopwatch, so that a network gives the same program every time.
struct StepCosts {
  double decompose = 0;      ///< ModUp of one polynomial
  double inner_product = 0;  ///< with one key
  double mod_down = 0;       ///< of one polynomial
  double multiply = 0;       ///< plaintext times both parts over Q and P
  double key_megabytes = 0;  ///< what one key weighs on the wire at this level
  double plaintext = 0;      ///< integer coefficients of a diagonal transformed and multiplied, over Q only
};

StepCosts step_costs(const ckks::Context& context, std::size_t limbs);

/// Baby and giant steps for a set of diagonals: offset = giant + baby for every one of them.
struct LinearPlan {
  struct Term {
    std::size_t giant = 0;  ///< index into giants
    std::size_t baby = 0;   ///< index into babies
    std::int64_t offset = 0;
  };
  std::vector<std::int64_t> babies;
  std::vector<std::int64_t> giants;  ///< increasing; the transform rotates by their differences
  std::vector<Term> terms;           ///< sorted by giant, then baby
  double microseconds = 0;           ///< predicted
  double key_megabytes = 0;

  /// The distinct rotations that are made, none by zero.
  std::vector<std::int64_t> rotations() const;
};

/// Splits distinct offsets in [0, slots) so that the predicted time plus `microseconds_per_key_megabyte` times the size
/// of the keys is least, over all widths of the baby window and shifts of its start. `owned`: steps whose keys are
/// there anyway, for another transform at this level or above; they weigh nothing, and are not in key_megabytes.
LinearPlan plan_linear(const std::vector<std::int64_t>& offsets, std::size_t slots, const StepCosts& costs,
                       double microseconds_per_key_megabyte = 100, std::span<const std::int64_t> owned = {});

}  // namespace obscura::circuits
