#include "study/evaluate/simulated_run.h"

#include <algorithm>

#include "base/progress.h"
#include "base/stopwatch.h"
#include "compile/simulate.h"
#include "study/compile_network.h"

namespace obscura::study {
namespace {

/// Images between two lines of progress.
constexpr std::size_t kStep = 16;

}  // namespace

SimulatedRun run_simulated(const nn::Graph& graph, const compile::CompileOptions& options,
                           const std::vector<std::vector<float>>& images, ThreadPool& pool, bool progress) {
  const Stopwatch watch;
  SimulatedRun result;
  program::Program program = compile_network(graph, options);
  const compile::Simulator simulator(program);
  result.client = program.client;
  program = {};
  result.logits.resize(images.size());
  std::vector<char> overflow(images.size(), 0);
  Progress shown("simulating", images.size(), "images", progress);
  for (std::size_t first = 0; first < images.size(); first += kStep) {
    const std::size_t count = std::min(kStep, images.size() - first);
    pool.parallel_for(count, [&](std::size_t i) {
      auto one = simulator.run(images[first + i], first + i);
      overflow[first + i] = one.overflow >= 0 ? 1 : 0;
      result.logits[first + i] = std::move(one.logits);
    });
    shown.advance(count);
  }
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (overflow[i] != 0) result.overflows.push_back(i);
  }
  result.seconds = watch.seconds();
  return result;
}

}  // namespace obscura::study
