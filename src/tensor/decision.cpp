#include "tensor/decision.h"

#include <algorithm>
#include <cmath>

namespace obscura {
namespace {

/// Without an overflow on either side.
double sigmoid(double z) {
  const double e = std::exp(-std::abs(z));
  return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

template <typename Real>
std::size_t decide(std::span<const Real> logits) {
  if (logits.size() == 1) return logits[0] > 0 ? 1 : 0;
  return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

}  // namespace

std::size_t class_count(std::size_t outputs) {
  return outputs == 1 ? 2 : outputs;
}

bool is_multi_label(std::size_t outputs, Head head) {
  return outputs > 1 && head == Head::sigmoid;
}

std::vector<double> class_probabilities(std::span<const double> logits, Head head) {
  if (logits.empty()) return {};
  if (logits.size() == 1) return {sigmoid(-logits[0]), sigmoid(logits[0])};
  std::vector<double> result(logits.begin(), logits.end());
  if (head == Head::sigmoid) {
    std::ranges::transform(result, result.begin(), sigmoid);
    return result;
  }
  const double largest = *std::max_element(result.begin(), result.end());
  double sum = 0;
  for (double& v : result) sum += v = std::exp(v - largest);
  for (double& v : result) v /= sum;
  return result;
}

std::size_t predicted_class(std::span<const double> logits) {
  return decide(logits);
}

std::size_t predicted_class(std::span<const float> logits) {
  return decide(logits);
}

std::vector<std::string> class_labels(const std::vector<std::string>& names, std::size_t outputs) {
  if (outputs == 1 && names.size() == 1) return {"not " + names[0], names[0]};
  std::vector<std::string> labels = names;
  for (std::size_t i = labels.size(); i < class_count(outputs); ++i) labels.push_back(std::to_string(i));
  return labels;
}

}  // namespace obscura
