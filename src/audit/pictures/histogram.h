#pragma once

#include <array>
#include <cstddef>

#include "image/image.h"

/// How often each byte occurs in a channel of a picture.
namespace obscura::audit {

struct ByteCounts {
  std::array<std::size_t, 256> of{};
  std::size_t total = 0;
};

/// Throws ParameterError for an empty image or a channel that it does not have.
ByteCounts count_bytes(const image::Image& image, std::size_t channel);

/// Shannon's entropy of the bytes as they occur, in bits a byte; 0 of none.
double entropy(const ByteCounts& counts);

/// The largest that so many samples can have: log2 of the number of samples, at most 8.
double largest_entropy(std::size_t samples);

/// The mean entropy of so many bytes drawn uniformly and independently: what a perfect cipher's picture of that size
/// has. log2 n - (256 / n) E[K log2 K] with K binomial (n, 1/256), summed exactly. 0 of none.
double uniform_entropy(std::size_t samples);

/// Pearson's test of the hypothesis that all 256 bytes are equally likely.
struct Uniformity {
  double chi2 = 0;
  double p = 0;  ///< of a sum that large or larger: chi-squared with 255 degrees of freedom
  /// Two samples a byte are expected, from which on chi-squared is right at 0.01 where all are equally likely (J. T.
  /// Roscoe, J. A. Byars, Journal of the American Statistical Association 66, 1971).
  bool enough = false;
};
Uniformity uniformity(const ByteCounts& counts);

}  // namespace obscura::audit
