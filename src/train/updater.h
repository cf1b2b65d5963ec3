#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "train/encrypted/network.h"
#include "train/muon.h"
#include "train/recipe.h"

namespace obscura::train {

/// Parameters that are stepped alike.
struct UpdateGroup {
  std::vector<torch::Tensor> parameters;
  double rate = 1;  ///< of the recipe's learning rate
  bool decayed = true;
};

/// All parameters of a network.
struct UpdateGroups {
  std::vector<UpdateGroup> stepped;
  std::vector<torch::Tensor> orthogonal;  ///< weights that muon steps
};

UpdateGroups update_groups(const Recipe& recipe, const Network& network);

/// Steps a network's parameters by their gradients, as the recipe says. Not thread-safe.
class Updater {
 public:
  /// Parameters stay on the device that they are on.
  Updater(const Recipe& recipe, const UpdateGroups& groups);

  void zero_gradients();
  /// Limits the gradients' norm and steps by `share` of the learning rates. Returns false, and changes nothing, if a
  /// gradient is not finite.
  bool step(double share);

  /// Everything that the next step depends on, besides the network.
  std::string archive() const;
  void restore(const std::string& bytes);

 private:
  Recipe recipe_;
  UpdateGroups groups_;
  std::vector<torch::Tensor> parameters_;
  std::unique_ptr<torch::optim::Optimizer> base_;
  std::shared_ptr<Muon> muon_;
};

}  // namespace obscura::train
