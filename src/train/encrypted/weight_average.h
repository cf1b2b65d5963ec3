#pragma once

// Internal to src/train.
#include <memory>
#include <string>

#include "train/encrypted/network.h"

namespace obscura::train {

/// A network of weights averaged over the steps of a training: after each, decay times what they were and the rest of
/// what they are now (Polyak and Juditsky 1992, with the window of an exponential). Statistics of norms are averaged
/// alike. Less noisy than the last weights, which tells most where pictures are few. Not thread-safe.
class WeightAverage {
 public:
  /// Starts with the weights of `from`, a network of `skeleton` and `form`. 0 < decay < 1.
  WeightAverage(const Network& from, const nn::Graph& skeleton, const NetworkForm& form, double decay);

  void add(const Network& now);
  const std::shared_ptr<Network>& network() const { return network_; }

 private:
  void copy(const Network& from, double share);
  std::shared_ptr<Network> network_;
  double decay_;
};

}  // namespace obscura::train
