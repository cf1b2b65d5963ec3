#include "compile/diagonals.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compile/compile.h"
#include "compile/magnitudes.h"
#include "compile/networks.h"
#include "compile/schedule.h"
#include "compile/stages.h"

namespace obscura::compile {
namespace {

/// Few weights a row, on a layout that takes many diagonals.
nn::Graph wide_convolution() {
  networks::Random random(31);
  return networks::chain({3, 32, 32}, {{"conv1", networks::conv(random, 3, 16, 3, 1, 1)},
                                       {"square1", nn::Square{}},
                                       {"conv2", networks::conv(random, 16, 16, 3, 2, 1)},
                                       {"square2", nn::Square{}},
                                       {"pool", nn::AvgPool{{16, 16}, {16, 16}, {}, false}},
                                       {"flatten", nn::Flatten{}},
                                       {"fc", networks::linear(random, 16, 10)}});
}

/// What was found is found again from what a schedule says of itself.
TEST(PredictedErrors, OfTheSameMagnitudesAreTheSame) {
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    for (const nn::Graph& graph : {networks::tutorial(3), networks::dense(4, {1, 8, 8}, 16, 5)}) {
      const auto stages = stages_of(graph);
      auto magnitudes = measure_magnitudes(stages, {});
      const Schedule found = find_schedule(stages, magnitudes, {mode});
      Schedule again = found;
      predict_errors(stages, magnitudes, mode, again);
      EXPECT_DOUBLE_EQ(again.logit_error, found.logit_error);
      EXPECT_DOUBLE_EQ(again.noise, found.noise);
      EXPECT_EQ(again.stage_errors, found.stage_errors);
      for (auto& stage : magnitudes.stages) stage.fan_in_rms *= 4;
      predict_errors(stages, magnitudes, mode, again);
      EXPECT_GT(again.logit_error, found.logit_error);
    }
  }
}

TEST(Diagonals, CountWhereTheyAreMoreThanWeights) {
  const nn::Graph graph = wide_convolution();
  const Program program = compile(graph);
  const auto stages = stages_of(graph);
  const auto magnitudes = measure_magnitudes(stages, {});
  const auto laid_out = with_diagonals(magnitudes, program);
  double rms = magnitudes.input_rms;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const double diagonals = most_diagonals(program.packed[i]);
    const double before = magnitudes.stages[i].fan_in_rms;
    EXPECT_DOUBLE_EQ(laid_out.stages[i].fan_in_rms, std::max(before, rms * std::sqrt(diagonals)));
    rms = magnitudes.stages[i].activation_rms;
  }
  // 27 weights a row at the most, of padded windows: their diagonals add more than that.
  EXPECT_GT(most_diagonals(program.packed[0]), 27);
  EXPECT_GT(laid_out.stages[0].fan_in_rms, magnitudes.stages[0].fan_in_rms);
  Schedule without = program.schedule;
  predict_errors(stages, magnitudes, Mode::packed, without);
  EXPECT_GT(program.schedule.stage_errors[0], without.stage_errors[0]);
}

}  // namespace
}  // namespace obscura::compile
