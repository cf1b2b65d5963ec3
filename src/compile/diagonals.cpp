#include "compile/diagonals.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace obscura::compile {

double most_diagonals(const program::PackedStage& stage) {
  if (stage.method == program::PackedStage::Method::hoisted) return static_cast<double>(stage.hoisted.terms.size());
  std::vector<double> diagonals(stage.blocks.outputs, 0);
  for (const auto& term : stage.blocks.terms) ++diagonals[term.output];
  return *std::ranges::max_element(diagonals);
}

namespace {

/// Of the sums that close a stage's map: a group of 2^k - 1 rotations stands for k doublings.
std::size_t doublings_of(const program::PackedStage& stage) {
  std::size_t count = 0;
  for (const auto& group : stage.fold) count += static_cast<std::size_t>(std::bit_width(group.size()));
  return count;
}

}  // namespace

program::Magnitudes with_diagonals(const program::Magnitudes& magnitudes, const program::Program& program) {
  program::Magnitudes result = magnitudes;
  for (std::size_t i = 0; i < program.packed.size(); ++i) {
    double rms = 0;
    for (const auto& term : program.packed[i].stage.terms) {
      rms = std::max(rms, term.value == 0 ? magnitudes.input_rms : magnitudes.stages[term.value - 1].activation_rms);
    }
    double& fan_in = result.stages[i].fan_in_rms;
    fan_in = std::max(fan_in, rms * std::sqrt(most_diagonals(program.packed[i])));
    result.stages[i].doublings = doublings_of(program.packed[i]);
  }
  return result;
}

}  // namespace obscura::compile
