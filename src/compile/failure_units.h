#pragma once

#include "ckks/parameters.h"

namespace obscura::compile {

/// What the steps of CKKS add to the real part of one slot, as sub-Gaussian variances (E exp(t e) <= exp(v t^2 / 2)),
/// times the square of the scale. They follow from the parameters alone; docs/decryption.md derives each. Rounding is
/// taken as uniform and independent, which masks that look uniform make of it (the decision problem of ring LWE).
///
/// Errors are products of what is fresh with what a key holds at a slot, s(zeta) or e(zeta). `doubt` says how unlucky
/// those may be: at 0 they have their mean squares, and the variances are what is seen on average; at x > 0 they are
/// what one slot exceeds with probability exp(-x).
class ErrorUnits {
 public:
  ErrorUnits(const ckks::Parameters& parameters, double doubt);

  double fresh() const;  ///< a symmetric encryption of an encoded (rounded) message
  /// The rounding of a plaintext of real values, whose coefficients come in pairs: all of it is in the real parts.
  double encoding() const;
  /// Division by a prime, or by the special ones: each of two or three parts is rounded.
  double rounding() const;
  double rounding_three() const;
  /// A rotation or relinearisation of a ciphertext of so many limbs, its division by P with it.
  double key_switch(std::size_t limbs) const;
  /// Both parts rounded, and the slots averaged over `gap` conjugates (ckks::compact).
  double averaged_rounding(std::size_t gap) const;
  /// Events of probability exp(-doubt) that the bounds rest on, for so many key-switching keys: slots of the secret
  /// and of the errors of every digit.
  double events(std::size_t keys) const;
  double doubt() const { return doubt_; }

 private:
  double spread(double mean, double dimensions) const;

  double degree_, doubt_;
  ckks::Parameters parameters_;
  double secret_ = 0;  ///< |s(zeta)|^2
};

}  // namespace obscura::compile
