#include "compile/approximate_sign.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "compile/approximate_minimax.h"

namespace obscura::compile {

double CompositeSign::operator()(double x) const {
  for (const auto& coefficients : stages) x = Approximation{{-1, 1}, coefficients}(x);
  return x;
}

std::size_t CompositeSign::levels() const {
  std::size_t sum = 0;
  for (const auto& coefficients : stages) sum += std::bit_width(coefficients.size() - 1);
  return sum;
}

CompositeSign composite_sign(const std::vector<std::size_t>& degrees, double threshold) {
  if (degrees.empty()) throw ParameterError("a composite sign needs at least one polynomial");
  if (!(threshold > 0 && threshold < 1)) {
    throw ParameterError("the threshold of a composite sign lies between 0 and 1");
  }
  CompositeSign sign{{}, threshold, 0};
  Range image{threshold, 1};
  for (const std::size_t degree : degrees) {
    const Approximation fit = fit_odd_to_one(image, degree);
    // The stage before hands over values in [-1, 1].
    if (!sign.stages.empty()) {
      for (double& c : sign.stages.back()) c /= image.high;
    }
    sign.stages.push_back(fit.coefficients);
    sign.error = fit.max_error;
    image = {1 - fit.max_error, 1 + fit.max_error};
  }
  return sign;
}

double composite_relu_error(const CompositeSign& sign) {
  constexpr int kSteps = 20000;
  double most = 0;
  for (int i = 1; i <= kSteps; ++i) {
    // Even in the exponent: what happens below the threshold is as fine as what happens above it.
    const double x = std::exp2(-20.0 * (kSteps - i) / kSteps);
    most = std::max(most, std::abs(composite_relu(sign, 1, x) - x));
  }
  return most;
}

CompositeSign composite_sign_for_relu(const std::vector<std::size_t>& degrees) {
  // Quarters of a bit. With a lower threshold the error above it grows and that below it falls: where they meet is
  // best.
  int low = 8, high = 56;
  const auto at = [&](int quarters) { return composite_sign(degrees, std::exp2(-quarters / 4.0)); };
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    const CompositeSign sign = at(middle);
    const bool from_below = composite_relu_error(sign) > sign.error / 2 * (1 + 1e-6);
    (from_below ? low : high) = middle;
  }
  CompositeSign a = at(low), b = at(high);
  return composite_relu_error(a) < composite_relu_error(b) ? a : b;
}

double composite_relu(const CompositeSign& sign, double bound, double x) {
  return x * (1 + sign(x / bound)) / 2;
}

}  // namespace obscura::compile
