#include "audit/security/estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace obscura::security {
namespace {

using testing::HasSubstr;

constexpr double kWobble = 0.3;  // bits: what a search over whole numbers is off its minimum

TEST(Reduction, CostsAreThoseOfTheLatticeEstimator) {
  // estimator/reduction.py, examples of its doc strings: b = 500, d = 1024.
  EXPECT_NEAR(reduction_bits(Model::sieve_classical, 500, 1024), 175.4, 0.05);
  EXPECT_NEAR(reduction_bits(Model::sieve_quantum, 500, 1024), 161.9, 0.05);
  EXPECT_NEAR(reduction_bits(Model::core_classical, 500, 1024), 146.0, 1e-9);
  EXPECT_NEAR(reduction_bits(Model::core_quantum, 500, 1024), 132.5, 1e-9);
  EXPECT_NEAR(reduction_bits(Model::core_walks, 500, 1024), 128.5, 1e-9);
}

TEST(Reduction, ReachesTheRootHermiteFactorsOfTheLatticeEstimator) {
  EXPECT_NEAR(std::exp2(log2_root_hermite(406)), 1.003941, 1e-6);
  EXPECT_NEAR(std::exp2(log2_root_hermite(481)), 1.003499, 1e-6);
  EXPECT_NEAR(std::exp2(log2_root_hermite(415)), 1.003882, 1e-6);
  EXPECT_NEAR(std::exp2(log2_root_hermite(120)), 1.008435, 1e-6);
}

TEST(Reduction, ASieveEndsWithItsVectors) {
  // ADPS16.short_vectors(100, 500): longer by 1.1547, 2^29.2 operations.
  const auto found = short_vectors(Model::core_classical, 100, 500, 0);
  EXPECT_NEAR(std::exp2(found.log2_stretch), 1.1547, 1e-4);
  EXPECT_NEAR(found.bits, 29.2, 0.01);
  // GJ21.short_vectors(100, 500): a last sieve of 121 dimensions, vectors longer by 1.04228.
  const auto wide = short_vectors(Model::matzov, 100, 500, 0);
  EXPECT_EQ(wide.sieve, 121);
  EXPECT_NEAR(std::exp2(wide.log2_stretch), 1.04228, 2e-3);
}

/// Bits of every attack and model, of one instance and of one that must not be harder.
void expect_no_harder(const Lwe& hard, const Lwe& easy, const char* what) {
  const auto first = estimates(hard), second = estimates(easy);
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_LE(second[i].bits, first[i].bits + kWobble)
        << what << " " << to_string(first[i].attack) << " " << to_string(first[i].model);
  }
  EXPECT_LT(weakest(second, Model::matzov).bits, weakest(first, Model::matzov).bits) << what;
}

TEST(Estimates, MoreModulusIsEasier) {
  for (const double n : {1024.0, 8192.0, 32768.0}) {
    double share = 0.015;
    for (int i = 0; i < 4; ++i, share *= 1.3) {
      expect_no_harder({n, n * share}, {n, n * share * 1.3}, "modulus");
    }
  }
}

TEST(Estimates, FewerDimensionsAreEasier) {
  for (double n = 1024; n < 20000; n *= 1.7) {
    expect_no_harder({std::ceil(n * 1.7), 40}, {std::ceil(n), 40}, "dimension");
  }
}

TEST(Estimates, LessErrorIsEasier) {
  for (double sigma = 0.4; sigma < 50; sigma *= 2) {
    expect_no_harder({2048, 54, {}, 2 * sigma}, {2048, 54, {}, sigma}, "error");
  }
}

TEST(Estimates, ASparserSecretIsEasier) {
  for (std::size_t weight = 32; weight < 2048; weight *= 2) {
    expect_no_harder({8192, 180, {Secret::Kind::sparse, 2 * weight, 0}}, {8192, 180, {Secret::Kind::sparse, weight, 0}},
                     "weight");
  }
}

TEST(Estimates, FewerSamplesAreNoEasier) {
  const double few = weakest(estimates({1024, 27, {}, 3.2, 200}), Model::matzov).bits;
  const double some = weakest(estimates({1024, 27, {}, 3.2, 800}), Model::matzov).bits;
  const double many = weakest(estimates({1024, 27}), Model::matzov).bits;
  EXPECT_GT(few, some);
  EXPECT_GE(some, many - kWobble);
}

TEST(Estimates, ModelsAreInTheOrderOfWhatTheyCount) {
  const auto found = estimates({8192, 214});
  const auto bits = [&](Model model) { return weakest(found, model).bits; };
  EXPECT_LT(bits(Model::core_walks), bits(Model::core_quantum));
  EXPECT_LT(bits(Model::core_quantum), bits(Model::core_classical));
  EXPECT_LT(bits(Model::core_classical), bits(Model::sieve_classical));
  EXPECT_LT(bits(Model::sieve_quantum), bits(Model::sieve_classical));
}

TEST(Estimates, AWiderSecretThanTheErrorIsNoHarderThanTheError) {
  const double wide = security_bits({1024, 27, {Secret::Kind::gaussian, 0, 1000}, 3.2});
  EXPECT_NEAR(wide, security_bits({1024, 27, {Secret::Kind::gaussian, 0, 0}, 3.2}), 1e-9);
}

TEST(Estimates, WhatIsBrokenIsCalledSo) {
  // SimplePIR's own set stands where docs and headers say that it stands.
  EXPECT_NEAR(security_bits({1024, 32}), 105, 3);
  EXPECT_LT(security_bits({1024, 600}), 50);
  EXPECT_LT(security_bits({32, 60}), 50);
}

TEST(Estimates, GuessesAreForSparseSecretsAlone) {
  EXPECT_EQ(estimates({1024, 27}).size(), 4 * all_models().size());
  const auto sparse = estimates({1024, 27, {Secret::Kind::sparse, 64, 0}});
  EXPECT_EQ(sparse.size(), 6 * all_models().size());
  EXPECT_EQ(weakest(sparse, Model::matzov).attack, Attack::hybrid_mitm);
}

void expect_refused(const Lwe& lwe, const char* problem) {
  try {
    estimates(lwe);
    FAIL() << "accepted: " << problem;
  } catch (const ParameterError& error) {
    EXPECT_THAT(error.what(), HasSubstr(problem));
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("\n")));
  }
}

TEST(Estimates, RefuseWhatIsNoInstance) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  for (const double n : {0.0, 31.0, -8192.0, 3e6, nan, infinity}) expect_refused({n, 100}, "dimension");
  for (const double q : {0.0, 1.0, -5.0, 1e9, nan, infinity}) expect_refused({8192, q}, "modulus");
  for (const double sigma : {0.0, -1.0, 1e40, nan, infinity}) expect_refused({8192, 100, {}, sigma}, "error");
  for (const double samples : {0.0, -1.0, nan}) expect_refused({8192, 100, {}, 3.2, samples}, "samples");
  for (const std::size_t weight : {0UL, 8193UL}) {
    expect_refused({8192, 100, {Secret::Kind::sparse, weight, 0}}, "coefficients");
  }
  EXPECT_THROW(weakest({}, Model::matzov), UsageError);
}

TEST(Estimates, AnswerForEverythingThatIsOne) {
  for (const double n : {32.0, 33.0, 500.0, 16384.0}) {
    for (const double q : {8.0, 300.0, 65536.0}) {
      for (const double samples : {1.0, 1e6}) {
        for (const char* secret : {"ternary", "sparse:1", "sparse:32", "gaussian"}) {
          const auto found = estimates({n, q, parse_secret(secret), 3.2, samples}, {Model::matzov, Model::core_walks});
          for (const Estimate& e : found) EXPECT_FALSE(std::isnan(e.bits)) << n << " " << q << " " << secret;
        }
      }
    }
  }
}

TEST(Secrets, ReadWhatTheyWrite) {
  for (const char* text : {"ternary", "sparse:192", "gaussian", "gaussian:1.22"}) {
    EXPECT_EQ(to_string(parse_secret(text)), text);
  }
  for (const char* text : {"", "Ternary", "sparse", "sparse:", "sparse:0", "sparse:-1", "sparse:1.5", "sparse:9x",
                           "sparse:99999999999999999999", "gaussian:", "gaussian:0", "gaussian:-1", "gaussian:nan",
                           "gaussian:inf", "ternary:3", ":", "binary"}) {
    EXPECT_THROW(parse_secret(text), UsageError) << text;
  }
}

}  // namespace
}  // namespace obscura::security
