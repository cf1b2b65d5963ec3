#pragma once

#include <cmath>

#include "compile/schedule.h"

namespace obscura::compile {

/// Standard deviations that the steps of CKKS add in a slot, before division by the scale (average case: Costache,
/// Curtis, Hales, Murphy, Ogilvie, Player, "On the precision loss in approximate homomorphic encryption", 2022).
struct NoiseUnits {
  double fresh, rounding, rounding3, weight, key_switch;
  /// `digit_bits` over `special_bits` is what a key-switching digit exceeds the special modulus by.
  NoiseUnits(int log_degree, Mode mode, double digits, double digit_bits, double special_bits) {
    const double n = std::exp2(log_degree);
    fresh = 3.24 * std::sqrt(n);
    rounding = std::sqrt(n * (1 + 2 * n / 3) / 12);
    rounding3 = std::sqrt(n * (n * 4 * n / 9) / 12);
    // A plaintext polynomial rounds every coefficient; a scalar weight is one integer.
    weight = mode == Mode::packed ? std::sqrt(n / 12) : std::sqrt(1.0 / 12);
    key_switch = std::hypot(rounding, fresh * std::sqrt(digits * n / 12) * std::exp2(digit_bits - special_bits));
  }
};

}  // namespace obscura::compile
