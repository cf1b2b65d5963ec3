#include "audit/randomness/patterns.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "audit/randomness/special.h"

namespace obscura::randomness {
namespace {

constexpr std::size_t kLongestPattern = 24;
using Counts = std::vector<std::uint32_t>;

/// How often each pattern of m bits occurs in the ring.
Counts count_ring(const BitSequence& bits, std::size_t m) {
  Counts counts(std::size_t{1} << m);
  const std::size_t n = bits.size(), straight = n - m + 1, step = 64 - m + 1;
  for (std::size_t at = 0; at < straight; at += step) {
    std::uint64_t word = bits.word_at(at);
    for (std::size_t i = std::min(step, straight - at); i > 0; --i, word <<= 1) ++counts[word >> (64 - m)];
  }
  for (std::size_t at = straight; at < n; ++at) {
    std::size_t pattern = 0;
    for (std::size_t i = 0; i < m; ++i) pattern = pattern << 1 | (bits[(at + i) % n] ? 1 : 0);
    ++counts[pattern];
  }
  return counts;
}

/// Those of the patterns without their last bit.
Counts shorter(const Counts& counts) {
  Counts out(counts.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = counts[2 * i] + counts[2 * i + 1];
  return out;
}

/// psi^2 of 2.11.4. Deviations are squared, not counts: those cancel.
double psi2(const Counts& counts, double n) {
  const double expected = n / static_cast<double>(counts.size());
  double sum = 0;
  for (const auto c : counts) sum += (c - expected) * (c - expected);
  return sum / expected;
}

/// The sum of C log C over all patterns, of C = count / n.
double phi(const Counts& counts, double n) {
  double sum = 0;
  for (const auto c : counts) {
    if (c > 0) sum += c / n * std::log(c / n);
  }
  return sum;
}

std::size_t longest_pattern(std::size_t bits, std::size_t wanted, std::size_t margin) {
  const std::size_t log = bits == 0 ? 0 : static_cast<std::size_t>(std::bit_width(bits)) - 1;
  return log <= margin + 1 ? 0 : std::min(wanted, log - margin - 1);
}

}  // namespace

std::size_t serial_pattern(std::size_t bits, std::size_t wanted) {
  const std::size_t m = longest_pattern(bits, wanted, 2);
  return m < 2 ? 0 : m;
}

std::size_t entropy_pattern(std::size_t bits, std::size_t wanted) {
  return longest_pattern(bits, wanted, 5);
}

Outcomes serial(const BitSequence& bits, std::size_t m) {
  if (m < 2 || m > kLongestPattern || bits.size() < m) {
    const std::string reason = "needs a pattern of 2 to 24 bits, and so 32 bits";
    return {not_applicable(reason, "1"), not_applicable(reason, "2")};
  }
  const auto n = static_cast<double>(bits.size());
  const Counts whole = count_ring(bits, m), one_less = shorter(whole), two_less = shorter(one_less);
  const double a = psi2(whole, n), b = psi2(one_less, n), c = psi2(two_less, n);
  const double first = std::max(a - b, 0.0), second = std::max(a - 2 * b + c, 0.0);
  const double degrees = static_cast<double>(std::size_t{1} << (m - 1));
  return {with_p(chi2_tail(degrees, first), "1"), with_p(chi2_tail(degrees / 2, second), "2")};
}

Outcome approximate_entropy(const BitSequence& bits, std::size_t m) {
  if (m < 1 || m >= kLongestPattern || bits.size() <= m) {
    return not_applicable("needs a pattern of 1 to 23 bits, and so 128 bits");
  }
  const auto n = static_cast<double>(bits.size());
  const Counts longer = count_ring(bits, m + 1);
  const double entropy = phi(shorter(longer), n) - phi(longer, n);
  const double chi = std::max(2 * n * (std::numbers::ln2 - entropy), 0.0);
  return with_p(chi2_tail(static_cast<double>(std::size_t{1} << m), chi));
}

}  // namespace obscura::randomness
