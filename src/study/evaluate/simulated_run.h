#pragma once

#include <cstddef>
#include <vector>

#include "base/parallel.h"
#include "compile/compile.h"

namespace obscura::study {

/// What an encrypted run would give, in the clear (compile/simulate.h).
struct SimulatedRun {
  message::ClientSpec client;
  std::vector<std::vector<double>> logits;  ///< of every image
  std::vector<std::size_t> overflows;       ///< images with values that leave the range of the modulus
  double seconds = 0;
};

/// `images` are preprocessed. Shows progress where `progress` is set.
SimulatedRun run_simulated(const nn::Graph& graph, const compile::CompileOptions& options,
                           const std::vector<std::vector<float>>& images, ThreadPool& pool, bool progress);

}  // namespace obscura::study
