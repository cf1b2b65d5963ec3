#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/notes.h"
#include "compile/compile.h"
#include "nn/graph.h"

namespace obscura::study {

/// As typed: what of a picture in chunks is encrypted. Empty words and nothing: not said.
struct PolicyWishes {
  std::string policy;
  std::optional<double> threshold;  ///< features
  std::string score;                ///< features: mean or maximum
  std::optional<std::size_t> hidden_chunks;

  bool any() const { return !policy.empty() || threshold || !score.empty() || hidden_chunks; }
};

/// Chunks that policy hidden encrypts where nobody says how many: three quarters, rounded up.
std::size_t usual_hidden_chunks(const Chunking& cut);

/// Puts the wishes into the graph (how many chunks it looks at) and the options; says in notes what is in force, and of
/// policy features what it gives away. Throws UsageError for wishes that contradict each other or the network, a
/// threshold that is no gradient, more hidden chunks than there are.
void apply_policy(const PolicyWishes& wishes, nn::Graph& graph, compile::CompileOptions& options, const Notes& note);

}  // namespace obscura::study
