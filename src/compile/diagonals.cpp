#include "compile/diagonals.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace obscura::compile {

double most_diagonals(const program::PackedStage& stage) {
  if (stage.method == program::PackedStage::Method::hoisted) return static_cast<double>(stage.hoisted.terms.size());
  std::vector<double> diagonals(stage.blocks.outputs, 0);
  for (const auto& term : stage.blocks.terms) ++diagonals[term.output];
  return *std::ranges::max_element(diagonals);
}

program::Magnitudes with_diagonals(const program::Magnitudes& magnitudes, const program::Program& program) {
  program::Magnitudes result = magnitudes;
  for (std::size_t i = 0; i < program.packed.size(); ++i) {
    double rms = 0;
    for (const auto& term : program.packed[i].stage.terms) {
      rms = std::max(rms, term.value == 0 ? magnitudes.input_rms : magnitudes.stages[term.value - 1].activation_rms);
    }
    double& fan_in = result.stages[i].fan_in_rms;
    fan_in = std::max(fan_in, rms * std::sqrt(most_diagonals(program.packed[i])));
  }
  return result;
}

}  // namespace obscura::compile
