#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace obscura::program {

/// How large values get, from running the stages on sample inputs in the clear.
struct Magnitudes {
  double input_rms = 1;
  struct PerStage {
    double map_max = 1, map_rms = 1;                ///< after the map, before the activation
    double activation_max = 1, activation_rms = 1;  ///< after it
    double gain = 1;        ///< sqrt of the mean over rows of sum w^2: what independent errors grow by
    double fan_in_rms = 1;  ///< sqrt of the mean over rows of sum x^2 over the row's inputs
    /// How often slots are doubled to close the map's sums, where the layout is known.
    std::optional<std::size_t> doublings = std::nullopt;
  };
  std::vector<PerStage> stages;
  /// Of a network of chunks: the value that is summed over them, how many they are, and the largest sum of sizes.
  struct Summed {
    std::size_t value = 0, count = 1;
    double most = 1;
  };
  std::optional<Summed> summed = std::nullopt;
};

}  // namespace obscura::program
