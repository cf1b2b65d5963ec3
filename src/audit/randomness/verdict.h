#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "audit/randomness/suite.h"

/// What p-values of many sequences say together: SP 800-22 rev. 1a, section 4.2, for each variant, and one answer for
/// all of them with a known rate of false alarms.
namespace obscura::randomness {

inline constexpr double kAlpha = 0.01;
/// 4.2.2: uniformity is judged from so many sequences on, and fails below this P_T.
inline constexpr std::size_t kLeastForUniformity = 55;
inline constexpr double kLeastUniformity = 0.0001;
/// Very small p-values are more frequent than they say: the tests are asymptotic. Simulated, those of linear complexity
/// below 1e-7 are so three times; a smallest p is taken as so many times as likely as it says.
inline constexpr double kTailSafety = 10;
/// How often the overall answer is wrong of a perfect generator, at the most.
inline constexpr double kFalseAlarms = 0.001;

/// The standard's verdict on one variant.
enum class Standing {
  passes,
  fails,
  too_few,         ///< nothing failed, and there are too few sequences to judge uniformity
  not_applicable,  ///< the variant applied to no sequence
};

/// "passes", "fails", "too few", "n/a".
const char* to_string(Standing standing);

struct VariantVerdict {
  Variant variant{};
  std::size_t sequences = 0;  ///< that it applied to
  std::size_t passed = 0;     ///< with p >= alpha
  double smallest_p = 1;
  /// The proportion's interval (1 - alpha) +- 3 sqrt(alpha (1 - alpha) / sequences), which 4.2.1 asks for.
  double low = 0, high = 1;
  std::optional<double> uniformity;  ///< P_T of ten bins, 4.2.2
  Standing standing = Standing::not_applicable;
  /// The chance that a perfect generator gets this verdict `fails` of the standard.
  double false_alarm = 0;
  /// The chance of so many failures or more: exact.
  double failures_p = 1;
  /// P_T; of fewer sequences than it takes, the chance of so small a smallest p, times kTailSafety.
  double spread_p = 1;

  double proportion() const {
    return sequences == 0 ? 0 : static_cast<double>(passed) / static_cast<double>(sequences);
  }
};

/// On all of them.
struct Verdict {
  double alpha = kAlpha;
  std::vector<VariantVerdict> variants;
  std::size_t failing = 0;          ///< variants that fail the standard's verdict
  double failing_by_chance = 0;     ///< as many are expected to, of a perfect generator
  std::size_t hypotheses = 0;       ///< failures_p and spread_p of every variant that applied
  double smallest = 1;              ///< of these
  std::vector<std::size_t> guilty;  ///< variants with one that Holm's procedure rejects at kFalseAlarms
  /// No variant is guilty. A perfect generator is called otherwise in kFalseAlarms of cases at the most, however its
  /// variants hang together, as far as each p-value is distributed as it should be.
  bool looks_random() const { return guilty.empty(); }
};

/// p[v] holds the p-values of variant v, of the sequences that it applied to, in [0, 1]. Throws ParameterError unless
/// there is one list a variant and 0 < alpha < 1.
Verdict judge(std::span<const Variant> variants, std::span<const std::vector<double>> p, double alpha = kAlpha);

/// P_T: how likely p-values in ten bins are so far from evenly spread.
double uniformity(std::span<const double> p);

}  // namespace obscura::randomness
