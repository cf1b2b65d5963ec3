#include "study/audit/noise_statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "audit/randomness/special.h"
#include "base/error.h"

namespace obscura::study {
namespace {

constexpr double kTail = 0.005;       ///< at either end of the interval
constexpr double kMostDegrees = 1e5;  ///< as far as the incomplete gamma function is exact; the limits are 1 % apart

/// The variance of the mean of these, estimated from how they differ; not-a-number of fewer than two.
double variance_of_mean(const std::vector<double>& parts) {
  const auto n = static_cast<double>(parts.size());
  if (parts.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const double mean = std::accumulate(parts.begin(), parts.end(), 0.0) / n;
  double squares = 0;
  for (const double v : parts) squares += (v - mean) * (v - mean);
  return squares / (n - 1) / n;
}

std::vector<double> divided(std::vector<double> sums, std::size_t by) {
  for (double& v : sums) v /= static_cast<double>(by);
  return sums;
}

}  // namespace

void ErrorSums::add_image(const std::vector<double>& error, const std::vector<double>& value) {
  if (error.size() != values() || value.size() != values()) {
    throw MismatchError(fmt::format("{} errors of {} values, expected {}", error.size(), value.size(), values()));
  }
  double squares = 0;
  for (std::size_t i = 0; i < error.size(); ++i) {
    of_value_[i] += error[i] * error[i];
    squares += error[i] * error[i];
    sum_ += error[i];
    // What is no number stays the largest.
    if (!(std::abs(error[i]) <= largest_) && !std::isnan(largest_)) largest_ = std::abs(error[i]);
    squares_of_values_ += value[i] * value[i];
  }
  of_image_.push_back(squares);
}

double ErrorSums::deviation() const {
  const double count = static_cast<double>(values() * images());
  return count > 0 ? std::sqrt(std::accumulate(of_image_.begin(), of_image_.end(), 0.0) / count) : 0;
}

double ErrorSums::mean() const {
  const double count = static_cast<double>(values() * images());
  return count > 0 ? sum_ / count : 0;
}

double ErrorSums::value_deviation() const {
  const double count = static_cast<double>(values() * images());
  return count > 0 ? std::sqrt(squares_of_values_ / count) : 0;
}

DeviationInterval ErrorSums::interval() const {
  constexpr double kNothing = std::numeric_limits<double>::infinity();
  const double square = deviation() * deviation();
  const double by_image = variance_of_mean(divided(of_image_, values()));
  const double by_value = variance_of_mean(divided(of_value_, std::max<std::size_t>(images(), 1)));
  const double variance = std::fmax(by_image, by_value);
  if (!std::isfinite(square)) return {kNothing, kNothing, 0};
  if (!std::isfinite(variance)) return {0, kNothing, 0};
  if (square == 0) return {0, 0, 0};
  const auto count = static_cast<double>(values() * images());
  const double most = std::min(count, kMostDegrees);
  const double degrees = variance > 0 ? std::clamp(2 * square * square / variance, 1.0, most) : most;
  return {std::sqrt(square * degrees / chi2_quantile(degrees, kTail)),
          std::sqrt(square * degrees / chi2_quantile(degrees, 1 - kTail)), degrees};
}

std::string to_string(Standing standing) {
  switch (standing) {
    case Standing::holds:
      return "holds";
    case Standing::open:
      return "open";
    case Standing::exceeded:
      break;
  }
  return "exceeded";
}

Standing judge(const DeviationInterval& measured, double predicted) {
  if (measured.high <= predicted) return Standing::holds;
  return measured.low <= predicted ? Standing::open : Standing::exceeded;
}

double chi2_quantile(double degrees, double tail) {
  double low = 0, high = degrees + 10;
  while (randomness::chi2_tail(degrees, high) > tail) high *= 2;
  for (int i = 0; i < 100 && high - low > 1e-10 * high; ++i) {
    const double middle = (low + high) / 2;
    (randomness::chi2_tail(degrees, middle) > tail ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace obscura::study
