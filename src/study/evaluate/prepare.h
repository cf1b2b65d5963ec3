#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "nn/graph.h"
#include "study/evaluate/original_run.h"
#include "study/evaluate/request.h"

namespace obscura::study {

/// Test images as the network takes them.
struct TestImages {
  std::vector<std::vector<float>> values;  ///< preprocessed
  std::vector<std::int64_t> labels;
  std::vector<std::string> classes;  ///< the network's
  std::string selection;             ///< which images of the set
};

/// What an encrypted and a simulated run both need: network, images, and what the network says of them in the clear.
struct Prepared {
  nn::Graph graph;  ///< as it is compiled
  TestImages images;
  std::vector<std::vector<float>> plain;     ///< logits of the network as the file has it
  std::vector<std::vector<float>> compiled;  ///< and as it is compiled, where activations were fitted
  std::optional<OriginalRun> original;       ///< what the file was fitted from, as asked
  nn::Origin origin;                         ///< as the file states it
  double plain_seconds = 0;
  compile::CompileOptions options;
};

/// What a run in the clear needs: activations are as the file has them, nothing is fitted or compiled.
/// Throws as reading networks and images does, and UnsupportedError for a network that is no classifier.
Prepared prepare_plain(const EvaluationRequest& request);

/// Throws as reading networks and images does, and UnsupportedError for a network that is no classifier.
Prepared prepare(const EvaluationRequest& request, ThreadPool& pool);

}  // namespace obscura::study
