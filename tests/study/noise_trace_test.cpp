#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "compile/compile.h"
#include "compile/networks.h"
#include "study/audit/noise.h"
#include "support/chunk_networks.h"

namespace obscura::study {
namespace {

using message::Mode;

nn::Graph small_network() {
  return networks::dense(3, {1, 8, 8}, 16, 5);
}

/// Compiled on the images that are run, so that values are as large as was thought.
program::Program compiled(const nn::Graph& graph, Mode mode, const std::vector<std::vector<float>>& images,
                          std::size_t side_by_side = 1) {
  compile::CompileOptions options;
  options.mode = mode;
  options.images_per_ciphertext = side_by_side;
  for (const auto& image : images) options.samples.emplace_back(image.begin(), image.end());
  return compile::compile(graph, options);
}

/// What the model of errors claims, with room: it takes slots by their size where they have a real part alone, so a
/// little less is right, and sums that it counts may not be there.
void expect_near(const NoiseAudit& audit, double most) {
  for (const auto& stage : audit.stages) {
    EXPECT_GT(stage.predicted, 0) << stage.name;
    EXPECT_GT(stage.measured, 0) << stage.name;
    EXPECT_LT(stage.ratio(), most) << stage.name;
    EXPECT_GT(stage.ratio(), 0.02) << stage.name;
    EXPECT_LE(stage.interval.low, stage.measured) << stage.name;
    EXPECT_GE(stage.interval.high, stage.measured) << stage.name;
    EXPECT_GE(stage.largest, stage.measured) << stage.name;
    EXPECT_GT(stage.bits(), 5) << stage.name;
  }
}

TEST(NoiseTrace, FollowsEveryStageOfAPackedRun) {
  ThreadPool pool(2);
  const auto graph = small_network();
  const auto images = networks::images(6, 64, 11);
  const auto audit = trace_noise(graph, compiled(graph, Mode::packed, images), images, pool, false);
  ASSERT_EQ(audit.stages.size(), 4U);
  EXPECT_EQ(audit.stages.front().name, "encryption");
  EXPECT_EQ(audit.stages.front().values, 64U);
  EXPECT_EQ(audit.stages[1].values, 16U);
  EXPECT_EQ(audit.stages[2].values, 5U);
  EXPECT_EQ(audit.stages.back().name, "logits");
  EXPECT_EQ(audit.images, 6U);
  expect_near(audit, 1.5);
}

/// A fresh encryption's error in the real part of a slot: rounding and the key's Gaussian noise, sqrt(N / 2) of them.
TEST(NoiseTrace, EncryptionHasTheErrorOfTheDefinition) {
  ThreadPool pool(2);
  const auto graph = small_network();
  const auto images = networks::images(12, 64, 12);
  const auto program = compiled(graph, Mode::packed, images);
  const double coefficients = std::exp2(program.client.parameters.log_degree - 1);
  const double expected = std::sqrt(coefficients * (3.2 * 3.2 + 1.0 / 12)) / program.client.input_scale;
  const auto audit = trace_noise(graph, program, images, pool, false);
  EXPECT_NEAR(audit.stages.front().measured / expected, 1, 0.15);
}

TEST(NoiseTrace, FollowsImagesSideBySide) {
  ThreadPool pool(2);
  const auto graph = small_network();
  const auto images = networks::images(7, 64, 13);
  const auto audit = trace_noise(graph, compiled(graph, Mode::packed, images, 4), images, pool, false);
  ASSERT_EQ(audit.client.images, 4U);
  expect_near(audit, 1.5);
}

TEST(NoiseTrace, FollowsABatchedRun) {
  ThreadPool pool(2);
  const auto graph = small_network();
  const auto images = networks::images(40, 64, 14);
  const auto audit = trace_noise(graph, compiled(graph, Mode::batched, images), images, pool, false);
  ASSERT_EQ(audit.stages.size(), 4U);
  expect_near(audit, 1.5);
}

TEST(NoiseTrace, FollowsConvolutionsAndTheirLayouts) {
  ThreadPool pool(2);
  const auto graph = networks::tutorial(5);
  const auto images = networks::images(3, 784, 15);
  const auto audit = trace_noise(graph, compiled(graph, Mode::packed, images), images, pool, false);
  ASSERT_EQ(audit.stages.size(), 5U);
  expect_near(audit, 1.5);
}

/// What fitted activations are: polynomials, with coefficients of their own in every channel.
TEST(NoiseTrace, FollowsPolynomials) {
  ThreadPool pool(2);
  networks::Random random(21);
  nn::Polynomial activation;
  for (const float x : {0.0F, 1.0F, 2.0F}) {
    activation.coefficients.push_back({0.1F + 0.05F * x, 0.6F - 0.1F * x, 0.2F, 0.05F + 0.01F * x});
  }
  const auto graph = networks::chain({1, 8, 8}, {{"conv", networks::conv(random, 1, 3, 3, 2, 1)},
                                                 {"act", activation},
                                                 {"flatten", nn::Flatten{}},
                                                 {"fc", networks::linear(random, 48, 6)}});
  const auto images = networks::images(5, 64, 18);
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    const auto audit = trace_noise(graph, compiled(graph, mode, images), images, pool, false);
    ASSERT_EQ(audit.stages.size(), 4U);
    expect_near(audit, 2.5);
  }
}

/// Behind the merge, whatever is encrypted of a picture. The bound is that of the tests of the whole run.
TEST(NoiseTrace, FollowsNetworksOfChunksFromTheirMerge) {
  ThreadPool pool(2);
  std::size_t ran = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const auto drawn = support::random_chunk_case(seed);
    SCOPED_TRACE(drawn.text);
    program::Program program;
    try {
      program = compile::compile(drawn.graph, drawn.options);
    } catch (const UnsupportedError&) {
      continue;  // no parameters hold it
    }
    ++ran;
    const std::vector<std::vector<float>> pictures{support::network_picture(drawn.graph, seed)};
    const std::size_t behind = program.schedule.stages.size() - program.merge->value;
    const auto audit = trace_noise(drawn.graph, std::move(program), pictures, pool, false);
    ASSERT_EQ(audit.stages.size(), behind + 1);
    for (const auto& stage : audit.stages) EXPECT_LT(stage.largest, 10 * stage.predicted + 1e-5) << stage.name;
  }
  EXPECT_GE(ran, 8U);
}

TEST(NoiseTrace, FlagsAPredictionThatIsWrong) {
  ThreadPool pool(2);
  const auto graph = small_network();
  const auto images = networks::images(16, 64, 16);
  auto program = compiled(graph, Mode::packed, images);
  ASSERT_EQ(program.schedule.stage_errors.size(), 2U);
  const auto right = trace_noise(graph, program, images, pool, false);
  // As if a stage were far more exact than it is.
  program.schedule.stage_errors[0] = right.stages[1].measured / 3;
  const auto wrong = trace_noise(graph, std::move(program), images, pool, false);
  EXPECT_EQ(wrong.stages[1].standing, Standing::exceeded);
  EXPECT_NEAR(wrong.stages[1].ratio(), 3, 1);
  EXPECT_FALSE(wrong.holds());
}

/// A program whose weights are not the network's: what it computes is another thing, by far more than any error.
TEST(NoiseTrace, FlagsAnotherNetworksProgram) {
  ThreadPool pool(2);
  const auto graph = small_network();
  const auto images = networks::images(4, 64, 17);
  const auto other = networks::dense(4, {1, 8, 8}, 16, 5);
  const auto audit = trace_noise(graph, compiled(other, Mode::packed, images), images, pool, false);
  EXPECT_NE(audit.stages[0].standing, Standing::exceeded);
  EXPECT_EQ(audit.stages[1].standing, Standing::exceeded);
  EXPECT_GT(audit.stages[1].ratio(), 100);
  EXPECT_FALSE(audit.holds());
}

}  // namespace
}  // namespace obscura::study
