#include "audit/security/embedding.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "audit/security/logs.h"
#include "audit/security/reduction.h"

namespace obscura::security {

Embedding::Embedding(const Lwe& lwe, double left_out)
    : coefficients_(lwe.dimension - left_out), log_q_(lwe.log_q), log2_error_(std::log2(lwe.error)) {
  // Sparse or not: what stands in those that are left is as wide as before.
  log2_scale_ = std::max(0.0, log2_error_ - std::log2(secret_deviation(lwe)));
  most_ = coefficients_ + lwe.samples;
}

double Embedding::log2_volume(double dimension) const {
  return (dimension - coefficients_) * log_q_ + coefficients_ * log2_scale_;
}

double Embedding::best_dimension(double block) const {
  const double gain = coefficients_ * std::max(log_q_ - log2_scale_, 1e-9);
  const double best = std::ceil(std::sqrt(gain / log2_root_hermite(block)));
  return std::clamp(best, std::min(std::max(coefficients_, block) + 1, most_), most_);
}

double usvp_margin(const Embedding& lattice, double block, double dimension) {
  const double with_row = dimension + 1;  // the embedded row, as long as the error is wide
  const double volume = lattice.log2_volume(dimension) + lattice.log2_error();
  const double reached = log2_root_hermite(block) * (2 * block - with_row - 1) + volume / with_row;
  return reached - lattice.log2_error() - 0.5 * std::log2(block);
}

double least_usvp_block(const Embedding& lattice) {
  const double most = std::min(lattice.most(), 4 * lattice.least() + kLeastBlock);
  return first_that(kLeastBlock, most,
                    [&](double block) { return usvp_margin(lattice, block, lattice.best_dimension(block)) >= 0; });
}

double last_dimension(const Embedding& lattice, double block, double dimension) {
  const double hermite = log2_root_hermite(block);
  const double volume = lattice.log2_volume(dimension);
  return first_that(2, dimension, [&](double last) {
    const double left = log2_projected_volume(volume, dimension, last, hermite) + lattice.log2_error();
    return log2_gaussian_heuristic(last + 1, left) >= lattice.log2_error() + 0.5 * std::log2(last + 1);
  });
}

double log2_projected_volume(double log2_volume, double dimension, double last, double log2_hermite) {
  return last / dimension * log2_volume - (dimension - last) * last * log2_hermite;
}

double log2_gaussian_heuristic(double dimension, double log2_volume) {
  const double log2_ball =
      (dimension / 2 * std::log(std::numbers::pi) - std::lgamma(dimension / 2 + 1)) / std::numbers::ln2;
  return (log2_volume - log2_ball) / dimension;
}

}  // namespace obscura::security
