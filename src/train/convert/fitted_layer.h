#pragma once

#include <string>

namespace obscura::train {

/// What went into a layer that was replaced, and how well its replacement does before any training.
struct FittedLayer {
  std::string layer;
  std::string was;       ///< "ReLU", "MaxPool", ...
  double least = 0;      ///< over images and channels, of what goes into the original layer
  double largest = 0;    ///< likewise
  double rms = 0;        ///< likewise
  double explained = 0;  ///< share of the variance of what the original makes that the replacement explains
};

}  // namespace obscura::train
