#pragma once

#include <cstddef>
#include <string>
#include <vector>

/// Errors of one stage, summed up, and what they say of a predicted standard deviation.
namespace obscura::study {

/// An interval for a standard deviation.
struct DeviationInterval {
  double low = 0, high = 0;
  double degrees = 0;  ///< of freedom
};

/// Adds up errors of a stage's values, image by image. A regular type.
class ErrorSums {
 public:
  ErrorSums() = default;
  explicit ErrorSums(std::size_t values) : of_value_(values) {}

  /// The errors of all values of one more image, and the values as they should be. Throws MismatchError for another
  /// number of them.
  void add_image(const std::vector<double>& error, const std::vector<double>& value);

  std::size_t values() const { return of_value_.size(); }
  std::size_t images() const { return of_image_.size(); }
  double deviation() const;  ///< root of the mean square of all errors
  double mean() const;
  double largest() const { return largest_; }
  double value_deviation() const;  ///< root of the mean square of the values themselves

  /// Where the deviation that this one was drawn from lies with 99 % confidence. Errors are not independent: an image
  /// of large values has larger ones everywhere, and what rounding did to a weight is the same for all images. So
  /// degrees of freedom are not counted but follow from how much mean squares differ from image to image and from value
  /// to value (Satterthwaite, 1946: 2 m^2 / variance of m, the larger variance of the two), and the limits are those of
  /// chi-squared. Of one image and one value there are none: 0 to infinity. Errors that are no numbers are infinite.
  DeviationInterval interval() const;

 private:
  std::vector<double> of_value_, of_image_;  ///< sums of squares
  double sum_ = 0, largest_ = 0, squares_of_values_ = 0;
};

/// What a measured interval says of a prediction.
enum class Standing {
  holds,     ///< errors are no larger than predicted
  open,      ///< the prediction is inside the interval
  exceeded,  ///< errors are larger than predicted
};

/// "holds", "open", "exceeded".
std::string to_string(Standing standing);
Standing judge(const DeviationInterval& measured, double predicted);

/// x such that a chi-squared variable of so many degrees is more than x with chance `tail`, to some nine digits.
/// 0 < tail < 1, degrees > 0.
double chi2_quantile(double degrees, double tail);

}  // namespace obscura::study
