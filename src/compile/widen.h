#pragma once

// Internal to src/compile.
#include <cstdint>
#include <vector>

namespace obscura::compile {

/// Places to slots: images stand side by side, so a step from place to place passes all of them.
inline void widen(std::vector<std::int64_t>& steps, std::int64_t images) {
  for (auto& step : steps) step *= images;
}

/// The same of all steps of a plan of baby and giant steps.
template <typename Plan>
void widen_plan(Plan& plan, std::int64_t images) {
  widen(plan.babies, images);
  widen(plan.giants, images);
  for (auto& term : plan.terms) term.offset *= images;
}

}  // namespace obscura::compile
