#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "nn/graph.h"

/// A network as people have it made one that ciphertexts can compute: what is replaced, without any training.
namespace obscura::train {

/// What stood where a converted network has a quadratic or an average.
struct Original {
  nn::Layer layer;       ///< nn::Activation or nn::MaxPool
  std::size_t node = 0;  ///< in Surgery::original
  friend bool operator==(const Original& a, const Original& b) { return a.node == b.node; }
};

struct Surgery {
  nn::Graph original;  ///< as it was, batch norms folded where they can be
  /// The same layers and weights, but: a maximum pool became the average of the same windows, and an activation a batch
  /// norm and, a channel, c + b z + a z^2 behind it: of a standard normal z the expansion of a ReLU, to be fitted
  /// (fit_start.h). Calibration and origin are left out: they were the original's.
  nn::Graph converted;
  /// By node of `converted`: on the polynomials and the average pools that replace something.
  std::vector<std::optional<Original>> originals;

  std::size_t activations() const;  ///< that were replaced
  std::size_t pools() const;
};

/// Throws UnsupportedError, one line, for a network that has nothing to be replaced, and for one whose activations are
/// fitted polynomials already, which are to be converted from the network that they were fitted from.
Surgery replace_activations(const nn::Graph& network);

}  // namespace obscura::train
