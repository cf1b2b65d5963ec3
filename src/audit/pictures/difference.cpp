#include "audit/pictures/difference.h"

#include <cmath>

#include "audit/pictures/similarity.h"
#include "audit/randomness/special.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

constexpr double kMost = 255;  ///< F

/// Where the standard normal distribution function reaches `share`: by halving, for nothing here is asked often.
double normal_quantile(double share) {
  double low = -40, high = 40;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (randomness::normal_cdf(middle) < share ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

double npcr_deviation(std::size_t samples) {
  return std::sqrt(kMost / static_cast<double>(samples)) / (kMost + 1);
}

double uaci_deviation(std::size_t samples) {
  const double variance = (kMost + 2) * (kMost * kMost + 2 * kMost + 3) / (18 * (kMost + 1) * (kMost + 1) * kMost);
  return std::sqrt(variance / static_cast<double>(samples));
}

CriticalValues critical_values(std::size_t samples, double alpha) {
  if (samples == 0 || !(alpha > 0 && alpha < 1)) {
    throw ParameterError("critical values need one sample or more and a level between 0 and 1");
  }
  // Quantiles of the lower half, where the distribution function has all its digits.
  const double one_sided = normal_quantile(alpha), two_sided = normal_quantile(alpha / 2);
  const double spread = two_sided * uaci_deviation(samples);
  return {alpha, kIdealNpcr + one_sided * npcr_deviation(samples), kIdealUaci + spread, kIdealUaci - spread};
}

Difference difference(const image::Image& a, const image::Image& b) {
  require_alike(a, b);
  std::size_t differ = 0, sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    const int apart = static_cast<int>(a.pixels[i]) - static_cast<int>(b.pixels[i]);
    differ += apart != 0 ? 1 : 0;
    sum += static_cast<std::size_t>(apart < 0 ? -apart : apart);
  }
  Difference result;
  result.samples = a.pixels.size();
  const auto n = static_cast<double>(result.samples);
  result.npcr = static_cast<double>(differ) / n;
  result.uaci = static_cast<double>(sum) / (n * kMost);
  result.npcr_p = randomness::normal_cdf((result.npcr - kIdealNpcr) / npcr_deviation(result.samples));
  result.uaci_p = 2 * randomness::normal_cdf(-std::abs(result.uaci - kIdealUaci) / uaci_deviation(result.samples));
  return result;
}

}  // namespace obscura::audit
