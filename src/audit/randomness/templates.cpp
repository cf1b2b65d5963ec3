#include "audit/randomness/templates.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "audit/randomness/special.h"

namespace obscura::randomness {
namespace {

constexpr int kLength = 9;
constexpr std::size_t kBlocks = 8, kPatterns = std::size_t{1} << kLength;

std::string pattern_text(std::uint32_t pattern) {
  std::string text;
  for (int i = kLength - 1; i >= 0; --i) text += (pattern >> i & 1) != 0 ? '1' : '0';
  return text;
}

/// How often each pattern of 9 bits begins in [first, first + windows).
std::array<std::uint32_t, kPatterns> count_patterns(const BitSequence& bits, std::size_t first, std::size_t windows) {
  std::array<std::uint32_t, kPatterns> counts{};
  constexpr std::size_t kStep = 64 - kLength + 1;  // windows that one word holds
  for (std::size_t at = 0; at < windows; at += kStep) {
    std::uint64_t word = bits.word_at(first + at);
    for (std::size_t i = std::min(kStep, windows - at); i > 0; --i, word <<= 1) ++counts[word >> (64 - kLength)];
  }
  return counts;
}

/// Windows of nine ones that begin in [first, first + windows).
std::size_t count_ones_runs(const BitSequence& bits, std::size_t first, std::size_t windows) {
  std::size_t count = 0;
  constexpr std::size_t kStep = 64 - kLength + 1;
  for (std::size_t at = 0; at < windows; at += kStep) {
    const std::uint64_t word = bits.word_at(first + at);
    const std::uint64_t two = word & word << 1, four = two & two << 2, eight = four & four << 4;
    const std::uint64_t nine = eight & word << 8;
    count += static_cast<std::size_t>(std::popcount(nine >> (64 - std::min(kStep, windows - at))));
  }
  return count;
}

}  // namespace

std::vector<std::uint32_t> aperiodic_templates(int length) {
  std::vector<std::uint32_t> found;
  for (std::uint32_t pattern = 0; pattern < 1u << length; ++pattern) {
    bool aperiodic = true;
    for (int shift = 1; shift < length && aperiodic; ++shift) {
      aperiodic = pattern >> shift != (pattern & ((1u << (length - shift)) - 1));
    }
    if (aperiodic) found.push_back(pattern);
  }
  return found;
}

Outcomes non_overlapping_templates(const BitSequence& bits) {
  const auto templates = aperiodic_templates(kLength);
  const std::size_t block = bits.size() / kBlocks;
  Outcomes out;
  if (block < 5 * kPatterns) {
    for (const auto t : templates) out.push_back(not_applicable("needs 20,480 bits", pattern_text(t)));
    return out;
  }
  const auto windows = static_cast<double>(block - kLength + 1);
  const double mean = windows / kPatterns;
  const double variance = static_cast<double>(block) *
                          (1.0 / kPatterns - (2 * kLength - 1.0) / (static_cast<double>(kPatterns) * kPatterns));
  std::vector<double> sums(templates.size());
  for (std::size_t b = 0; b < kBlocks; ++b) {
    const auto counts = count_patterns(bits, b * block, block - kLength + 1);
    for (std::size_t t = 0; t < templates.size(); ++t) {
      const double off = counts[templates[t]] - mean;
      sums[t] += off * off / variance;
    }
  }
  for (std::size_t t = 0; t < templates.size(); ++t) {
    out.push_back(with_p(chi2_tail(kBlocks, sums[t]), pattern_text(templates[t])));
  }
  return out;
}

Outcome overlapping_template(const BitSequence& bits, OverlapChances which) {
  constexpr std::size_t kBlock = 1032, kClasses = 6;
  constexpr std::array<double, kClasses> kExact{.364091, .185659, .139381, .100571, .0704323, .139865};
  // Pr(0) = e^-1 and so on for eta = 1, section 3.8, with more digits than the standard prints.
  constexpr std::array<double, kClasses> kAsymptotic{.36787944117, .18393972059, .13795479044,
                                                     .09963401532, .06993541460, .14065661789};
  if (bits.size() < 1'000'000) return not_applicable("needs 1,000,000 bits");
  std::array<double, kClasses> seen{};
  const std::size_t blocks = bits.size() / kBlock;
  for (std::size_t b = 0; b < blocks; ++b) {
    ++seen[std::min(count_ones_runs(bits, b * kBlock, kBlock - kLength + 1), kClasses - 1)];
  }
  const auto& chances = which == OverlapChances::asymptotic ? kAsymptotic : kExact;
  return with_p(chi2_tail(kClasses - 1, chi2(seen, chances, static_cast<double>(blocks))));
}

}  // namespace obscura::randomness
