#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/error.h"
#include "compile/size_cases.h"
#include "runtime/session.h"

/// Some networks of the grid of sides, channels, kernels and strides on ciphertexts (compile/size_grid_test.cpp: many
/// of them in the clear).
namespace obscura::runtime {
namespace {

void expect_runs(std::uint64_t seed, double most_entries) {
  const auto drawn = compile::testing::size_case(seed, most_entries);
  SCOPED_TRACE("seed " + std::to_string(seed) + ": " + drawn.text());
  // Ranges and errors as they are on such images.
  compile::CompileOptions options;
  for (const auto& sample : support::random_images(drawn.graph.input_shape(), 4, seed + 1)) {
    options.samples.emplace_back(sample.begin(), sample.end());
  }
  const testing::Session session(drawn.graph, options);
  const auto image = support::random_images(drawn.graph.input_shape(), 1, seed);
  ThreadPool pool(2);
  testing::expect_plain(session, image.front(), session.classify(image, &pool).front());
}

TEST(RunnerSizes, RandomDraws) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    expect_runs(seed, 2e5);
    if (HasFailure()) return;
  }
}

TEST(RunnerSizes, ManyRandomDraws) {
  if (std::getenv("OBSCURA_SLOW_TESTS") == nullptr) GTEST_SKIP() << "takes an hour: OBSCURA_SLOW_TESTS=1 runs it";
  for (std::uint64_t seed = 100; seed < 160; ++seed) {
    try {
      expect_runs(seed, 1e6);
    } catch (const UnsupportedError&) {
      continue;  // said before any key is made
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace obscura::runtime
