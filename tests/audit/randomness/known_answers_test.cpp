// What NIST's program sts 2.1.2 says of four constants, and the worked examples of SP 800-22 rev. 1a.
#include <gtest/gtest.h>
#include <sodium.h>

#include <array>
#include <map>
#include <string>

#include "audit/randomness/balance.h"
#include "audit/randomness/constants.h"
#include "audit/randomness/excursions.h"
#include "audit/randomness/matrix_rank.h"
#include "audit/randomness/patterns.h"
#include "audit/randomness/suite.h"

namespace obscura::randomness {
namespace {

struct Constant {
  const char* name;
  std::string (*digits)();
  const char* sha256;  ///< of the digits as text
};

std::string hex(const std::string& text) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash;
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  std::string out(2 * hash.size() + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), hash.data(), hash.size());
  return out.substr(0, 2 * hash.size());
}

const std::array<Constant, 4> kConstants{{
    {"pi", pi_digits, "417539f94f4d570b0f5c9e655b2e7d5cbb652028bf28a31add155d73a560a34d"},
    {"e", e_digits, "b5a3b3b457a180cd3c6054f49563c6e7a008e5f080fc2b00b94668c3d96245e3"},
    {"sqrt2", [] { return sqrt_digits(2); }, "643e1a5463d3021c18006b20b7ebc43767322de2c753846167308e040017e854"},
    {"sqrt3", [] { return sqrt_digits(3); }, "0be6f9dbbcd5b77fd7f84ddede5dddf875f836503151b84e8988356031d50d72"},
}};

/// p-values by "test variant".
std::map<std::string, double> answers(const BitSequence& bits) {
  std::map<std::string, double> p;
  const auto variants = variants_of(all_tests());
  const auto outcomes = run_tests(all_tests(), bits, nist_program());
  for (std::size_t v = 0; v < variants.size(); ++v) p[variants[v].text()] = outcomes[v].p.value_or(-1);
  return p;
}

struct Row {
  const char* variant;
  std::array<double, 4> p;  ///< of kConstants
};

const std::array<Row, 19> kAnswers{{
    {"frequency", {.578211, .953749, .811881, .610051}},
    {"block-frequency", {.380615, .211072, .833222, .473961}},
    {"cumulative-sums forward", {.628308, .669886, .879009, .917121}},
    {"cumulative-sums backward", {.663369, .724265, .957206, .689519}},
    {"runs", {.419268, .561917, .313427, .261123}},
    {"longest-run", {.024390, .718945, .012117, .446726}},
    {"matrix-rank", {.083553, .306156, .823810, .314498}},
    {"spectrum", {.010186, .847187, .581909, .776046}},
    {"non-overlapping-templates 000000001", {.165757, .078790, .569461, .532235}},
    {"overlapping-template", {.296897, .110434, .791982, .082716}},
    {"universal", {.669012, .282568, .130805, .165981}},
    {"approximate-entropy", {.361595, .700073, .884740, .180481}},
    {"random-excursions +1", {.844143, .786868, .216235, .783283}},
    {"random-excursions-variant -1", {.760966, .826009, .566118, .155066}},
    {"linear-complexity", {.255475, .826335, .317127, .346469}},
    {"serial 1", {.143005, .766182, .861925, .157500}},
    {"serial 2", {.034354, .462921, .629225, .171100}},
    {"random-excursions -4", {.279235, .573306, .650667, .140338}},
    {"random-excursions-variant +9", {1.000000, .593930, .397735, .756576}},
}};

TEST(KnownAnswers, NistProgramOnConstants) {
  for (std::size_t c = 0; c < kConstants.size(); ++c) {
    const std::string digits = kConstants[c].digits();
    ASSERT_EQ(digits.size(), kDigits) << kConstants[c].name;
    ASSERT_EQ(hex(digits), kConstants[c].sha256) << kConstants[c].name;
    const auto p = answers(BitSequence::from_text(digits));
    EXPECT_EQ(p.size(), 188U);
    for (const Row& row : kAnswers) {
      EXPECT_NEAR(p.at(row.variant), row.p[c], 5.1e-7) << kConstants[c].name << " " << row.variant;
    }
  }
}

TEST(KnownAnswers, AllExcursionsOfPi) {
  const auto bits = BitSequence::from_text(pi_digits());
  constexpr std::array<double, 8> kNear{.279235, .639439, .268428, .613106, .844143, .794540, .790685, .627278};
  constexpr std::array<double, 18> kFar{.995094, .926985, .854948, .657527, .760966, .687364, .864963, .650024, .760966,
                                        .509815, .714432, .954795, .708635, .806410, .945155, .932760, .911398, 1};
  const auto near = random_excursions(bits), far = random_excursions_variant(bits);
  for (std::size_t i = 0; i < kNear.size(); ++i) EXPECT_NEAR(near[i].p.value(), kNear[i], 5.1e-7) << near[i].variant;
  for (std::size_t i = 0; i < kFar.size(); ++i) EXPECT_NEAR(far[i].p.value(), kFar[i], 5.1e-7) << far[i].variant;
}

/// The standard prints six digits of examples of 100 bits of pi, and of up to a million of e.
TEST(KnownAnswers, WorkedExamplesOfTheStandard) {
  const auto pi = BitSequence::from_text(pi_digits().substr(0, 100));
  EXPECT_NEAR(frequency(pi).p.value(), 0.109599, 5.1e-7);            // 2.1.8
  EXPECT_NEAR(block_frequency(pi, 10).p.value(), 0.706438, 5.1e-7);  // 2.2.8
  EXPECT_NEAR(runs(pi).p.value(), 0.500798, 5.1e-7);                 // 2.3.8
  EXPECT_NEAR(cumulative_sums(pi)[0].p.value(), 0.219194, 5.1e-7);   // 2.13.8
  EXPECT_NEAR(cumulative_sums(pi)[1].p.value(), 0.114866, 5.1e-7);
  EXPECT_NEAR(approximate_entropy(pi, 2).p.value(), 0.235301, 5.1e-7);  // 2.12.8
  const auto run = BitSequence::from_text(
      "1100110000010101011011000100110011100000000000100100110101010001000100111101011010000000110101111100110011100110"
      "1101"
      "100010110010");
  EXPECT_NEAR(longest_run(run).p.value(), 0.180609, 1e-5);  // 2.4.8, from rounded chances
  const std::string e = e_digits();
  EXPECT_NEAR(matrix_rank(BitSequence::from_text(e.substr(0, 100'000))).p.value(), 0.532069, 5e-6);  // 2.5.8
  const auto whole = BitSequence::from_text(e);
  EXPECT_NEAR(serial(whole, 2)[0].p.value(), 0.843764, 5.1e-7);  // 2.11.8
  EXPECT_NEAR(serial(whole, 2)[1].p.value(), 0.561915, 5.1e-7);
  EXPECT_NEAR(linear_complexity(whole, 1000, LowestClass::printed).p.value(), 0.845406, 5.1e-7);  // 2.10.8
}

}  // namespace
}  // namespace obscura::randomness
