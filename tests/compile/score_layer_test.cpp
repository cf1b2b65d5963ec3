#include "compile/score_layer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "compile/compile.h"
#include "compile/networks.h"
#include "compile/stages.h"
#include "nn/reference.h"
#include "program/stage.h"

namespace obscura::compile {
namespace {

/// An embedding of `numbers` of a picture of 8 x 8.
nn::Graph embedding(networks::Random& random, std::size_t numbers) {
  return networks::chain({1, 8, 8}, {{"conv", networks::conv(random, 1, 4, 3, 1, 1)},
                                     {"square", nn::Square{}},
                                     {"flatten", nn::Flatten{}},
                                     {"embedding", networks::linear(random, 256, numbers)}});
}

std::vector<float> unit_rows(networks::Random& random, std::size_t count, std::size_t numbers) {
  std::vector<float> rows;
  for (std::size_t r = 0; r < count; ++r) {
    const nn::Linear drawn = networks::linear(random, numbers, 1);
    double squares = 0;
    for (const float v : drawn.weights) squares += static_cast<double>(v) * v;
    for (const float v : drawn.weights) rows.push_back(static_cast<float>(v / std::sqrt(squares)));
  }
  return rows;
}

TEST(ScoreLayer, SaysInnerProducts) {
  networks::Random random(3);
  const nn::Graph graph = embedding(random, 16);
  auto rows = unit_rows(random, 300, 16);
  std::fill_n(rows.begin() + 7 * 16, 16, 0.0F);
  const nn::Graph scored = with_scores(graph, rows, 16);
  const auto image = networks::images(1, 64, 4).front();
  const auto e = nn::run_reference(graph, image), scores = nn::run_reference(scored, image);
  ASSERT_EQ(scores.size(), 300u);
  for (std::size_t r = 0; r < 300; ++r) {
    double expected = 0;
    for (std::size_t k = 0; k < 16; ++k) expected += e[k] * rows[r * 16 + k];
    EXPECT_NEAR(scores[r], expected, 1e-9 * std::max(1.0, std::abs(expected))) << r;
  }
  EXPECT_EQ(scores[7], 0);
}

// Also where the scores are a stage of their own, and where they are one with the embedding.
TEST(ScoreLayer, KeepsWhatIsKnownOfTheRanges) {
  networks::Random random(5);
  for (const std::size_t count : {300u, 70000u}) {
    SCOPED_TRACE(count);
    nn::Graph graph = embedding(random, 16);
    std::vector<std::vector<double>> samples;
    for (const auto& image : networks::images(8, 64, 6)) samples.emplace_back(image.begin(), image.end());
    graph.calibration = calibration_numbers(graph, samples);
    const nn::Graph scored = with_scores(graph, unit_rows(random, count, 16), 16);
    const auto own = network_of(scored).stages.size() - network_of(graph).stages.size();
    EXPECT_EQ(own, count == 300 ? 0u : 1u);
    const auto measured = calibration_numbers(scored, samples);
    ASSERT_EQ(scored.calibration.size(), measured.size());
    for (std::size_t i = 0; i < measured.size(); ++i) {
      EXPECT_GE(scored.calibration[i], 0.3 * measured[i]) << i;  // root mean squares are estimates
      EXPECT_LE(scored.calibration[i], 40 * measured[i]) << i;
    }
    const std::size_t most = measured.size() - 3;  // of the last activation
    EXPECT_GE(scored.calibration[most], measured[most]);
  }
}

TEST(ScoreLayer, RefusesVectorsOfAnotherLength) {
  networks::Random random(7);
  const nn::Graph graph = embedding(random, 16);
  const auto rows = unit_rows(random, 3, 8);
  EXPECT_THROW(with_scores(graph, rows, 8), MismatchError);
  EXPECT_THROW(with_scores(graph, {}, 16), MismatchError);
}

}  // namespace
}  // namespace obscura::compile
