#include "compile/schedule.h"
#include "compile/stages.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "circuits/polynomial.h"
#include "compile/networks.h"
#include "nn/mirrored.h"
#include "nn/onnx_read.h"
#include "program/scales.h"

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

/// Follows the scales with the schedule's primes and checks that every value fits its modulus with a sign.
void expect_everything_fits(const std::vector<Stage>& stages, const Magnitudes& magnitudes, const Schedule& s) {
  const auto context = ckks::Context::create(ckks::make_parameters(s.log_degree, s.q_bits, s.p_bits, s.digit_size));
  EXPECT_GE(context->security_bits(), 128);
  ASSERT_EQ(s.stages.size(), stages.size());
  const auto expect_room = [&](double scale, double largest, std::size_t limbs) {
    EXPECT_LT(std::log2(scale * largest) + 1, context->log_q(limbs));
  };
  const auto scales = program::all_scales(stages, s, *context, std::exp2(s.input_bits));
  std::size_t limbs = s.limbs();
  for (std::size_t i = 0; i < stages.size(); ++i) {
    SCOPED_TRACE("stage " + std::to_string(i));
    const StageSchedule& stage = s.stages[i];
    EXPECT_EQ(stage.limbs, limbs);
    double scale = scales[i].after_map;
    for (std::size_t r = 0; r < stage.rescales_after_map; ++r) {
      scale *= static_cast<double>(context->q(limbs - 1 - r).value());
    }
    expect_room(scale, magnitudes.stages[i].map_max, limbs);
    limbs -= stage.rescales_after_map;
    EXPECT_EQ(stage.activation_limbs, limbs);
    if (stages[i].activation == Activation::square) {
      expect_room(scales[i].after_map * scales[i].after_map, magnitudes.stages[i].activation_max, limbs);
      limbs -= stage.rescales_after_activation;
    } else if (stages[i].activation == Activation::polynomial) {
      limbs -= circuits::polynomial_depth(stages[i].coefficients.front().size() - 1);
    }
    expect_room(scales[i].after_activation, magnitudes.stages[i].activation_max, limbs);
    ASSERT_GE(limbs, 1U);
  }
  EXPECT_EQ(limbs, 1U);
  EXPECT_EQ(s.final_limbs, 1U);
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

/// A square doubles the scale, and weights of one prime less the waterline bring it back: a prime a stage, and one left
/// for the answer.
TEST(Schedule, DeepChainsOfSquaresTakeAPrimeAStage) {
  for (const std::size_t depth : {6, 12, 17}) {
    networks::Random random(depth);
    std::vector<std::pair<std::string, nn::Layer>> layers;
    for (std::size_t i = 0; i < depth; ++i) {
      const std::string number = std::to_string(i);
      layers.emplace_back("conv" + number, networks::conv(random, i == 0 ? 1 : 4, 4, 3, 1, 1));
      layers.emplace_back("square" + number, nn::Square{});
    }
    layers.emplace_back("flatten", nn::Flatten{});
    layers.emplace_back("fc", networks::linear(random, 4 * 64, 5));
    const auto stages = stages_of(networks::chain({1, 8, 8}, std::move(layers)));
    Magnitudes magnitudes = measure_magnitudes(stages, {});
    // Random weights let values run away or die: those of a trained network stay around one.
    for (auto& m : magnitudes.stages) m = {4, 0.5, 8, 1, 1, 3};
    const Schedule s = find_schedule(stages, magnitudes, {});
    expect_everything_fits(stages, magnitudes, s);
    EXPECT_LE(s.limbs(), depth + 2) << depth;
    EXPECT_LE(s.logit_error, 0x1p-11 * 8);
  }
}

/// What closes a dense map makes noise, and is known where the layout is.
TEST(Schedule, ClosingSumsMakeErrors) {
  const auto stages = stages_of(networks::dense(6, {1, 8, 8}, 16, 5));
  Magnitudes magnitudes = measure_magnitudes(stages, {});
  Schedule schedule = find_schedule(stages, magnitudes, {});
  const auto error_with = [&](std::optional<std::size_t> doublings) {
    magnitudes.stages.front().doublings = doublings;
    predict_errors(stages, magnitudes, Mode::packed, schedule);
    return schedule.logit_error;
  };
  const double none = error_with(0), unknown = error_with({}), many = error_with(12);
  EXPECT_LT(none, unknown);
  EXPECT_LT(unknown, many);
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

/// The answer of a steered chain fills its last prime to the brim, whatever the sum of logarithms is rounded to.
TEST(Schedule, ADeepNetworkTakesAPrimeAStage) {
  const nn::Graph plain = nn::read_onnx(std::filesystem::path(OBSCURA_SOURCE_DIR "/models/resnet20-cifar10.onnx"));
  for (const nn::Graph& graph : {plain, nn::mirrored(plain)}) {
    const auto network = network_of(graph);
    const auto magnitudes = magnitudes_of(graph, network, {});
    const auto schedule = find_schedule(network.stages, magnitudes, {Mode::packed});
    EXPECT_EQ(schedule.log_degree, 16);
    EXPECT_LE(schedule.limbs(), network.stages.size() + 1);
    EXPECT_LE(schedule.logit_error, 0x1p-11 * magnitudes.stages.back().activation_max);
  }
}

}  // namespace
}  // namespace obscura::compile
