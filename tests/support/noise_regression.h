#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Least squares for a ternary secret: what an attacker does who knows the roundings of many ciphertexts, and therefore
/// how the error of each shown number depends on the key, but for noise. The real attack on small noise: it averages.
namespace obscura::support {

class NoiseRegression {
 public:
  explicit NoiseRegression(std::size_t unknowns)
      : unknowns_(unknowns), normal_(unknowns * unknowns), right_(unknowns) {}

  /// value = row . secret + noise.
  void add(std::span<const double> row, double value) {
    for (std::size_t i = 0; i < unknowns_; ++i) {
      right_[i] += row[i] * value;
      for (std::size_t j = 0; j <= i; ++j) normal_[i * unknowns_ + j] += row[i] * row[j];
    }
    ++equations_;
  }

  std::size_t equations() const { return equations_; }

  /// What the error of an estimated coefficient has as its standard deviation, for noise of this one.
  double predicted_error(double noise) const {
    double information = 0;
    for (std::size_t i = 0; i < unknowns_; ++i) information += normal_[i * unknowns_ + i];
    return noise / std::sqrt(information / static_cast<double>(unknowns_));
  }

  /// By Cholesky's factors of the normal equations; more equations than unknowns are needed.
  std::vector<double> solve() const {
    std::vector<double> l = normal_, x = right_;
    const std::size_t n = unknowns_;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = l[i * n + j];
        for (std::size_t k = 0; k < j; ++k) sum -= l[i * n + k] * l[j * n + k];
        l[i * n + j] = i == j ? std::sqrt(std::max(sum, 1e-300)) : sum / l[j * n + j];
      }
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < i; ++k) x[i] -= l[i * n + k] * x[k];
      x[i] /= l[i * n + i];
    }
    for (std::size_t i = n; i-- > 0;) {
      for (std::size_t k = i + 1; k < n; ++k) x[i] -= l[k * n + i] * x[k];
      x[i] /= l[i * n + i];
    }
    return x;
  }

 private:
  std::size_t unknowns_, equations_ = 0;
  std::vector<double> normal_, right_;
};

/// How near an estimate is.
struct Recovered {
  std::size_t right = 0;  ///< coefficients, rounded to -1, 0 or 1
  double error = 0;       ///< root of the mean square
};

inline Recovered compare(std::span<const double> estimate, std::span<const std::int8_t> key) {
  Recovered result;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const double rounded = std::fmax(-1, std::fmin(1, std::round(estimate[i])));
    result.right += rounded == key[i] ? 1 : 0;
    result.error += std::pow(estimate[i] - key[i], 2);
  }
  result.error = std::sqrt(result.error / static_cast<double>(key.size()));
  return result;
}

}  // namespace obscura::support
