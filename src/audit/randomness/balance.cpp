#include "audit/randomness/balance.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <span>

#include "audit/randomness/special.h"

namespace obscura::randomness {
namespace {

constexpr std::size_t kLeastBits = 100;

double share_of_ones(const BitSequence& bits) {
  return static_cast<double>(bits.ones(0, bits.size())) / static_cast<double>(bits.size());
}

/// Places where a bit differs from the one before it.
std::size_t changes(const BitSequence& bits) {
  std::size_t sum = 0;
  for (std::size_t at = 1; at < bits.size(); at += 64) {
    std::uint64_t differs = bits.word_at(at) ^ bits.word_at(at - 1);
    if (const std::size_t left = bits.size() - at; left < 64) differs >>= 64 - left;
    sum += static_cast<std::size_t>(std::popcount(differs));
  }
  return sum;
}

std::size_t longest_run_in(const BitSequence& bits, std::size_t first, std::size_t count) {
  std::size_t longest = 0, run = 0;
  for (std::size_t at = first; at < first + count;) {
    const std::size_t here = std::min<std::size_t>(64, first + count - at);
    const std::uint64_t word = bits.word_at(at);
    const auto ones = std::min(here, static_cast<std::size_t>(std::countl_one(word)));
    if (ones > 0) {
      run += ones;
      at += ones;
    } else {
      run = 0;
      at += std::min(here, static_cast<std::size_t>(std::countl_zero(word)));
    }
    longest = std::max(longest, run);
  }
  return longest;
}

/// Classes of the longest run in a block: up to `shortest`, then one for each length, the last for all above.
struct RunClasses {
  std::size_t least_bits, block, shortest;
  std::array<double, 7> chances;
  std::size_t count;
};

/// 2.4.4 and 3.4.
constexpr std::array<RunClasses, 3> kRunClasses{{
    {750'000, 10'000, 10, {.0882, .2092, .2483, .1933, .1208, .0675, .0727}, 7},
    {6272, 128, 4, {.1174035788, .242955959, .249363483, .17517706, .102701071, .112398847}, 6},
    {128, 8, 1, {.21484375, .3671875, .23046875, .1875}, 4},
}};

}  // namespace

Outcome frequency(const BitSequence& bits) {
  if (bits.size() < kLeastBits) return not_applicable("needs 100 bits");
  const auto n = static_cast<double>(bits.size());
  const double excess = std::abs(2 * static_cast<double>(bits.ones(0, bits.size())) - n);
  return with_p(std::erfc(excess / std::sqrt(2 * n)));
}

std::size_t frequency_block(std::size_t bits) {
  return std::bit_ceil(std::max<std::size_t>(20, bits / 100 + 1));
}

Outcome block_frequency(const BitSequence& bits, std::size_t block) {
  if (bits.size() < kLeastBits || block < 1 || bits.size() < block) {
    return not_applicable("needs 100 bits and a whole block of " + std::to_string(block));
  }
  const std::size_t blocks = bits.size() / block;
  double sum = 0;
  for (std::size_t i = 0; i < blocks; ++i) {
    const double share = static_cast<double>(bits.ones(i * block, block)) / static_cast<double>(block);
    sum += (share - 0.5) * (share - 0.5);
  }
  return with_p(chi2_tail(static_cast<double>(blocks), 4 * static_cast<double>(block) * sum));
}

Outcome runs(const BitSequence& bits) {
  if (bits.size() < kLeastBits) return not_applicable("needs 100 bits");
  const auto n = static_cast<double>(bits.size());
  const double share = share_of_ones(bits);
  if (std::abs(share - 0.5) >= 2 / std::sqrt(n)) return not_applicable("too many ones or zeros: frequency fails");
  const double expected = 2 * n * share * (1 - share);
  const auto seen = static_cast<double>(1 + changes(bits));
  return with_p(std::erfc(std::abs(seen - expected) / (2 * std::sqrt(2 * n) * share * (1 - share))));
}

Outcome longest_run(const BitSequence& bits) {
  const auto* classes = std::find_if(kRunClasses.begin(), kRunClasses.end(),
                                     [&](const RunClasses& c) { return bits.size() >= c.least_bits; });
  if (classes == kRunClasses.end()) return not_applicable("needs 128 bits");
  std::array<double, 7> seen{};
  const std::size_t blocks = bits.size() / classes->block;
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::size_t run = longest_run_in(bits, i * classes->block, classes->block);
    ++seen[std::min(std::max(run, classes->shortest) - classes->shortest, classes->count - 1)];
  }
  const auto shares = std::span(classes->chances).first(classes->count);
  return with_p(chi2_tail(static_cast<double>(classes->count - 1),
                          chi2(std::span(seen).first(classes->count), shares, static_cast<double>(blocks))));
}

}  // namespace obscura::randomness
