#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "audit/security/dual.h"
#include "audit/security/estimate.h"
#include "audit/security/primal.h"
#include "audit/security/tables.h"

namespace obscura::security {
namespace {

constexpr double kAgreement = 2;  // bits

/// A set of parameters with what somebody else says that an attack on it costs.
struct Published {
  std::string name;
  Lwe lwe;
  Model model;
  Attack attack;
  double bits;
};

Estimate run(Attack attack, const Lwe& lwe, Model model) {
  const Lwe normal = normal_form(lwe);
  switch (attack) {
    case Attack::usvp:
      return usvp(normal, model);
    case Attack::bdd:
      return bdd(normal, model);
    case Attack::hybrid:
      return hybrid(normal, model, false);
    case Attack::hybrid_mitm:
      return hybrid(normal, model, true);
    case Attack::dual:
      return dual(normal, model);
    case Attack::dual_hybrid:
      break;
  }
  return dual_hybrid(normal, model);
}

Lwe module_lwe(double n, double q, double secret, double error) {
  return {n, std::log2(q), {Secret::Kind::gaussian, 0, secret}, error, n};
}

/// The lattice estimator, README.rst and docs/schemes of its repository (malb/lattice-estimator; files stored at
/// commits 01babe84 and 1bb476f9). Its default model is matzov; "rough" is core-classical.
std::vector<Published> lattice_estimator() {
  const Lwe kyber512 = module_lwe(512, 3329, std::sqrt(1.5), std::sqrt(1.5));
  const Lwe saber = module_lwe(768, 8192, std::sqrt(2.0), std::sqrt(5.25));
  const Lwe standard{1024, 27, {Secret::Kind::gaussian, 0, 3}, 3, 1024};
  return {
      {"Kyber512", kyber512, Model::matzov, Attack::usvp, 143.8},
      {"Kyber512", kyber512, Model::matzov, Attack::bdd, 140.3},
      {"Kyber512", kyber512, Model::matzov, Attack::dual, 149.9},
      {"Kyber512", kyber512, Model::matzov, Attack::dual_hybrid, 139.7},
      {"Kyber512 rough", kyber512, Model::core_classical, Attack::usvp, 118.6},
      {"Kyber512 rough", kyber512, Model::core_classical, Attack::dual_hybrid, 115.5},
      {"Kyber768", module_lwe(768, 3329, 1, 1), Model::matzov, Attack::bdd, 201.0},
      {"Kyber1024", module_lwe(1024, 3329, 1, 1), Model::matzov, Attack::bdd, 270.7},
      {"LightSaber", module_lwe(512, 8192, std::sqrt(2.5), std::sqrt(5.25)), Model::matzov, Attack::bdd, 139.9},
      {"Saber", saber, Model::matzov, Attack::bdd, 208.0},
      {"FireSaber", module_lwe(1024, 8192, std::sqrt(1.5), std::sqrt(5.25)), Model::matzov, Attack::bdd, 275.5},
      {"HE standard 1024, error secret", standard, Model::matzov, Attack::bdd, 136.7},
      {"SEAL 2.2, 8192", {8192, 226, {}, 3.19}, Model::matzov, Attack::dual_hybrid, 121.8},
  };
}

/// HomomorphicEncryption/SparseLWEkit, src/data/lattice_estimator_estimates.csv: the lattice estimator at 6019056.
std::vector<Published> sparse_secrets() {
  struct Row {
    int log_n;
    double sigma, log_q;
    std::size_t weight;
    double usvp, hybrid, mitm, dual;
  };
  const std::vector<Row> rows{
      {17, 3.2, 2341, 128, 197.9, 172.9, 158.9, 198.9},  {16, 3.2, 1555, 192, 144.3, 139.5, 133.8, 145.3},
      {15, 3.2, 777, 192, 143.3, 138.4, 132.6, 144.3},   {15, 3.19, 767, 192, 145.2, 139.9, 134.1, 146.3},
      {16, 3.19, 1553, 192, 144.6, 139.8, 134.0, 145.6}, {17, 3.19, 3104, 192, 145.8, 141.3, 135.7, 146.5},
  };
  std::vector<Published> sets;
  for (const Row& row : rows) {
    const Lwe lwe{std::exp2(row.log_n), row.log_q, {Secret::Kind::sparse, row.weight, 0}, row.sigma};
    const std::string name = "sparse 2^" + std::to_string(row.log_n) + " " + std::to_string(row.log_q);
    sets.push_back({name, lwe, Model::matzov, Attack::usvp, row.usvp});
    sets.push_back({name, lwe, Model::matzov, Attack::hybrid, row.hybrid});
    sets.push_back({name, lwe, Model::matzov, Attack::hybrid_mitm, row.mitm});
    sets.push_back({name, lwe, Model::matzov, Attack::dual, row.dual});
  }
  return sets;
}

TEST(Published, OursAgreeWithTheLatticeEstimator) {
  for (const auto& sets : {lattice_estimator(), sparse_secrets()}) {
    for (const Published& p : sets) {
      const Estimate ours = run(p.attack, p.lwe, p.model);
      EXPECT_NEAR(ours.bits, p.bits, kAgreement) << p.name << " " << to_string(p.attack);
    }
  }
}

TEST(Published, BlocksAndDimensionsAreItsToo) {
  const Estimate ours = usvp(module_lwe(512, 3329, std::sqrt(1.5), std::sqrt(1.5)), Model::matzov);
  EXPECT_EQ(ours.block, 406);
  EXPECT_EQ(ours.dimension, 998);
  const Estimate dual = dual_hybrid({8192, 226, {}, 3.19}, Model::matzov);
  EXPECT_EQ(dual.block, 306);
}

TEST(Published, ManyZerosInOtherPlacesAreAsHardAsTheirsToo) {
  // The estimator's doc string of primal_hybrid: Kyber512 with 16 ones and 16 minus ones: 89.3, or 85.5 by a meet in
  // the middle.
  Lwe kyber = module_lwe(512, 3329, 0, std::sqrt(1.5));
  kyber.secret = {Secret::Kind::sparse, 32, 0};
  EXPECT_NEAR(hybrid(kyber, Model::matzov, false).bits, 89.3, kAgreement);
  EXPECT_NEAR(hybrid(kyber, Model::matzov, true).bits, 85.5, kAgreement);
}

/// The attacks that the tables of 2024 are made with.
double table_bits(const Lwe& lwe, Model model) {
  return std::min(usvp(lwe, model).bits, dual_hybrid(lwe, model).bits);
}

struct Row {
  Standard standard;
  Attacker attacker;
  Secret secret;
  int log_n, level, log_q;
};

std::vector<Row> rows_of(Standard standard) {
  std::vector<Row> rows;
  for (const Attacker attacker : {Attacker::classical, Attacker::quantum}) {
    for (const Secret& secret : {Secret{}, Secret{Secret::Kind::gaussian, 0, 0}}) {
      for (int log_n = 10; log_n <= 17; ++log_n) {
        for (const int level : table_levels()) {
          const auto most = max_log_q(standard, attacker, log_n, level, secret.kind);
          if (most) rows.push_back({standard, attacker, secret, log_n, level, *most});
        }
      }
    }
  }
  return rows;
}

/// At a table's limit the estimate is the table's level, to two bits; where one bit of the modulus is worth more than
/// that, as in small rings, to what a bit and a quarter are worth.
void expect_at_level(const Row& row, double ours, double a_bit_more) {
  const std::string what = "2^" + std::to_string(row.log_n) + " " + std::to_string(row.log_q) + " " +
                           to_string(row.attacker) + " " + to_string(row.secret);
  EXPECT_GT(ours, row.level - 1) << what;
  EXPECT_LT(ours, row.level + std::max(kAgreement, 1.25 * (ours - a_bit_more))) << what;
}

Lwe at_limit(const Row& row, double error, double more) {
  return {std::exp2(row.log_n), row.log_q + more, row.secret, error};
}

TEST(Published, AtTheLimitsOfTheTablesOf2024OursAreTheLevels) {
  int checked = 0, within_two = 0;
  for (const Row& row : rows_of(Standard::guidelines2024)) {
    // Quantum: what reproduces them is 2^(0.257 b).
    const Model model = row.attacker == Attacker::quantum ? Model::core_walks : Model::matzov;
    const double ours = table_bits(at_limit(row, 3.19, 0), model);
    expect_at_level(row, ours, table_bits(at_limit(row, 3.19, 1), model));
    within_two += std::abs(ours - row.level) <= kAgreement;
    ++checked;
  }
  EXPECT_EQ(checked, 84);
  EXPECT_GE(within_two, 66);
  RecordProperty("within_two", within_two);
}

TEST(Published, AtTheLimitsOf2018OursAreTheLevels) {
  int checked = 0, within_two = 0;
  for (const Row& row : rows_of(Standard::he2018)) {
    if (row.secret.kind != Secret::Kind::ternary) continue;
    const Model model = row.attacker == Attacker::quantum ? Model::sieve_quantum : Model::sieve_classical;
    const double ours = usvp(at_limit(row, 3.2, 0), model).bits;
    expect_at_level(row, ours, usvp(at_limit(row, 3.2, 1), model).bits);
    within_two += std::abs(ours - row.level) <= kAgreement;
    ++checked;
  }
  EXPECT_EQ(checked, 36);
  EXPECT_GE(within_two, 24);
  RecordProperty("within_two", within_two);
}

}  // namespace
}  // namespace obscura::security
