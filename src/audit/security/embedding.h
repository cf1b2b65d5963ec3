#pragma once

#include "audit/security/lwe.h"

namespace obscura::security {

/// Internal: the lattice that the primal attacks reduce, of d dimensions: q on some rows, the scale of the secret on n.
class Embedding {
 public:
  /// With `left_out` coefficients of the secret taken out.
  explicit Embedding(const Lwe& lwe, double left_out = 0);

  /// log2 of its volume, without the embedded row.
  double log2_volume(double dimension) const;

  /// The most dimensions that the samples give, and no fewer than the secret has.
  double most() const { return most_; }
  double least() const { return coefficients_; }

  /// Where blocks of this size reach furthest.
  double best_dimension(double block) const;

  double log2_error() const { return log2_error_; }

 private:
  double coefficients_, log_q_, log2_error_, log2_scale_, most_;
};

inline constexpr double kLeastBlock = 40;  ///< smaller ones cost next to nothing, and nobody knows how well they reduce

/// Above 0: blocks of this size find the embedded vector in that dimension.
double usvp_margin(const Embedding& lattice, double block, double dimension);

/// The least block that finds it in the best dimension. Where none does, one whose margin is below 0.
double least_usvp_block(const Embedding& lattice);

/// The least last dimension in which the rest of the vector is the shortest one; above `dimension`: in none.
double last_dimension(const Embedding& lattice, double block, double dimension);

/// log2 of the volume of the last `last` vectors' projection in a basis that follows the geometric series.
double log2_projected_volume(double log2_volume, double dimension, double last, double log2_hermite);

/// log2 of the length of a shortest vector that a random lattice of this volume has.
double log2_gaussian_heuristic(double dimension, double log2_volume);

}  // namespace obscura::security
