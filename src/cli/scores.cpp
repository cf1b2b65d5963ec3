#include "cli/scores.h"

#include <algorithm>
#include <cmath>

namespace obscura::cli {
namespace {

template <typename Values>
std::size_t largest(const Values& values) {
  return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

double f1_macro(const std::vector<std::vector<std::size_t>>& confusion) {
  double sum = 0;
  std::size_t classes = 0;
  for (std::size_t c = 0; c < confusion.size(); ++c) {
    std::size_t labelled = 0, predicted = 0;
    for (std::size_t k = 0; k < confusion.size(); ++k) labelled += confusion[c][k], predicted += confusion[k][c];
    if (labelled + predicted == 0) continue;
    ++classes;
    // 2 TP / (2 TP + FP + FN)
    sum += 2 * static_cast<double>(confusion[c][c]) / static_cast<double>(labelled + predicted);
  }
  return classes == 0 ? 0 : sum / static_cast<double>(classes);
}

}  // namespace

Scores score(const std::vector<std::vector<float>>& plain, const std::vector<std::vector<double>>& encrypted,
             std::span<const std::int64_t> labels) {
  Scores scores;
  const std::size_t classes = plain.front().size();
  scores.confusion.assign(classes, std::vector<std::size_t>(classes));
  std::size_t plain_right = 0, encrypted_right = 0, same = 0;
  double squares = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    const std::size_t p = largest(plain[i]), e = largest(encrypted[i]);
    plain_right += p == label;
    encrypted_right += e == label;
    same += p == e;
    ++scores.confusion[label][e];
    for (std::size_t k = 0; k < classes; ++k) {
      const double error = std::abs(encrypted[i][k] - static_cast<double>(plain[i][k]));
      scores.max_logit_error = std::max(scores.max_logit_error, error);
      squares += error * error;
    }
  }
  const auto count = static_cast<double>(labels.size());
  scores.plain_accuracy = static_cast<double>(plain_right) / count;
  scores.encrypted_accuracy = static_cast<double>(encrypted_right) / count;
  scores.agreement = static_cast<double>(same) / count;
  scores.rms_logit_error = std::sqrt(squares / (count * static_cast<double>(classes)));
  scores.f1_macro = f1_macro(scores.confusion);
  return scores;
}

}  // namespace obscura::cli
