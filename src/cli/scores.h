#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace obscura::cli {

/// How good predictions are, and how near an encrypted run is to the plain one.
struct Scores {
  double plain_accuracy = 0, encrypted_accuracy = 0;  ///< 0 to 1
  double f1_macro = 0;   ///< mean F1 of the encrypted run over the classes that occur as label or prediction
  double agreement = 0;  ///< how often both runs name the same class
  double max_logit_error = 0, rms_logit_error = 0;
  std::vector<std::vector<std::size_t>> confusion;  ///< of the encrypted run: [label][prediction]
};

/// Logits of every image; both runs have `labels.size()` rows of the same length, and every label is below it.
Scores score(const std::vector<std::vector<float>>& plain, const std::vector<std::vector<double>>& encrypted,
             std::span<const std::int64_t> labels);

}  // namespace obscura::cli
