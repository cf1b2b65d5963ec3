#include "study/machine_speed.h"

#include <gtest/gtest.h>

#include "compile/compile.h"
#include "compile/networks.h"

namespace obscura::study {
namespace {

TEST(MachineSpeed, SaysWhatToExpectHere) {
  const auto program = compile::compile(networks::tutorial(1));
  EXPECT_GT(machine_slowdown(program), 0);
  const std::string twice = expected_here(program, 2), once = expected_here(program, 1);
  EXPECT_NE(twice.find("2.0 times"), std::string::npos) << twice;
  EXPECT_NE(once, twice);
}

}  // namespace
}  // namespace obscura::study
