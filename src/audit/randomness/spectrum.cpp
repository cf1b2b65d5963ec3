#include "audit/randomness/spectrum.h"

#include <cmath>
#include <complex>
#include <numbers>
#include <opencv2/core.hpp>
#include <vector>

#include "base/error.h"

namespace obscura::randomness {
namespace {

constexpr std::size_t kLeastBits = 1000;
using Complex = std::complex<double>;

/// The size is one that cv::dft has butterflies for; it takes quadratic time for large prime factors.
bool is_smooth(std::size_t n) {
  for (const std::size_t p : {2, 3, 5}) {
    while (n % p == 0) n /= p;
  }
  return n == 1;
}

cv::Mat as_row(std::vector<Complex>& values) {
  return cv::Mat(1, static_cast<int>(values.size()), CV_64FC2, values.data());
}

/// |S_j|^2 for j < n/2, of a real transform that OpenCV leaves packed: re0, re1, im1, re2, im2, ...
std::vector<double> squares_of_smooth(std::vector<double>& x) {
  const cv::Mat row(1, static_cast<int>(x.size()), CV_64F, x.data());
  cv::Mat packed;
  cv::dft(row, packed);
  const auto* s = packed.ptr<double>();
  std::vector<double> squares(x.size() / 2);
  squares[0] = s[0] * s[0];
  for (std::size_t j = 1; j < squares.size(); ++j) squares[j] = s[2 * j - 1] * s[2 * j - 1] + s[2 * j] * s[2 * j];
  return squares;
}

/// The same for any n: jk = (j^2 + k^2 - (j - k)^2) / 2 makes the transform a convolution with a chirp.
std::vector<double> squares_by_chirp(const std::vector<double>& x) {
  const std::size_t n = x.size();
  const auto size = static_cast<std::size_t>(cv::getOptimalDFTSize(static_cast<int>(2 * n - 1)));
  std::vector<Complex> signal(size), chirp(size);
  for (std::size_t k = 0; k < n; ++k) {
    // The angle is pi k^2 / n; reduced as a whole number, it is as exact for large k as for small ones.
    const auto turned = static_cast<double>(static_cast<std::uint64_t>(k) * k % (2 * n));
    const Complex c = std::polar(1.0, std::numbers::pi * turned / static_cast<double>(n));
    signal[k] = x[k] * std::conj(c);
    chirp[k] = c;
    if (k > 0) chirp[size - k] = c;
  }
  cv::Mat a = as_row(signal), b = as_row(chirp);
  cv::dft(a, a);
  cv::dft(b, b);
  for (std::size_t i = 0; i < size; ++i) signal[i] *= chirp[i];
  cv::dft(a, a, cv::DFT_INVERSE | cv::DFT_SCALE);
  std::vector<double> squares(n / 2);  // the last chirp has length 1
  for (std::size_t j = 0; j < squares.size(); ++j) squares[j] = std::norm(signal[j]);
  return squares;
}

}  // namespace

Outcome spectrum(const BitSequence& bits) {
  const std::size_t n = bits.size();
  if (n < kLeastBits) return not_applicable("needs 1,000 bits");
  if (n > (std::size_t{1} << 29)) return not_applicable("takes at most 2^29 bits");
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = bits[i] ? 1 : -1;
  const auto squares = is_smooth(n) ? squares_of_smooth(x) : squares_by_chirp(x);
  const auto length = static_cast<double>(n);
  const double threshold = std::log(1 / 0.05) * length;  // squared
  double below = 0;
  for (const double s : squares) below += s < threshold ? 1 : 0;
  const double d = (below - 0.95 * length / 2) / std::sqrt(length * 0.95 * 0.05 / 4);
  return with_p(std::erfc(std::abs(d) / std::numbers::sqrt2));
}

}  // namespace obscura::randomness
