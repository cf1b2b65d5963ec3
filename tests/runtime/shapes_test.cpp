#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "compile/compile.h"
#include "compile/shape_cases.h"
#include "runtime/session.h"

/// Shapes whose plans count ciphertexts that hold or read nothing, on ciphertexts (compile/shapes_test.cpp: in the
/// clear).
namespace obscura::runtime {
namespace {

using compile::testing::network_of_side;
using message::Mode;
using testing::Session;

void expect_runs(const nn::Graph& graph, const compile::CompileOptions& options) {
  const Session session(graph, options);
  const std::size_t count = std::min<std::size_t>(session.program.client.images, 2);
  const auto inputs = support::random_images(graph.input_shape(), count, 3);
  ThreadPool pool(2);
  const auto logits = session.classify(inputs, &pool);
  ASSERT_EQ(logits.size(), count);
  for (std::size_t i = 0; i < count; ++i) testing::expect_plain(session, inputs[i], logits[i]);
}

TEST(RunnerShapes, SidesThatAreNoPowersOfTwo) {
  expect_runs(network_of_side(96, 1), {});
  expect_runs(network_of_side(96, 3), {});
  expect_runs(network_of_side(128, 1, 2, 1), {});
}

TEST(RunnerShapes, ManyImagesSideBySide) {
  for (const std::size_t images : {16u, 64u}) {
    compile::CompileOptions options;
    options.images_per_ciphertext = images;
    expect_runs(networks::tutorial(1), options);
  }
}

/// A channel without weights has ciphertexts of its own that no diagonal leads to: its bias alone.
TEST(RunnerShapes, ChannelsWithoutWeights) {
  networks::Random random(4);
  nn::Conv2d conv = networks::conv(random, 1, 3, 3, 1, 1);
  std::fill_n(conv.weights.begin() + 9, 9, 0.0F);
  const nn::Graph graph = networks::chain({1, 72, 72}, {{"conv", conv},
                                                        {"square", nn::Square{}},
                                                        {"pool", nn::AvgPool{{18, 18}, {18, 18}, {}, false}},
                                                        {"flatten", nn::Flatten{}},
                                                        {"fc", networks::linear(random, 48, 5)}});
  expect_runs(graph, {});
  const nn::Graph small =
      networks::chain({1, 8, 8}, {{"conv", conv}, {"square", nn::Square{}}, {"fc", networks::linear(random, 192, 3)}});
  testing::expect_equals_plain_run(small, Mode::packed, 1);
  testing::expect_equals_plain_run(small, Mode::batched, 2);
}

// More outputs than slots come in several ciphertexts, of one image and of images side by side; and a gallery's vectors
// behind an embedding are a stage of their own.
TEST(RunnerShapes, OutputsInSeveralReplies) {
  networks::Random random(4);
  expect_runs(networks::chain({1, 140, 140}, {{"conv", networks::conv(random, 1, 1, 3, 1, 1)}}), {});
  compile::CompileOptions four;
  four.images_per_ciphertext = 4;
  expect_runs(networks::chain({1, 16, 16}, {{"conv", networks::conv(random, 1, 12, 3, 1, 1)}}), four);
  expect_runs(networks::chain({1, 32, 32}, {{"conv", networks::conv(random, 1, 1, 3, 1, 1)},
                                            {"square", nn::Square{}},
                                            {"flatten", nn::Flatten{}},
                                            {"narrow", networks::linear(random, 1024, 8)},
                                            {"wide", networks::linear(random, 8, 20000)}}),
              {});
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// OBSCURA_SLOW_TESTS=1: OBSCURA_SHAPES_COUNT (60) networks from OBSCURA_SHAPES_SEED (5000) on.
TEST(RunnerShapes, RandomNetworks) {
  if (std::getenv("OBSCURA_SLOW_TESTS") == nullptr) GTEST_SKIP() << "takes an hour: OBSCURA_SLOW_TESTS=1 runs it";
  const std::uint64_t first = number_from("OBSCURA_SHAPES_SEED", 5000);
  const std::uint64_t count = number_from("OBSCURA_SHAPES_COUNT", 60);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const auto drawn = compile::testing::shape_case(seed, 4000);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + drawn.text());
    try {
      compile::compile(drawn.graph, drawn.options);
    } catch (const UnsupportedError&) {
      continue;  // said before any key is made
    }
    expect_runs(drawn.graph, drawn.options);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace obscura::runtime
