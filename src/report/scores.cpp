#include "report/scores.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tensor/decision.h"

namespace obscura::report {
namespace {

constexpr double kNormal95 = 1.959963984540054;  ///< 97.5 % of a normal distribution lie below

using Confusion = std::vector<std::vector<std::size_t>>;

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// Labels and predictions of class c.
std::pair<std::size_t, std::size_t> totals(const Confusion& confusion, std::size_t c) {
  std::size_t labelled = 0, predicted = 0;
  for (std::size_t k = 0; k < confusion.size(); ++k) labelled += confusion[c][k], predicted += confusion[k][c];
  return {labelled, predicted};
}

std::vector<ClassScore> class_scores(const Confusion& confusion) {
  std::vector<ClassScore> scores;
  for (std::size_t c = 0; c < confusion.size(); ++c) {
    const auto [labelled, predicted] = totals(confusion, c);
    // F1 = 2 TP / (2 TP + FP + FN)
    scores.push_back({share(confusion[c][c], predicted), share(confusion[c][c], labelled),
                      share(2 * confusion[c][c], labelled + predicted), labelled});
  }
  return scores;
}

double f1_macro(const Confusion& confusion) {
  const auto scores = class_scores(confusion);
  double sum = 0;
  std::size_t classes = 0;
  for (std::size_t c = 0; c < confusion.size(); ++c) {
    const auto [labelled, predicted] = totals(confusion, c);
    if (labelled + predicted == 0) continue;
    ++classes;
    sum += scores[c].f1;
  }
  return classes == 0 ? 0 : sum / static_cast<double>(classes);
}

/// Of what is no number the largest is nothing, though some place is named.
bool are_numbers(const auto& logits) {
  return std::ranges::all_of(logits, [](auto logit) { return std::isfinite(logit); });
}

}  // namespace

Interval wilson_interval(std::size_t part, std::size_t whole) {
  if (whole == 0) return {};
  const auto n = static_cast<double>(whole);
  const double p = static_cast<double>(part) / n, z2 = kNormal95 * kNormal95;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kNormal95 / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  // At the ends the formula gives 0 and 1 but for rounding.
  return {part == 0 ? 0.0 : centre - half, part == whole ? 1.0 : centre + half};
}

void ErrorHistogram::add(double error) {
  const auto last = static_cast<double>(counts.size() - 1);
  double bin = error > 0 ? std::floor((std::log10(error) - kFirst) * kPerDecade) : 0;
  if (std::isnan(error)) bin = last;  // nothing is worse
  ++counts[static_cast<std::size_t>(std::clamp(bin, 0.0, last))];
}

Scores score(const std::vector<std::vector<float>>& plain, const std::vector<std::vector<double>>& encrypted,
             std::span<const std::int64_t> labels) {
  Scores scores;
  const std::size_t outputs = plain.front().size(), classes = class_count(outputs);
  scores.confusion.assign(classes, std::vector<std::size_t>(classes));
  Confusion plain_confusion = scores.confusion;
  std::size_t plain_right = 0, encrypted_right = 0, same = 0;
  double squares = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    const std::size_t p = predicted_class(plain[i]), e = predicted_class(encrypted[i]);
    const bool plain_says = are_numbers(plain[i]), encrypted_says = are_numbers(encrypted[i]);
    plain_right += plain_says && p == label;
    encrypted_right += encrypted_says && e == label;
    same += plain_says && encrypted_says && p == e;
    ++scores.confusion[label][e];
    ++plain_confusion[label][p];
    for (std::size_t k = 0; k < outputs; ++k) {
      const double error = std::abs(encrypted[i][k] - static_cast<double>(plain[i][k]));
      scores.errors.add(error);
      if (!std::isfinite(error)) {
        ++scores.no_numbers;
        continue;
      }
      scores.max_logit_error = std::max(scores.max_logit_error, error);
      squares += error * error;
    }
  }
  const auto count = static_cast<double>(labels.size());
  scores.plain_accuracy = static_cast<double>(plain_right) / count;
  scores.encrypted_accuracy = static_cast<double>(encrypted_right) / count;
  scores.agreement = static_cast<double>(same) / count;
  const std::size_t compared = labels.size() * outputs - scores.no_numbers;
  scores.rms_logit_error = compared == 0 ? 0 : std::sqrt(squares / static_cast<double>(compared));
  scores.f1_macro = f1_macro(scores.confusion);
  scores.plain_f1_macro = f1_macro(plain_confusion);
  scores.classes = class_scores(scores.confusion);
  scores.plain_interval = wilson_interval(plain_right, labels.size());
  scores.encrypted_interval = wilson_interval(encrypted_right, labels.size());
  for (std::size_t c = 0; c < classes; ++c) {
    if (scores.classes[c].images > scores.classes[scores.majority_class].images) scores.majority_class = c;
  }
  scores.majority_share = share(scores.classes[scores.majority_class].images, labels.size());
  return scores;
}

}  // namespace obscura::report
