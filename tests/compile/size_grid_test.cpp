#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/error.h"
#include "compile/clear_run.h"
#include "compile/size_cases.h"
#include "nn/reference.h"

/// Everything over the grid of sides, channels, kernels and strides compiles packed and gives what the network gives,
/// or is refused with what was too much and what to do.
namespace obscura::compile {
namespace {

using testing::size_case;

/// A refusal says what is too large, in which layer or network, and a remedy.
void expect_helpful(const std::string& why) {
  const auto has = [&](const char* text) { return why.find(text) != std::string::npos; };
  EXPECT_TRUE(has("layer") || has("network")) << why;
  EXPECT_TRUE(has("use ") || has("keep them") || has("train ")) << why;
  EXPECT_FALSE(has("fault of the compiler") || has("block output") || has("has no diagonals")) << why;
}

void check_case(std::uint64_t seed, double most_entries) {
  const auto drawn = size_case(seed, most_entries);
  SCOPED_TRACE("seed " + std::to_string(seed) + ": " + drawn.text());
  std::optional<Program> program;
  try {
    program = compile(drawn.graph);
  } catch (const UnsupportedError& e) {
    return expect_helpful(e.what());
  }
  const auto image = support::random_images(drawn.graph.input_shape(), 1, seed).front();
  const auto logits = testing::ClearRun(*program).run({image}).front();
  const auto plain = nn::run_reference(drawn.graph, image);
  ASSERT_EQ(logits.size(), plain.size());
  double most = 1;
  for (const double v : plain) most = std::max(most, std::abs(v));
  for (std::size_t i = 0; i < plain.size(); ++i) ASSERT_NEAR(logits[i], plain[i], 1e-5 * most) << "logit " << i;
}

std::size_t number_from(const char* name, std::size_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
}

TEST(SizeGrid, RandomDraws) {
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    check_case(seed, 3e5);
    if (HasFailure()) return;
  }
}

/// OBSCURA_SLOW_TESTS=1: OBSCURA_SIZES_COUNT (1,000) draws from OBSCURA_SIZES_SEED on, and larger ones.
TEST(SizeGrid, ManyRandomDraws) {
  if (std::getenv("OBSCURA_SLOW_TESTS") == nullptr) GTEST_SKIP() << "takes an hour: OBSCURA_SLOW_TESTS=1 runs it";
  const std::size_t first = number_from("OBSCURA_SIZES_SEED", 100), count = number_from("OBSCURA_SIZES_COUNT", 1000);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    check_case(seed, seed % 10 == 0 ? 3e7 : 1e6);
    if (HasFatalFailure()) return;
  }
}

// What is too much is said: by how much, where, and what to do, before its matrices fill the memory.
TEST(SizeGrid, RefusesWhatIsTooMuch) {
  networks::Random random(1);
  const nn::Graph huge =
      networks::chain({64, 256, 256}, {{"conv1", networks::conv(random, 64, 64, 5, 1, 2)}, {"square", nn::Square{}}});
  try {
    compile(huge);
    FAIL() << "compiles";
  } catch (const UnsupportedError& e) {
    expect_helpful(e.what());
    EXPECT_NE(std::string(e.what()).find("layer conv1"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace obscura::compile
