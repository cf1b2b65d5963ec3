#include <gtest/gtest.h>

#include "base/error.h"
#include "ckks/wire.h"
#include "compile/compile.h"
#include "compile/size_cases.h"
#include "program/sizes.h"
#include "runtime/session.h"

/// Programs whose keys were bargained down, on ciphertexts.
namespace obscura::runtime {
namespace {

compile::CompileOptions options_with_samples(const nn::Graph& graph, std::uint64_t seed) {
  compile::CompileOptions options;
  for (const auto& sample : support::random_images(graph.input_shape(), 4, seed)) {
    options.samples.emplace_back(sample.begin(), sample.end());
  }
  return options;
}

/// With about the fewest keys that there are.
compile::CompileOptions fewest_keys(const nn::Graph& graph, compile::CompileOptions options) {
  const auto free = program::sizes(compile::compile(graph, options));
  for (const double part : {0.4, 0.6, 0.8, 1.0}) {
    options.budget.keys = part * free.keys;
    try {
      compile::compile(graph, options);
      break;
    } catch (const UnsupportedError&) {
      continue;
    }
  }
  return options;
}

TEST(FewKeys, RunAndAgree) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const auto drawn = compile::testing::size_case(seed, 2e4);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + drawn.text());
    const auto options = fewest_keys(drawn.graph, options_with_samples(drawn.graph, seed + 1));
    const testing::Session session(drawn.graph, options);
    EXPECT_LE(program::sizes(session.program).keys, options.budget.keys);
    const auto image = support::random_images(drawn.graph.input_shape(), 1, seed);
    testing::expect_plain(session, image.front(), session.classify(image).front());
    if (HasFailure()) return;
  }
}

TEST(FewKeys, SideBySide) {
  const nn::Graph graph = networks::dense(3, {1, 8, 8}, 16, 5);
  auto options = options_with_samples(graph, 5);
  options.images_per_ciphertext = 4;
  const testing::Session session(graph, fewest_keys(graph, options));
  const auto images = support::random_images(graph.input_shape(), 4, 9);
  const auto logits = session.classify(images);
  for (std::size_t k = 0; k < images.size(); ++k) testing::expect_plain(session, images[k], logits[k]);
}

/// What is said to be sent is sent, and what is said to be expanded is.
TEST(FewKeys, TakeWhatIsPredicted) {
  const nn::Graph graph = networks::tutorial(4);
  for (const bool few : {false, true}) {
    const compile::CompileOptions any = options_with_samples(graph, 6);
    const testing::Session session(graph, few ? fewest_keys(graph, any) : any);
    const auto sizes = program::sizes(session.program);
    const auto file = ckks::write_evaluation_keys(*session.runner->context(), session.seeded);
    EXPECT_NEAR(static_cast<double>(file.size()), sizes.keys, 0.01 * sizes.keys);
    const auto expanded = static_cast<double>(session.keys->memory_bytes());
    // Processors with AVX-512 IFMA pack residues, to half at the least.
    EXPECT_LE(expanded, 1.05 * sizes.expanded_keys);
    EXPECT_GE(expanded, 0.45 * sizes.expanded_keys);
  }
}

}  // namespace
}  // namespace obscura::runtime
