#include "audit/randomness/verdict.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "audit/randomness/special.h"
#include "base/error.h"

namespace obscura::randomness {
namespace {

/// The chance that the proportion of a perfect generator is outside [low, high].
double proportion_alarm(std::size_t sequences, double alpha, double low, double high) {
  const auto proportion = [n = static_cast<double>(sequences)](std::size_t failed) {
    return (n - static_cast<double>(failed)) / n;
  };
  std::size_t fewest = 0;  // failures inside
  while (fewest <= sequences && proportion(fewest) > high) ++fewest;
  std::size_t beyond = fewest;  // the next number outside
  while (beyond <= sequences && proportion(beyond) >= low) ++beyond;
  return std::clamp(1 - binomial_tail(sequences, alpha, fewest) + binomial_tail(sequences, alpha, beyond), 0.0, 1.0);
}

VariantVerdict judge_variant(const Variant& variant, std::span<const double> p, double alpha) {
  VariantVerdict v;
  v.variant = variant;
  v.sequences = p.size();
  if (p.empty()) return v;
  const auto n = static_cast<double>(p.size());
  for (const double one : p) v.passed += one >= alpha ? 1 : 0;
  v.smallest_p = *std::min_element(p.begin(), p.end());
  const double margin = 3 * std::sqrt(alpha * (1 - alpha) / n);
  v.low = 1 - alpha - margin;
  v.high = 1 - alpha + margin;
  v.failures_p = binomial_tail(p.size(), alpha, p.size() - v.passed);
  v.false_alarm = proportion_alarm(p.size(), alpha, v.low, v.high);
  bool fails = v.proportion() < v.low || v.proportion() > v.high;
  if (p.size() >= kLeastForUniformity) {
    v.uniformity = uniformity(p);
    fails = fails || *v.uniformity < kLeastUniformity;
    v.false_alarm += (1 - v.false_alarm) * kLeastUniformity;
    v.spread_p = *v.uniformity;
  } else {
    v.spread_p = std::min(1.0, kTailSafety * -std::expm1(n * std::log1p(-v.smallest_p)));
  }
  v.standing = fails ? Standing::fails : v.uniformity ? Standing::passes : Standing::too_few;
  return v;
}

/// Holm's procedure: the smallest of m p-values must be below rate / m, the next below rate / (m - 1), and so on.
std::vector<std::size_t> find_guilty(const std::vector<VariantVerdict>& variants) {
  std::vector<std::pair<double, std::size_t>> all;
  for (std::size_t v = 0; v < variants.size(); ++v) {
    if (variants[v].sequences == 0) continue;
    all.emplace_back(variants[v].failures_p, v);
    all.emplace_back(variants[v].spread_p, v);
  }
  std::sort(all.begin(), all.end());
  std::vector<std::size_t> guilty;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].first > kFalseAlarms / static_cast<double>(all.size() - i)) break;
    guilty.push_back(all[i].second);
  }
  std::sort(guilty.begin(), guilty.end());
  guilty.erase(std::unique(guilty.begin(), guilty.end()), guilty.end());
  return guilty;
}

}  // namespace

const char* to_string(Standing standing) {
  switch (standing) {
    case Standing::passes:
      return "passes";
    case Standing::fails:
      return "fails";
    case Standing::too_few:
      return "too few";
    case Standing::not_applicable:
      break;
  }
  return "n/a";
}

double uniformity(std::span<const double> p) {
  constexpr std::size_t kBins = 10;
  std::array<double, kBins> seen{}, chances;
  chances.fill(1.0 / kBins);
  for (const double one : p) ++seen[std::min(static_cast<std::size_t>(one * kBins), kBins - 1)];
  return chi2_tail(kBins - 1, chi2(seen, chances, static_cast<double>(p.size())));
}

Verdict judge(std::span<const Variant> variants, std::span<const std::vector<double>> p, double alpha) {
  if (!(alpha > 0 && alpha < 1)) throw ParameterError("alpha is between 0 and 1");
  if (variants.size() != p.size()) throw ParameterError("every variant needs its p-values");
  Verdict verdict;
  verdict.alpha = alpha;
  for (std::size_t v = 0; v < variants.size(); ++v) {
    const auto& one = verdict.variants.emplace_back(judge_variant(variants[v], p[v], alpha));
    if (one.standing == Standing::fails) ++verdict.failing;
    verdict.failing_by_chance += one.false_alarm;
    if (one.sequences == 0) continue;
    verdict.hypotheses += 2;
    verdict.smallest = std::min({verdict.smallest, one.failures_p, one.spread_p});
  }
  verdict.guilty = find_guilty(verdict.variants);
  return verdict;
}

}  // namespace obscura::randomness
