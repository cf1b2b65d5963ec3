#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>

#include "audit/security/tables.h"
#include "base/error.h"
#include "ckks/parameters.h"

namespace obscura::security {
namespace {

using testing::HasSubstr;

/// A column from 2^10 on, "-" for none.
std::string column(Standard standard, Attacker attacker, int level, int last, Secret::Kind secret) {
  std::ostringstream text;
  for (int log_n = 10; log_n <= last; ++log_n) {
    const auto most = max_log_q(standard, attacker, log_n, level, secret);
    text << (log_n > 10 ? " " : "") << (most ? std::to_string(*most) : "-");
  }
  return text.str();
}

TEST(Tables, AreThePublishedNumbers) {
  const auto c2018 = [](Attacker a, int level) {
    return column(Standard::he2018, a, level, 15, Secret::Kind::ternary);
  };
  // SEAL, native/src/seal/util/hestdparms.h.
  EXPECT_EQ(c2018(Attacker::classical, 128), "27 54 109 218 438 881");
  EXPECT_EQ(c2018(Attacker::classical, 192), "19 37 75 152 305 611");
  EXPECT_EQ(c2018(Attacker::classical, 256), "14 29 58 118 237 476");
  EXPECT_EQ(c2018(Attacker::quantum, 128), "25 51 101 202 411 827");
  EXPECT_EQ(c2018(Attacker::quantum, 192), "17 35 70 141 284 571");
  EXPECT_EQ(c2018(Attacker::quantum, 256), "13 27 54 109 220 443");
  // SparseLWEkit, Security/README.md.
  const auto c2024 = [](Attacker a, int level, Secret::Kind secret = Secret::Kind::ternary) {
    return column(Standard::guidelines2024, a, level, 17, secret);
  };
  EXPECT_EQ(c2024(Attacker::classical, 128), "26 53 106 214 430 868 1747 3523");
  EXPECT_EQ(c2024(Attacker::classical, 192), "- 36 73 147 297 597 1199 2411");
  EXPECT_EQ(c2024(Attacker::classical, 256), "- 27 56 114 230 462 929 -");
  EXPECT_EQ(c2024(Attacker::quantum, 128), "20 40 80 161 322 644 1289 2578");
  EXPECT_EQ(c2024(Attacker::quantum, 192), "- 29 59 119 239 479 959 1920");
  EXPECT_EQ(c2024(Attacker::quantum, 256), "- 22 47 95 192 385 773 -");
  constexpr auto kGaussian = Secret::Kind::gaussian;
  EXPECT_EQ(c2024(Attacker::classical, 128, kGaussian), "28 55 108 216 432 870 1749 3525");
  EXPECT_EQ(c2024(Attacker::quantum, 256, kGaussian), "- 25 49 98 195 388 775 -");
}

TEST(Tables, WhatIsEnforcedIsTheClassicalOneOf2024) {
  for (int log_n = 10; log_n <= 17; ++log_n) {
    for (const int level : table_levels()) {
      EXPECT_EQ(ckks::max_log_qp(log_n, level),
                max_log_q(Standard::guidelines2024, Attacker::classical, log_n, level).value_or(0));
    }
    // And is the stricter of the two classical ones.
    const auto older = max_log_q(Standard::he2018, Attacker::classical, log_n, 128);
    EXPECT_LE(ckks::max_log_qp(log_n, 128), older.value_or(100'000));
  }
}

TEST(Tables, InterpolationIsThatOfTheReports) {
  for (int log_n = 10; log_n <= 17; ++log_n) {
    for (double log_q = 12; log_q < 4000; log_q *= 1.07) {
      const auto verdict = look_up(Standard::guidelines2024, Attacker::classical, {std::exp2(log_n), log_q});
      EXPECT_EQ(verdict.bits, ckks::estimate_security_bits(log_n, log_q)) << log_n << " " << log_q;
    }
  }
}

TEST(Tables, LevelsAreGrantedUpToTheirLimitAndNoFurther) {
  const auto level = [](double log_q) {
    return look_up(Standard::guidelines2024, Attacker::classical, {8192, log_q}).level;
  };
  EXPECT_EQ(level(114), 256);
  EXPECT_EQ(level(114.01), 192);
  EXPECT_EQ(level(147.01), 128);
  EXPECT_EQ(level(214), 128);
  EXPECT_EQ(level(214.01), 0);
}

TEST(Tables, ADimensionBetweenTwoRowsGetsTheLower) {
  const auto between = look_up(Standard::guidelines2024, Attacker::classical, {12000, 214});
  EXPECT_EQ(between.log_degree, 13);
  EXPECT_EQ(between.max_log_q_128, 214);
  EXPECT_EQ(look_up(Standard::he2018, Attacker::classical, {1 << 17, 800}).log_degree, 15);
}

TEST(Tables, SayNothingOfWhatTheyWereNotMadeFor) {
  const auto why = [](const Lwe& lwe) {
    return look_up(Standard::guidelines2024, Attacker::classical, lwe).not_for_it;
  };
  EXPECT_EQ(why({8192, 214}), "");
  EXPECT_THAT(why({8192, 214, {Secret::Kind::sparse, 64, 0}}), HasSubstr("sparse"));
  EXPECT_THAT(why({8192, 214, {}, 1.0}), HasSubstr("errors"));
  EXPECT_THAT(why({8192, 214, {Secret::Kind::gaussian, 0, 0.5}}), HasSubstr("wider"));
  EXPECT_THAT(why({512, 20}), HasSubstr("begins at N = 2^10"));
}

TEST(Tables, RefuseLevelsThatTheyDoNotHave) {
  EXPECT_THROW(max_log_q(Standard::he2018, Attacker::classical, 13, 100), ParameterError);
  EXPECT_EQ(max_log_q(Standard::he2018, Attacker::classical, 16, 128), std::nullopt);
  EXPECT_EQ(max_log_q(Standard::guidelines2024, Attacker::quantum, 9, 128), std::nullopt);
}

}  // namespace
}  // namespace obscura::security
