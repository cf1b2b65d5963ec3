#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "compile/clear_run.h"
#include "compile/networks.h"
#include "compile/shape_cases.h"
#include "program/validate.h"

namespace obscura::compile {
namespace {

using testing::ClearRun;
using testing::network_of_side;
using testing::shape_case;
using testing::ShapeCase;

std::size_t count_from(const char* name, std::size_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
}

/// The program, slot by slot in the clear, gives what the network gives.
void expect_same(const nn::Graph& graph, const Program& program, std::uint64_t seed) {
  const std::size_t count = std::min<std::size_t>(program.client.images, 3);
  const auto images = support::random_images(graph.input_shape(), count, seed);
  const auto logits = ClearRun(program).run(images);
  ASSERT_EQ(logits.size(), count);
  for (std::size_t k = 0; k < count; ++k) {
    const auto plain = nn::run_reference(graph, images[k]);
    ASSERT_EQ(logits[k].size(), plain.size());
    double most = 1;
    for (const double v : plain) most = std::max(most, std::abs(v));
    for (std::size_t i = 0; i < plain.size(); ++i) {
      ASSERT_NEAR(logits[k][i], plain[i], 1e-5 * most) << "image " << k << ", logit " << i;
    }
  }
}

void check_case(std::uint64_t seed) {
  const ShapeCase drawn = shape_case(seed);
  SCOPED_TRACE("seed " + std::to_string(seed) + ": " + drawn.text());
  Program program;
  try {
    program = compile(drawn.graph, drawn.options);
  } catch (const UnsupportedError& e) {
    // Too many images side by side for the outputs, too many diagonals, or too deep: said, and no fault.
    const std::string why = e.what();
    const bool room = why.find("more outputs than 256 replies hold") != std::string::npos ||
                      why.find("128-bit security") != std::string::npos ||
                      why.find("diagonals in every layout") != std::string::npos ||
                      why.find("does not depend on the image") != std::string::npos;
    EXPECT_TRUE(room) << why;
    return;
  }
  expect_same(drawn.graph, program, seed);
}

TEST(Shapes, SidesThatAreNoPowersOfTwo) {
  for (const std::size_t side : {96u, 160u, 224u}) {
    SCOPED_TRACE(side);
    const nn::Graph graph = network_of_side(side, 1);
    expect_same(graph, compile(graph), side);
    if (HasFatalFailure()) return;
  }
  const nn::Graph colour = network_of_side(96, 3), two = network_of_side(128, 1, 2, 1);
  expect_same(colour, compile(colour), 1);
  expect_same(two, compile(two), 2);
}

TEST(Shapes, ManyImagesSideBySide) {
  const nn::Graph graph = networks::tutorial(1);
  for (const std::size_t images : {16u, 32u, 64u}) {
    SCOPED_TRACE(images);
    CompileOptions options;
    options.images_per_ciphertext = images;
    expect_same(graph, compile(graph, options), images);
    if (HasFatalFailure()) return;
  }
}

TEST(Shapes, RandomNetworks) {
  const std::size_t first = count_from("OBSCURA_SHAPES_SEED", 1);
  for (std::uint64_t seed = first; seed < first + 12; ++seed) {
    check_case(seed);
    if (HasFailure()) return;
  }
}

/// OBSCURA_SLOW_TESTS=1: OBSCURA_SHAPES_COUNT (500) networks from OBSCURA_SHAPES_SEED (1000) on, and every side.
TEST(Shapes, ManyRandomNetworks) {
  if (std::getenv("OBSCURA_SLOW_TESTS") == nullptr) GTEST_SKIP() << "takes an hour: OBSCURA_SLOW_TESTS=1 runs it";
  const std::size_t first = count_from("OBSCURA_SHAPES_SEED", 1000), count = count_from("OBSCURA_SHAPES_COUNT", 500);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    check_case(seed);
    if (HasFatalFailure()) return;
  }
}

TEST(Shapes, EverySide) {
  if (std::getenv("OBSCURA_SLOW_TESTS") == nullptr) GTEST_SKIP() << "takes an hour: OBSCURA_SLOW_TESTS=1 runs it";
  for (std::size_t side = 8; side <= 256; ++side) {
    SCOPED_TRACE(side);
    const nn::Graph graph = network_of_side(side, 1 + side % 3, side < 16 ? 1 : 2, 1 + side % 2);
    expect_same(graph, compile(graph), side);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace obscura::compile
