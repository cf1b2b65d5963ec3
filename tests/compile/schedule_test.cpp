#include "compile/schedule.h"
#include "compile/stages.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "circuits/polynomial.h"
#include "compile/networks.h"

namespace obscura::compile {
namespace {

using Activation = Stage::Activation;

std::vector<Stage> cubic() {
  networks::Random random(8);
  return stages_of(networks::chain({1, 8, 8}, {{"flatten", nn::Flatten{}},
                                               {"fc1", networks::linear(random, 64, 16)},
                                               {"act", nn::Polynomial{{{0.1F, 0.6F, 0.2F, 0.05F}}}},
                                               {"fc2", networks::linear(random, 16, 10)}}));
}

Schedule schedule_of(const std::vector<Stage>& stages, Mode mode, double error = 0x1p-11) {
  return find_schedule(stages, measure_magnitudes(stages, {}), {mode, error});
}

/// Follows the scale with the schedule's primes and checks that every value fits its modulus with a sign.
void expect_everything_fits(const std::vector<Stage>& stages, const Magnitudes& magnitudes, const Schedule& s) {
  const auto context = ckks::Context::create(ckks::make_parameters(s.log_degree, s.q_bits, s.p_bits, s.digit_size));
  EXPECT_GE(context->security_bits(), 128);
  ASSERT_EQ(s.stages.size(), stages.size());
  const auto expect_room = [&](double scale_bits, double largest, std::size_t limbs) {
    EXPECT_LT(scale_bits + std::log2(largest) + 1, context->log_q(limbs));
  };
  double scale = s.input_bits;
  std::size_t limbs = s.limbs();
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const StageSchedule& stage = s.stages[i];
    EXPECT_EQ(stage.limbs, limbs) << "stage " << i;
    scale += stage.weight_bits - std::log2(stages[i].largest());
    expect_room(scale, magnitudes.stages[i].map_max, limbs);
    for (std::size_t r = 0; r < stage.rescales_after_map; ++r)
      scale -= std::log2(static_cast<double>(context->q(--limbs).value()));
    EXPECT_EQ(stage.activation_limbs, limbs);
    if (stages[i].activation == Activation::square) {
      scale *= 2;
      expect_room(scale, magnitudes.stages[i].activation_max, limbs);
      for (std::size_t r = 0; r < stage.rescales_after_activation; ++r) {
        scale -= std::log2(static_cast<double>(context->q(--limbs).value()));
      }
    } else if (stages[i].activation == Activation::polynomial) {
      limbs -= circuits::polynomial_depth(stages[i].coefficients.front().size() - 1);
      expect_room(scale, magnitudes.stages[i].activation_max, limbs);
    }
    ASSERT_GE(limbs, 1u);
  }
  expect_room(scale, magnitudes.stages.back().activation_max, 1);
  EXPECT_EQ(s.final_limbs, 1u);
}

TEST(Schedule, FitsEveryStageWithSecurity) {
  const std::vector<std::vector<Stage>> networks{stages_of(networks::tutorial(1)),
                                                 stages_of(networks::dense(2, {1, 8, 8}, 16, 5)), cubic()};
  for (const auto& stages : networks) {
    const Magnitudes magnitudes = measure_magnitudes(stages, {});
    for (const Mode mode : {Mode::packed, Mode::batched}) {
      const Schedule schedule = find_schedule(stages, magnitudes, {mode});
      expect_everything_fits(stages, magnitudes, schedule);
      EXPECT_LE(schedule.logit_error, 0x1p-11 * std::max(1.0, magnitudes.stages.back().map_max));
    }
  }
}

TEST(Schedule, IsTheSameEveryTime) {
  const auto stages = stages_of(networks::dense(3, {1, 8, 8}, 16, 5));
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    const Schedule a = schedule_of(stages, mode), b = schedule_of(stages, mode);
    EXPECT_EQ(a.q_bits, b.q_bits);
    EXPECT_EQ(a.p_bits, b.p_bits);
    EXPECT_EQ(a.log_degree, b.log_degree);
    EXPECT_EQ(a.input_bits, b.input_bits);
    EXPECT_EQ(a.logit_error, b.logit_error);
    for (std::size_t i = 0; i < a.stages.size(); ++i) {
      EXPECT_EQ(a.stages[i].weight_bits, b.stages[i].weight_bits);
      EXPECT_EQ(a.stages[i].limbs, b.stages[i].limbs);
    }
  }
}

TEST(Schedule, IsAsPreciseAsAsked) {
  const auto stages = stages_of(networks::dense(4, {1, 8, 8}, 16, 5));
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    double before = INFINITY;
    for (const double error : {0x1p-6, 0x1p-9, 0x1p-11, 0x1p-13}) {
      const Schedule schedule = schedule_of(stages, mode, error);
      EXPECT_LE(schedule.logit_error, before) << error;
      before = schedule.logit_error;
    }
  }
}

TEST(Schedule, TakesTheSmallestRingAndSaysWhenThereIsNone) {
  const auto stages = stages_of(networks::dense(5, {1, 8, 8}, 16, 5));
  const Magnitudes magnitudes = measure_magnitudes(stages, {});
  EXPECT_EQ(find_schedule(stages, magnitudes, {}).log_degree, 13);
  EXPECT_EQ(find_schedule(stages, magnitudes, {Mode::packed, 0x1p-11, 14, 15}).log_degree, 14);
  EXPECT_THROW(find_schedule(stages, magnitudes, {Mode::packed, 0x1p-60, 13, 13}), UnsupportedError);
}

TEST(Magnitudes, AreMeasuredOnTheSamples) {
  const std::vector<Stage> stages =
      stages_of(networks::chain({2, 1, 1}, {{"fc", nn::Linear{2, {1, 2, 0, -3}, {0, 1}}}, {"square", nn::Square{}}}));
  const Magnitudes m = measure_magnitudes(stages, {{1, 1}, {0, 2}});
  EXPECT_DOUBLE_EQ(m.input_rms, std::sqrt(6.0 / 4));
  ASSERT_EQ(m.stages.size(), 1u);
  EXPECT_DOUBLE_EQ(m.stages[0].map_max, 5);  // 3, -2, 4, -5
  EXPECT_DOUBLE_EQ(m.stages[0].activation_max, 25);
  EXPECT_DOUBLE_EQ(m.stages[0].map_rms, std::sqrt((9 + 4 + 16 + 25) / 4.0));
  EXPECT_DOUBLE_EQ(m.stages[0].gain, std::sqrt((1 + 4 + 9) / 2.0));
}

}  // namespace
}  // namespace obscura::compile
