// How many answers, queries, evaluation keys and client specs that were altered at random does an owner believe?
//   fuzz_tamper [TRIALS [SEED]]      TRIALS of each kind, a million where none are said
#include <cstdio>
#include <cstdlib>

#include "fuzz/tamper.h"

int main(int argc, char** argv) {
  using namespace obscura::fuzz;
  const std::uint64_t trials = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  TamperStudy study(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
  std::printf("%-17s %9s %9s %9s %9s %9s %9s\n", "altered", "tried", "refused", "noise", "right", "doubtful",
              "believed");
  bool held = true;
  for (const Target target : kTargets) {
    const TamperCounts c = study.run(target, trials);
    std::printf("%-17s %9lu %9lu %9lu %9lu %9lu %9lu\n", to_string(target).c_str(), c.tried, c.refused, c.noise, c.same,
                c.doubtful_wrong, c.sound_wrong);
    for (const auto& example : c.examples) std::printf("  believed: %.4000s\n", example.c_str());
    std::fflush(stdout);
    held = held && c.sound_wrong == 0;
  }
  return held ? 0 : 1;
}
