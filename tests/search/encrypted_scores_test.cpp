// Scores of encrypted galleries are the plain ones, exactly for codes and within the derived error for vectors.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "search/encrypted_query.h"
#include "search/encrypted_support.h"

namespace obscura::search {
namespace {

using namespace encrypted_test;

/// Every score is what the plain vectors say.
void expect_exact(Sides& sides, std::span<const float> query) {
  const auto scores = sides.search(query);
  ASSERT_EQ(scores.size(), sides.gallery.size());
  for (std::size_t r = 0; r < scores.size(); ++r) ASSERT_EQ(scores[r], product(query, sides.gallery[r])) << "row " << r;
}

TEST(EncryptedScores, OfCodesAreExactForEveryLength) {
  for (const std::size_t bits : {1U, 2U, 3U, 10U, 63U, 64U, 65U, 100U, 128U, 600U, 1024U}) {
    SCOPED_TRACE(bits);
    Sides sides(VectorKind::code, bits, bits > 600 ? 40 : 300, bits);
    std::mt19937_64 random(bits + 1);
    for (int trial = 0; trial < 3; ++trial) expect_exact(sides, drawn_row(VectorKind::code, bits, random));
  }
}

TEST(EncryptedScores, OfGalleriesOfEverySize) {
  for (const std::size_t rows : {0U, 1U, 2U, 4095U, 4096U, 4097U, 10'000U}) {
    SCOPED_TRACE(rows);
    Sides sides(VectorKind::code, 16, rows, rows);
    std::mt19937_64 random(3);
    expect_exact(sides, drawn_row(VectorKind::code, 16, random));
  }
}

/// Whole blocks of one code, and of it and its opposite in turns.
TEST(EncryptedScores, OfExtremeCodesAreExact) {
  for (const std::size_t bits : {1U, 64U, 1024U}) {
    SCOPED_TRACE(bits);
    const std::vector<float> ones(bits, 1), opposite(bits, -1);
    const Rows alike(bits > 64 ? 300 : 4096, ones);
    Rows turns = alike;
    for (std::size_t r = 0; r < turns.size(); r += 2) turns[r] = opposite;
    for (const Rows& rows : {alike, turns}) {
      Sides sides(VectorKind::code, bits, rows);
      expect_exact(sides, ones);
      expect_exact(sides, opposite);
      std::mt19937_64 random(bits);
      expect_exact(sides, drawn_row(VectorKind::code, bits, random));
    }
  }
}

TEST(EncryptedScores, OfVectorsAreCosines) {
  Rows rows = drawn_rows(VectorKind::unit, 48, 500, 9);
  std::mt19937_64 random(8);
  auto query = drawn_row(VectorKind::unit, 48, random);
  rows[123] = query;
  // A query of any length is made to have length 1; the nearest of a vector that is in the gallery is itself.
  for (float& v : query) v *= 37;
  Sides sides(VectorKind::unit, 48, rows);
  const auto scores = sides.search(query);
  for (std::size_t r = 0; r < scores.size(); ++r) EXPECT_NEAR(scores[r], product(query, rows[r]) / 37, 0.002);
  EXPECT_EQ(std::ranges::max_element(scores) - scores.begin(), 123);
}

TEST(EncryptedScores, OfPlacesWhereNothingIsAreZero) {
  for (const VectorKind kind : {VectorKind::code, VectorKind::unit}) {
    for (const std::size_t dimension : {7U, 64U}) {
      Rows rows = drawn_rows(kind, dimension, 500, 4);
      for (std::size_t r = 0; r < rows.size(); r += 3) rows[r].assign(dimension, 0);
      Sides sides(kind, dimension, rows);
      std::mt19937_64 random(9);
      const auto query = drawn_row(kind, dimension, random);
      const auto scores = sides.search(query);
      const double tolerance = kind == VectorKind::code ? 0 : 0.002;
      for (std::size_t r = 0; r < rows.size(); ++r) EXPECT_NEAR(scores[r], product(query, rows[r]), tolerance);
    }
  }
}

/// Errors of scores before anything is added, over the derived deviation: their mean square, and the largest.
struct Errors {
  double squares = 0, count = 0, largest = 0;
  double rms() const { return std::sqrt(squares / count); }
};

void measure(Sides& sides, const std::vector<float>& query, Errors& out) {
  const EncryptedScorePlan& plan = sides.owner.plan();
  const double derived = score_error(plan);
  const ckks::Decryptor exact(sides.owner.key());
  const auto replies = sides.answer(query);
  for (std::size_t block = 0; block < replies.size(); ++block) {
    const auto values = exact.open_coefficients(replies[block]);
    for (std::size_t r = 0; r < values.size(); ++r) {
      const std::size_t row = block * plan.block_rows() + r;
      const double error =
          (values[r] - (row < sides.gallery.size() ? product(query, sides.gallery[row]) : 0)) / derived;
      out.squares += error * error, out.count += 1, out.largest = std::max(out.largest, std::abs(error));
    }
  }
}

/// Of full blocks of random vectors: the derived deviation is what there is.
TEST(EncryptedScores, ErrorsAreAsDerived) {
  for (const VectorKind kind : {VectorKind::unit, VectorKind::code}) {
    for (const std::size_t dimension : {1U, 64U, 100U, 600U}) {
      Sides sides(kind, dimension, 4096, dimension);
      std::mt19937_64 random(5);
      Errors errors;
      for (int q = 0; q < 5; ++q) measure(sides, drawn_row(kind, dimension, random), errors);
      SCOPED_TRACE(to_string(kind) + " " + std::to_string(dimension) + ": rms " + std::to_string(errors.rms()) +
                   ", largest " + std::to_string(errors.largest));
      EXPECT_LT(errors.rms(), 1.15);
      EXPECT_GT(errors.rms(), 0.85);
      EXPECT_LT(errors.largest, 8);
      RecordProperty(to_string(kind) + std::to_string(dimension), std::to_string(errors.largest));
    }
  }
}

/// Where all vectors are alike, and have two numbers, an error is a secret's value at few places of the transform,
/// times rounding: far from the derived one for single keys, near it over many, and never beyond the bound.
TEST(EncryptedScores, ErrorsOfAlikeVectorsStayWithinTheBound) {
  for (const std::size_t dimension : {2U, 16U}) {
    for (const VectorKind kind : {VectorKind::unit, VectorKind::code}) {
      const auto one = static_cast<float>(kind == VectorKind::code ? 1 : 1 / std::sqrt(dimension));
      const std::vector<float> ones(dimension, one);
      Errors errors;
      for (int key = 0; key < 24; ++key) {
        Sides sides(kind, dimension, Rows(4096, ones));
        for (int q = 0; q < 3; ++q) measure(sides, ones, errors);
      }
      const EncryptedScorePlan plan = plan_encrypted_scores(kind, dimension);
      SCOPED_TRACE(to_string(kind) + " " + std::to_string(dimension) + ": rms " + std::to_string(errors.rms()) +
                   ", largest " + std::to_string(errors.largest));
      EXPECT_LT(errors.rms(), 2);
      EXPECT_GT(errors.rms(), 0.4);
      EXPECT_LT(errors.largest * score_error(plan), score_bound(plan));
    }
  }
}

/// The tree gives each number as a constant, whatever the length of the vector.
TEST(EncryptedScores, QueriesExpandToTheirNumbers) {
  for (const std::size_t dimension : {1U, 2U, 5U, 64U, 70U, 129U}) {
    Sides sides(VectorKind::unit, dimension, 1, 3);
    std::mt19937_64 random(dimension);
    const auto query = drawn_row(VectorKind::unit, dimension, random);
    const auto sent = sides.owner.encrypt(query);
    EXPECT_EQ(sent.size(), (dimension + 63) / 64);
    const auto numbers = expand_query(sides.owner.plan(), sent, *sides.evaluator, sides.pool);
    ASSERT_EQ(numbers.size(), dimension);
    const ckks::Decryptor exact(sides.owner.key());
    for (std::size_t i = 0; i < dimension; ++i) {
      const auto coefficients = exact.decrypt_coefficients(numbers[i]);
      EXPECT_NEAR(coefficients[0], query[i], 1e-4) << dimension << " " << i;
      for (std::size_t k = 1; k < coefficients.size(); ++k) ASSERT_NEAR(coefficients[k], 0, 1e-4);
    }
  }
}

TEST(EncryptedScores, AnyNumberOfThreadsGivesTheSame) {
  Sides sides(VectorKind::code, 130, 5000, 2);
  std::mt19937_64 random(7);
  const auto query = sides.owner.encrypt(drawn_row(VectorKind::code, 130, random));
  ThreadPool one(1), three(3);
  const auto a = sides.table->scores(query, *sides.evaluator, one);
  const auto b = sides.table->scores(query, *sides.evaluator, three);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].c0 == b[i].c0 && a[i].c1 == b[i].c1);
}

}  // namespace
}  // namespace obscura::search
