#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <memory>
#include <string>

#include "train/muon.h"
#include "train/network.h"
#include "train/recipe.h"

namespace obscura::train {

/// Steps a network's parameters by their gradients, as the recipe says. Not thread-safe.
class Updater {
 public:
  Updater(const Recipe& recipe, const Network& network);

  void zero_gradients();
  /// Limits the gradients' norm and steps by `share` of the learning rates. Returns false, and changes nothing, if a
  /// gradient is not finite.
  bool step(double share);

  /// Everything that the next step depends on, besides the network.
  std::string archive() const;
  void restore(const std::string& bytes);

 private:
  Recipe recipe_;
  std::vector<torch::Tensor> parameters_;
  std::unique_ptr<torch::optim::Optimizer> base_;
  std::shared_ptr<Muon> muon_;
};

}  // namespace obscura::train
