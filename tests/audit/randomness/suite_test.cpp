#include "audit/randomness/suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "audit/randomness/balance.h"
#include "base/error.h"

namespace obscura::randomness {
namespace {

BitSequence filled(std::size_t count, std::uint64_t word) {
  BitSequence bits;
  for (std::size_t i = 0; i < count; i += 64) {
    const auto taken = static_cast<int>(std::min<std::size_t>(64, count - i));
    bits.append(word >> (64 - taken), taken);
  }
  return bits;
}

TEST(Suite, HasAllVariants) {
  const auto variants = variants_of(all_tests());
  EXPECT_EQ(all_tests().size(), 15U);
  ASSERT_EQ(variants.size(), 188U);
  EXPECT_EQ(variants[6].text(), "non-overlapping-templates 000000001");
  EXPECT_EQ(variants.back().text(), "random-excursions-variant +9");
  for (const randomness::Test test : all_tests()) EXPECT_EQ(find_test(to_string(test)), test);
}

TEST(Suite, UnknownTestsAreRefusedWithAList) {
  try {
    find_test("entropy");
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("no test 'entropy'"));
    EXPECT_THAT(e.what(), testing::HasSubstr("approximate-entropy"));
  }
}

/// Whatever comes in, a p-value is in [0, 1] or there is none and a reason, in the order of variants_of.
void check_sound(const BitSequence& bits) {
  const auto variants = variants_of(all_tests());
  const auto outcomes = run_tests(all_tests(), bits);
  ASSERT_EQ(outcomes.size(), variants.size());
  for (std::size_t v = 0; v < outcomes.size(); ++v) {
    EXPECT_EQ(outcomes[v].variant, variants[v].name);
    if (outcomes[v].p) {
      EXPECT_TRUE(*outcomes[v].p >= 0 && *outcomes[v].p <= 1) << variants[v].text() << " " << bits.size();
    } else {
      EXPECT_FALSE(outcomes[v].reason.empty()) << variants[v].text() << " " << bits.size();
    }
  }
}

TEST(Suite, SurvivesAnySequence) {
  for (std::size_t count = 0; count < 300; ++count) check_sound(filled(count, 0x9E3779B97F4A7C15U));
  for (const std::uint64_t word :
       {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{0xAAAAAAAAAAAAAAAA}, std::uint64_t{0xFFFFFFFF00000000}}) {
    for (const std::size_t count : {1000U, 38'912U, 387'840U}) check_sound(filled(count, word));
  }
  check_sound(filled(1'000'003, 0xAAAAAAAAAAAAAAAA));
}

TEST(Suite, RefusesWhatIsTooShort) {
  const auto p_count = [](std::size_t count) {
    std::size_t with = 0;
    for (const auto& o : run_tests(all_tests(), filled(count, 0x9E3779B97F4A7C15U))) with += o.p ? 1 : 0;
    return with;
  };
  EXPECT_EQ(p_count(0), 0U);
  EXPECT_EQ(p_count(31), 0U);
  const auto applies = [](randomness::Test test, std::size_t count) {
    return run_test(test, filled(count, 0x9E3779B97F4A7C15U)).front().p.has_value();
  };
  const std::pair<randomness::Test, std::size_t> kLeast[] = {{randomness::Test::frequency, 100},
                                                             {randomness::Test::block_frequency, 100},
                                                             {randomness::Test::longest_run, 128},
                                                             {randomness::Test::matrix_rank, 38'912},
                                                             {randomness::Test::spectrum, 1000},
                                                             {randomness::Test::universal, 387'840},
                                                             {randomness::Test::cumulative_sums, 100},
                                                             {randomness::Test::overlapping_template, 1'000'000},
                                                             {randomness::Test::linear_complexity, 1'000'000},
                                                             {randomness::Test::non_overlapping_templates, 20'480}};
  for (const auto& [test, least] : kLeast) {
    EXPECT_TRUE(applies(test, least)) << to_string(test);
    EXPECT_FALSE(applies(test, least - 1)) << to_string(test);
  }
}

TEST(Suite, WhatDoesNotApplyIsNoFailure) {
  // All ones: the walk never returns, and runs mean nothing.
  const auto ones = filled(1'000'000, ~std::uint64_t{0});
  EXPECT_EQ(run_test(randomness::Test::frequency, ones).front().p.value(), 0);
  for (const randomness::Test test :
       {randomness::Test::runs, randomness::Test::random_excursions, randomness::Test::random_excursions_variant}) {
    for (const auto& o : run_test(test, ones)) EXPECT_FALSE(o.p) << to_string(test) << o.variant;
  }
}

TEST(Suite, BlocksOfTheFrequencyTestAreThoseOfTheStandard) {
  for (const std::size_t n : {100U, 2000U, 2048U, 10'000U, 1'000'000U, 1'638'400U, 50'000'000U}) {
    const std::size_t block = frequency_block(n);
    EXPECT_GE(block, 20U);
    EXPECT_GT(100 * block, n);
    EXPECT_LT(n / block, 100U);
  }
  EXPECT_EQ(frequency_block(1'000'000), 16'384U);
}

TEST(Suite, SeesOneBitInSixtyFourThatIsStuck) {
  std::mt19937_64 random(7);
  BitSequence bits;
  while (bits.size() < 1'000'000) bits.append(random() & ~std::uint64_t{1}, 64);
  std::size_t seen = 0;
  for (const auto& o : run_tests(all_tests(), bits)) seen += o.p && *o.p < 1e-6 ? 1 : 0;
  EXPECT_GT(seen, 5U);
}

}  // namespace
}  // namespace obscura::randomness
