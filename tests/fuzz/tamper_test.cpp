// What was altered on its way, with every checksum mended, is refused, or said to be noise, or harmless: the same
// million-trial program with fewer of them (fuzz/tamper_main.cpp).
#include <gtest/gtest.h>

#include "fuzz/tamper.h"

namespace obscura::fuzz {
namespace {

TEST(Tamper, NothingAlteredIsBelievedAsAnotherClass) {
  TamperStudy study(3);
  for (const Target target : kTargets) {
    const TamperCounts counts = study.run(target, 2000);
    EXPECT_EQ(counts.sound_wrong, 0u) << to_string(target)
                                      << (counts.examples.empty() ? "" : ": " + counts.examples.front());
    EXPECT_GT(counts.refused + counts.noise, counts.tried / 2) << to_string(target);
  }
}

}  // namespace
}  // namespace obscura::fuzz
