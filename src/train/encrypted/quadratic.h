#pragma once

// Internal to src/train.
#include <torch/torch.h>

namespace obscura::train {

/// How a normalised quadratic is trained.
struct QuadraticForm {
  /// Normalise by the batch's own statistics and move the running ones; false: by the running ones, left alone.
  bool batch_statistics = false;
  double bound = 0;  ///< what is squared is clamped to +-bound; 0: not
  /// `range_weight` * mean(max(|z| - range_limit, 0)^2) is differentiated with the loss, though not added to it.
  double range_weight = 0;
  double range_limit = 0;
};

/// Running statistics of a channel each: of the input x, and of the square of the normalised input z.
struct QuadraticStatistics {
  torch::Tensor mean;
  torch::Tensor variance;
  torch::Tensor square_mean;
  torch::Tensor square_variance;
};

inline constexpr double kNormEpsilon = 1e-5;
inline constexpr double kNormMomentum = 0.1;

/// y = b z + a (z^2 - E[z^2]) / std(z^2) with z = (x - E[x]) / std(x), a channel at a time: a degree-2 polynomial of x
/// whose basis is normalised twice, which keeps deep networks of squares trainable (AESPA, arXiv 2201.06699).
/// x: [N, C, H, W] or [N, C], float or bfloat16; coefficients: [2, C], b and then a; y is like x, channels last.
/// The range penalty reaches x and nothing else. Not thread-safe for the same statistics.
torch::Tensor normalised_quadratic(const torch::Tensor& x, const torch::Tensor& coefficients,
                                   const QuadraticStatistics& running, const QuadraticForm& form);

}  // namespace obscura::train
