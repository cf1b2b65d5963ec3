#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace obscura::compile {

/// A closed interval.
struct Range {
  double low = 0;
  double high = 0;
  double width() const { return high - low; }
  double middle() const { return (low + high) / 2; }
  bool contains(double x) const { return low <= x && x <= high; }
  friend bool operator==(const Range&, const Range&) = default;
};

using Function = std::function<double(double)>;

/// The largest degree that is fitted.
inline constexpr std::size_t kMaxFittedDegree = 63;

/// A polynomial in the Chebyshev basis of its range: sum_i coefficients[i] T_i(t), t = (2 x - low - high) / width.
struct Approximation {
  Range range;
  std::vector<double> coefficients;
  double max_error = 0;  ///< largest |polynomial - function| seen on the range

  std::size_t degree() const { return coefficients.size() - 1; }
  /// By Clenshaw's recurrence. Outside of the range the value is worthless.
  double operator()(double x) const;
};

/// The polynomial of that degree whose largest error on the range is smallest, by Remez' second algorithm (Remez, 1934;
/// Cheney, Introduction to Approximation Theory, 1966): all extrema of the error are exchanged at once until they
/// agree to ten digits. Exact to the rounding of doubles for functions that are continuous on the range.
/// Throws ParameterError for an empty range, a degree over kMaxFittedDegree, or a function that is not finite there.
/// Thread-safe where `f` is.
Approximation fit_minimax(const Function& f, const Range& range, std::size_t degree);

/// A place and what is wanted there.
struct Target {
  double x = 0;
  double y = 0;
};

/// The polynomial of that degree with the smallest sum of squared errors over the targets, of which those outside the
/// range are left out; max_error is its distance to f on the whole range. Errors against f count as well, spread evenly
/// over the range, `floor` times as much as all targets together, so that it stays tame where no target lies.
/// Throws as fit_minimax.
Approximation fit_least_squares(const Function& f, const Range& range, std::size_t degree,
                                const std::vector<Target>& targets, double floor = 0.005);

}  // namespace obscura::compile
