// Encrypted scores are the plain ones, exactly for codes and within the derived error for vectors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <numeric>
#include <random>

#include "base/error.h"
#include "search/drawn_row.h"
#include "search/owner/score_owner.h"
#include "search/score_table.h"

namespace obscura::search {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

double product(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Both sides of one gallery.
struct Sides {
  Sides(VectorKind kind, std::size_t dimension, std::size_t rows, std::uint64_t seed)
      : pool(2), owner(plan_scores(kind, dimension)) {
    std::mt19937_64 random(seed);
    for (std::size_t r = 0; r < rows; ++r) gallery.push_back(drawn_row(kind, dimension, random));
    make_table();
  }
  void make_table() {
    std::vector<float> values;
    for (const auto& row : gallery) values.insert(values.end(), row.begin(), row.end());
    table = std::make_unique<ScoreTable>(owner.plan(), FeatureTable{values, owner.plan().dimension}, pool);
    const ckks::ContextPtr& context = table->context();
    keys = std::make_shared<ckks::EvaluationKeys>(*context, owner.evaluation_keys(&pool));
    evaluator = std::make_unique<ckks::Evaluator>(context, keys);
  }
  std::vector<ckks::CompactCiphertext> answer(std::span<const float> query) {
    return table->scores(expand(*table->context(), owner.encrypt(query)), *evaluator, pool);
  }
  std::vector<float> search(std::span<const float> query) { return owner.read(answer(query), gallery.size()); }

  ThreadPool pool;
  ScoreOwner owner;
  std::vector<std::vector<float>> gallery;
  std::unique_ptr<ScoreTable> table;
  std::shared_ptr<const ckks::EvaluationKeys> keys;
  std::unique_ptr<ckks::Evaluator> evaluator;
};

TEST(Scores, OfCodesAreExactForEveryLength) {
  for (const std::size_t bits : {1U, 2U, 3U, 10U, 63U, 64U, 100U, 128U, 129U, 600U, 1024U}) {
    Sides sides(VectorKind::code, bits, bits > 600 ? 40 : 300, bits);
    std::mt19937_64 random(bits + 1);
    for (int trial = 0; trial < 3; ++trial) {
      const auto query = drawn_row(VectorKind::code, bits, random);
      const auto scores = sides.search(query);
      for (std::size_t r = 0; r < scores.size(); ++r) ASSERT_EQ(scores[r], product(query, sides.gallery[r])) << bits;
    }
  }
}

TEST(Scores, OfGalleriesOfEverySize) {
  for (const std::size_t rows : {1U, 2U, 2047U, 2048U, 2049U, 5000U}) {
    Sides sides(VectorKind::code, 16, rows, rows);
    std::mt19937_64 random(3);
    const auto query = drawn_row(VectorKind::code, 16, random);
    const auto scores = sides.search(query);
    ASSERT_EQ(scores.size(), rows);
    for (std::size_t r = 0; r < rows; ++r) ASSERT_EQ(scores[r], product(query, sides.gallery[r]));
  }
}

TEST(Scores, OfExtremeCodesAreExact) {
  for (const std::size_t bits : {64U, 600U}) {
    Sides sides(VectorKind::code, bits, 6, 1);
    for (std::size_t r = 0; r < 6; ++r) sides.gallery[r].assign(bits, r % 2 == 0 ? 1.0F : -1.0F);
    sides.make_table();
    const std::vector<float> ones(bits, 1);
    const auto scores = sides.search(ones);
    for (std::size_t r = 0; r < 6; ++r) EXPECT_EQ(scores[r], (r % 2 == 0 ? 1.0F : -1.0F) * static_cast<float>(bits));
  }
}

/// What is there before anything is added: of the size that is derived, and 20,000 scores within what so many products
/// of normal variables come to.
TEST(Scores, ErrorsAreAsDerived) {
  for (const VectorKind kind : {VectorKind::unit, VectorKind::code}) {
    for (const std::size_t dimension : {64U, 100U, 600U}) {
      Sides sides(kind, dimension, 2048, dimension);
      const ckks::Decryptor exact(sides.owner.key());
      std::mt19937_64 random(5);
      double squares = 0, largest = 0;
      constexpr int kQueries = 10;
      for (int q = 0; q < kQueries; ++q) {
        const auto query = drawn_row(kind, dimension, random);
        const auto slots = exact.open(sides.answer(query).front()).real;
        for (std::size_t r = 0; r < sides.gallery.size(); ++r) {
          const double error = slots[r] - product(query, sides.gallery[r]);
          squares += error * error, largest = std::max(largest, std::abs(error));
        }
      }
      const double rms = std::sqrt(squares / (kQueries * 2048)), derived = score_error(sides.owner.plan());
      EXPECT_LT(rms, 1.15 * derived) << to_string(kind) << " " << dimension;
      EXPECT_GT(rms, 0.5 * derived) << to_string(kind) << " " << dimension;
      EXPECT_LT(largest, 12 * derived);
      EXPECT_LT(largest, score_bound(sides.owner.plan()));
    }
  }
}

TEST(Scores, OfVectorsAreCosines) {
  Sides sides(VectorKind::unit, 48, 500, 9);
  std::mt19937_64 random(8);
  auto query = drawn_row(VectorKind::unit, 48, random);
  // A query of any length is made to have length 1; the nearest of a picture that is in the gallery is itself.
  for (float& v : query) v *= 37;
  sides.gallery[123] = query;
  for (float& v : sides.gallery[123]) v /= 37;
  sides.make_table();
  const auto scores = sides.search(query);
  for (std::size_t r = 0; r < scores.size(); ++r) EXPECT_NEAR(scores[r], product(query, sides.gallery[r]) / 37, 0.005);
  EXPECT_EQ(std::ranges::max_element(scores) - scores.begin(), 123);
}

TEST(Scores, ParametersAreSafeAndSmall) {
  for (const VectorKind kind : {VectorKind::unit, VectorKind::code}) {
    for (const std::size_t dimension : {1U, 64U, 600U, 1024U}) {
      const ScorePlan plan = plan_scores(kind, dimension);
      EXPECT_FALSE(plan.parameters.insecure);
      EXPECT_GE(ckks::Context::create(plan.parameters)->security_bits(), 128);
      EXPECT_GE(plan.period, dimension);
      if (kind == VectorKind::code) {
        EXPECT_LT(score_bound(plan), 1) << "whole numbers are read rightly";
      }
    }
  }
  EXPECT_EQ(plan_scores(VectorKind::unit, 2048).period, 2048U);
  EXPECT_THAT([] { plan_scores(VectorKind::code, 2048); }, ThrowsMessage<UnsupportedError>(HasSubstr("1024 or fewer")));
  EXPECT_THROW(plan_scores(VectorKind::unit, 2049), UnsupportedError);
  EXPECT_THROW(plan_scores(VectorKind::unit, 0), ParameterError);
  for (const VectorKind kind : {VectorKind::unit, VectorKind::code})
    EXPECT_EQ(parse_vector_kind(to_string(kind)), kind);
  EXPECT_THROW(parse_vector_kind("float"), UsageError);
}

TEST(Scores, AnswersOfAnotherKeyOrAlteredOnesAreRefused) {
  for (const VectorKind kind : {VectorKind::unit, VectorKind::code}) {
    Sides sides(kind, 64, 100, 2), other(kind, 64, 100, 2);
    std::mt19937_64 random(8);
    const auto query = drawn_row(kind, 64, random);
    const auto refused = [&](const ScoreOwner& owner, std::vector<ckks::CompactCiphertext> replies,
                             const char* problem) {
      EXPECT_THAT([&] { owner.read(replies, 100); }, ThrowsMessage<MismatchError>(HasSubstr(problem)));
    };
    const auto replies = sides.answer(query);
    refused(other.owner, replies, "another key");
    auto altered = replies;
    altered[0].c1[17] ^= 1U << 23;
    refused(sides.owner, altered, "another key, or was altered");
    altered = replies;
    altered[0].bits = 25;
    refused(sides.owner, altered, "other parameters");
    altered = replies;
    altered[0].scale *= 1.01;
    refused(sides.owner, altered, "other parameters");
    refused(sides.owner, {}, "0 ciphertexts");
    // The keys of another owner.
    const ckks::Evaluator wrong(sides.table->context(), other.keys);
    const auto noise =
        sides.table->scores(expand(*sides.table->context(), sides.owner.encrypt(query)), wrong, sides.pool);
    refused(sides.owner, noise, "another key");
  }
}

TEST(Scores, WhatDoesNotFitIsRefused) {
  Sides sides(VectorKind::unit, 8, 10, 2);
  EXPECT_THROW(sides.owner.encrypt(std::vector<float>(7, 1)), MismatchError);
  EXPECT_THROW(sides.owner.encrypt(std::vector<float>(8, 0)), MismatchError);
  EXPECT_THROW(sides.owner.encrypt(std::vector<float>(8, INFINITY)), MismatchError);
  EXPECT_THROW(ScoreOwner(plan_scores(VectorKind::code, 8)).encrypt(std::vector<float>(8, 0.5F)), MismatchError);
  const std::vector<float> long_ones(16, 1), codes = {1, -1, 0.5F, 1};
  EXPECT_THAT(
      [&] {
        ScoreTable(plan_scores(VectorKind::unit, 8), {long_ones, 8}, sides.pool);
      },
      ThrowsMessage<MismatchError>(HasSubstr("of length 1, not 2.828")));
  EXPECT_THROW(ScoreTable(plan_scores(VectorKind::code, 4), {codes, 4}, sides.pool), MismatchError);
  EXPECT_THROW(ScoreTable(plan_scores(VectorKind::unit, 8), {long_ones, 16}, sides.pool), MismatchError);
  // A query of other scales.
  const ScoreOwner codes_owner(plan_scores(VectorKind::code, 8));
  auto query = expand(*sides.table->context(), sides.owner.encrypt(std::vector<float>(8, 1)));
  query.scale *= 2;
  EXPECT_THROW(sides.table->scores(query, *sides.evaluator, sides.pool), MismatchError);
}

}  // namespace
}  // namespace obscura::search
