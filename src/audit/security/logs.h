#pragma once

#include <algorithm>
#include <cmath>

/// Internal to src/audit/security: numbers of operations as their logarithms.
namespace obscura::security {

/// log2(2^a + 2^b)
inline double log2_sum(double a, double b) {
  const double most = std::max(a, b);
  if (std::isinf(most)) return most;
  return most + std::log2(1 + std::exp2(std::min(a, b) - most));
}

/// log2 of 2^a rounded up to a whole number.
inline double log2_ceiling(double a) {
  if (a <= 0) return 0;
  return a < 50 ? std::log2(std::ceil(std::exp2(a))) : a;
}

/// The least of the whole numbers from `least` to `most` from which on `holds`; above `most` if it never does.
template <typename Predicate>
double first_that(double least, double most, Predicate&& holds) {
  if (!holds(most)) return most + 1;
  while (least < most) {
    const double middle = std::floor((least + most) / 2);
    if (holds(middle)) {
      most = middle;
    } else {
      least = middle + 1;
    }
  }
  return least;
}

/// The argument among the whole numbers from `least` to `most` that gives the least value of f, if f falls and then
/// rises, perhaps from infinity at small arguments. Small bumps do no harm beyond their size: the last steps look at
/// all that is left.
template <typename Function>
double whole_minimum(double least, double most, Function&& f) {
  constexpr double kLookAtAll = 12;
  while (most - least > kLookAtAll) {
    const double third = std::floor((most - least) / 3);
    const double left = least + third, right = most - third;
    const double low = f(left);
    if (std::isfinite(low) && low <= f(right)) {
      most = right;
    } else {
      least = left;
    }
  }
  double best = least, value = f(least);
  for (double x = least + 1; x <= most; ++x) {
    const double y = f(x);
    if (y < value) {
      best = x;
      value = y;
    }
  }
  return best;
}

}  // namespace obscura::security
