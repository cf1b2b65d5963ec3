// Each fast way against the slow one that the standard describes, and chances against enumeration.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <random>

#include "audit/randomness/balance.h"
#include "audit/randomness/excursions.h"
#include "audit/randomness/linear_complexity.h"
#include "audit/randomness/patterns.h"
#include "audit/randomness/special.h"
#include "audit/randomness/spectrum.h"
#include "audit/randomness/templates.h"

namespace obscura::randomness {
namespace {

BitSequence random_bits(std::size_t count, unsigned seed, double ones = 0.5) {
  std::mt19937_64 random(seed);
  BitSequence bits;
  for (std::size_t i = 0; i < count; ++i) bits.append(static_cast<double>(random() >> 11) * 0x1p-53 < ones ? 1 : 0, 1);
  return bits;
}

/// Massey 1969, bit by bit.
std::size_t slow_register(const BitSequence& s, std::size_t first, std::size_t n) {
  std::vector<int> c(n + 1), b(n + 1);
  c[0] = b[0] = 1;
  std::size_t length = 0, gap = 1;
  for (std::size_t i = 0; i < n; ++i) {
    int d = 0;
    for (std::size_t k = 0; k <= length; ++k) d ^= c[k] & (s[first + i - k] ? 1 : 0);
    if (d == 0) {
      ++gap;
      continue;
    }
    const auto old = c;
    for (std::size_t k = 0; k + gap <= n; ++k) c[k + gap] ^= b[k];
    if (2 * length <= i) {
      length = i + 1 - length;
      b = old;
      gap = 1;
    } else {
      ++gap;
    }
  }
  return length;
}

TEST(LinearComplexity, RegistersAreThoseOfMassey) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    const std::size_t count = 1 + seed * 7 % 300;
    const auto bits = random_bits(count + 90, seed, seed % 3 == 0 ? 0.02 : 0.5);
    for (const std::size_t first : {0, 1, 63, 90}) {
      ASSERT_EQ(shortest_register(bits, first, count), slow_register(bits, first, count)) << seed << " " << first;
    }
  }
}

TEST(LinearComplexity, OfARegisterIsItsLength) {
  BitSequence bits;  // x^127 + x^63 + 1
  std::vector<int> state(127);
  std::mt19937_64 random(1);
  for (int& s : state) s = static_cast<int>(random() % 2);
  for (int i = 0; i < 1000; ++i) {
    bits.append(static_cast<std::uint64_t>(state[0]), 1);
    const int next = state[0] ^ state[64];
    state.erase(state.begin());
    state.push_back(next);
  }
  EXPECT_EQ(shortest_register(bits, 0, 1000), 127U);
  EXPECT_EQ(shortest_register(bits, 300, 700), 127U);
  EXPECT_EQ(shortest_register(BitSequence::from_text(std::string(500, '0')), 0, 500), 0U);
  std::string last(500, '0');
  last.back() = '1';
  EXPECT_EQ(shortest_register(BitSequence::from_text(last), 0, 500), 500U);
}

double slow_spectrum(const BitSequence& bits) {
  const std::size_t n = bits.size();
  double below = 0;
  for (std::size_t j = 0; j < n / 2; ++j) {
    std::complex<double> sum = 0;
    for (std::size_t k = 0; k < n; ++k) {
      const double angle = -2 * std::numbers::pi * static_cast<double>(j * k % n) / static_cast<double>(n);
      sum += std::polar(bits[k] ? 1.0 : -1.0, angle);
    }
    below += std::abs(sum) < std::sqrt(std::log(20.0) * static_cast<double>(n)) ? 1 : 0;
  }
  const double d = (below - 0.95 * static_cast<double>(n) / 2) / std::sqrt(static_cast<double>(n) * 0.95 * 0.05 / 4);
  return std::erfc(std::abs(d) / std::numbers::sqrt2);
}

/// 1009 is prime, 1022 twice a prime, 1001 odd: all but 1000 go by the chirp.
TEST(Spectrum, EveryLengthAgreesWithTheSum) {
  for (const std::size_t n : {1000, 1001, 1009, 1022, 1024, 1125}) {
    for (unsigned seed = 0; seed < 3; ++seed) {
      const auto bits = random_bits(n, seed);
      EXPECT_NEAR(spectrum(bits).p.value(), slow_spectrum(bits), 1e-12) << n;
    }
  }
}

/// 2.7.4 word for word: a window that matches is skipped as a whole.
std::size_t slow_matches(const BitSequence& bits, std::size_t first, std::size_t block, std::uint32_t pattern) {
  std::size_t count = 0;
  for (std::size_t i = 0; i + 9 <= block;) {
    if (bits.word_at(first + i) >> 55 == pattern) {
      ++count;
      i += 9;
    } else {
      ++i;
    }
  }
  return count;
}

TEST(Templates, NonOverlappingOnesAreCountedAsTheStandardScans) {
  const auto bits = random_bits(20'500, 5);
  const auto templates = aperiodic_templates(9);
  const auto outcomes = non_overlapping_templates(bits);
  ASSERT_EQ(outcomes.size(), templates.size());
  const std::size_t block = bits.size() / 8;
  const double mean = static_cast<double>(block - 8) / 512;
  const double variance = static_cast<double>(block) * (1.0 / 512 - 17.0 / (512.0 * 512.0));
  for (std::size_t t = 0; t < templates.size(); ++t) {
    double sum = 0;
    for (std::size_t b = 0; b < 8; ++b) {
      const double off = static_cast<double>(slow_matches(bits, b * block, block, templates[t])) - mean;
      sum += off * off / variance;
    }
    EXPECT_NEAR(outcomes[t].p.value(), chi2_tail(8, sum), 1e-12) << outcomes[t].variant;
  }
}

TEST(Templates, AperiodicOnesAreAsManyAsPublished) {
  // SP 800-22, 2.7.7 and NIST's list of templates.
  const std::array<std::size_t, 9> counts{2, 4, 6, 12, 20, 40, 74, 148, 284};
  for (std::size_t m = 2; m <= 10; ++m) EXPECT_EQ(aperiodic_templates(static_cast<int>(m)).size(), counts[m - 2]) << m;
}

/// The chances of 0 to 4 and more occurrences of nine ones in 1032 bits, by the states of a scan: (run of ones up to 9,
/// occurrences up to 5).
TEST(Templates, ChancesOfOverlapsAreExact) {
  std::array<std::array<double, 6>, 10> chance{};
  chance[0][0] = 1;
  for (int i = 0; i < 1032; ++i) {
    std::array<std::array<double, 6>, 10> next{};
    for (std::size_t run = 0; run < 10; ++run) {
      for (std::size_t seen = 0; seen < 6; ++seen) {
        next[0][seen] += chance[run][seen] / 2;
        const std::size_t longer = std::min<std::size_t>(9, run + 1);
        next[longer][std::min<std::size_t>(5, seen + (longer == 9 ? 1 : 0))] += chance[run][seen] / 2;
      }
    }
    chance = next;
  }
  constexpr std::array<double, 6> kTable{.364091, .185659, .139381, .100571, .0704323, .139865};
  for (std::size_t seen = 0; seen < 6; ++seen) {
    double sum = 0;
    for (const auto& run : chance) sum += run[seen];
    EXPECT_NEAR(sum, kTable[seen], 6e-7) << seen;
  }
}

TEST(Patterns, EntropyAndSerialCountTheRing) {
  // 2.11.4 and 2.12.4 have these ten bits.
  const auto serial_bits = BitSequence::from_text("0011011101");
  const auto both = serial(serial_bits, 3);
  EXPECT_NEAR(both[0].p.value(), 0.808792, 5.1e-7);
  EXPECT_NEAR(both[1].p.value(), 0.670320, 5.1e-7);
  const auto entropy = approximate_entropy(BitSequence::from_text("0100110101"), 3);
  EXPECT_NEAR(entropy.p.value(), 0.261961, 5.1e-7);
}

TEST(Patterns, LongestOnesAreThoseOfTheStandard) {
  EXPECT_EQ(serial_pattern(1'000'000), 16U);  // < 19 - 2, by one
  EXPECT_EQ(entropy_pattern(1'000'000), 10U);
  EXPECT_EQ(serial_pattern(1 << 10), 7U);   // < 10 - 2
  EXPECT_EQ(entropy_pattern(1 << 10), 4U);  // < 10 - 5
  EXPECT_EQ(serial_pattern(0), 0U);
  EXPECT_EQ(entropy_pattern(100), 0U);
}

TEST(CumulativeSums, AgreeWithTheirWholeSeries) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const auto bits = random_bits(5000, seed);
    double sum = 0, highest = 0;
    for (std::size_t i = 0; i < bits.size(); ++i) {
      sum += bits[i] ? 1 : -1;
      highest = std::max(highest, std::abs(sum));
    }
    const double z = highest / std::sqrt(5000.0);
    double p = 1;
    for (int k = -2000; k <= 2000; ++k) p -= normal_cdf((4 * k + 1) * z) - normal_cdf((4 * k - 1) * z);
    for (int k = -2000; k <= 2000; ++k) p += normal_cdf((4 * k + 3) * z) - normal_cdf((4 * k + 1) * z);
    EXPECT_NEAR(cumulative_sums(bits)[0].p.value(), p, 1e-9) << seed;
  }
}

TEST(LongestRun, CrossesWords) {
  for (unsigned seed = 0; seed < 10; ++seed) {
    const auto bits = random_bits(7000, seed, 0.7);
    std::array<double, 6> seen{};
    for (std::size_t b = 0; b < 7000 / 128; ++b) {
      std::size_t run = 0, longest = 0;
      for (std::size_t i = 0; i < 128; ++i) {
        run = bits[b * 128 + i] ? run + 1 : 0;
        longest = std::max(longest, run);
      }
      ++seen[std::min<std::size_t>(std::max<std::size_t>(longest, 4) - 4, 5)];
    }
    constexpr std::array<double, 6> kChances{.1174035788, .242955959, .249363483, .17517706, .102701071, .112398847};
    EXPECT_NEAR(longest_run(bits).p.value(), chi2_tail(5, chi2(seen, kChances, 7000 / 128)), 1e-12);
  }
}

}  // namespace
}  // namespace obscura::randomness
