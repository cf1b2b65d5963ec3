#include "compile/left_sums.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compile/compile.h"
#include "compile/networks.h"

namespace obscura::compile {
namespace {

/// Where made-up images, which are not those that a polynomial was fitted to, go beyond all numbers, as much is assumed
/// as there can be.
TEST(LeftSums, AreNumbersWhateverTheImages) {
  const Program program = compile(networks::tutorial(3));
  std::size_t with_gaps = 0;
  for (std::size_t i = 0; i < program.packed.size(); ++i) {
    if (program.packed[i].output->gap == 1) continue;
    ++with_gaps;
    const LeftSums sums = left_sums(program, i);
    EXPECT_GT(sums.peak, 0);
    EXPECT_GT(sums.energy, 0);
    EXPECT_TRUE(std::isfinite(sums.peak) && std::isfinite(sums.energy));
    Program far = program;
    for (auto& term : far.packed[i].stage.terms) term.map.scale_rows([](std::size_t) { return 1e200; });
    const LeftSums beyond = left_sums(far, i);
    EXPECT_EQ(beyond.peak, LeftSums::most().peak);
    EXPECT_EQ(beyond.energy, LeftSums::most().energy);
  }
  EXPECT_GT(with_gaps, 0u);
}

}  // namespace
}  // namespace obscura::compile
