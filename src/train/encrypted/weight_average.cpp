#include "train/encrypted/weight_average.h"

namespace obscura::train {

WeightAverage::WeightAverage(const Network& from, const nn::Graph& skeleton, const NetworkForm& form, double decay)
    : network_(std::make_shared<Network>(skeleton, form)), decay_(decay) {
  copy(from, 1);
}

void WeightAverage::add(const Network& now) {
  copy(now, 1 - decay_);
}

void WeightAverage::copy(const Network& from, double share) {
  const torch::NoGradGuard no_grad;
  const auto blend = [share](const std::vector<torch::Tensor>& into, const std::vector<torch::Tensor>& of) {
    for (std::size_t i = 0; i < into.size(); ++i) {
      if (into[i].is_floating_point())
        into[i].lerp_(of[i], share);
      else
        into[i].copy_(of[i]);  // counters
    }
  };
  blend(network_->parameters(), from.parameters());
  blend(network_->buffers(), from.buffers());
}

}  // namespace obscura::train
