// Parameters of encrypted galleries are safe, and what does not belong together is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "search/encrypted_support.h"
#include "secret/wire.h"

namespace obscura::search {
namespace {

using namespace encrypted_test;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr VectorKind kKinds[] = {VectorKind::code, VectorKind::unit};

TEST(EncryptedPlan, ParametersAreSafeAndCodesAreReadExactly) {
  for (const VectorKind kind : kKinds) {
    for (const std::size_t dimension : {1U, 2U, 3U, 16U, 63U, 64U, 65U, 128U, 512U, 600U, 1000U, 1024U}) {
      SCOPED_TRACE(to_string(kind) + " " + std::to_string(dimension));
      const EncryptedScorePlan plan = plan_encrypted_scores(kind, dimension);
      EXPECT_FALSE(plan.parameters.insecure);
      const auto context = ckks::Context::create(plan.parameters);
      EXPECT_GE(context->security_bits(), 128);
      EXPECT_LE(context->log_qp(), ckks::max_log_qp(plan.parameters.log_degree, 128));
      EXPECT_EQ(plan.parameters, plan_encrypted_scores(VectorKind::unit, 1).parameters) << "one key serves all";
      // Scores times both scales fit the modulus, errors included.
      const double largest = kind == VectorKind::code ? static_cast<double>(dimension) : 1;
      EXPECT_LT(std::log2(largest + score_bound(plan)) + plan.query_bits + plan.gallery_bits, context->log_q(1) - 1);
      if (kind == VectorKind::code) {
        EXPECT_LT(score_bound(plan), 1) << "whole numbers are read rightly";
      }
      std::size_t numbers = 0;
      for (std::size_t piece = 0; piece < plan.pieces(); ++piece) numbers += plan.numbers(piece);
      EXPECT_EQ(numbers, dimension);
    }
  }
}

TEST(EncryptedPlan, WhatCannotBeIsRefused) {
  EXPECT_EQ(plan_encrypted_scores(VectorKind::unit, 2048).pieces(), 32U);
  EXPECT_THAT([] { plan_encrypted_scores(VectorKind::code, 2048); },
              ThrowsMessage<UnsupportedError>(HasSubstr("1024 or fewer")));
  EXPECT_THROW(plan_encrypted_scores(VectorKind::unit, 2049), UnsupportedError);
  EXPECT_THROW(plan_encrypted_scores(VectorKind::unit, 0), ParameterError);
}

/// What the owner makes of replies.
void expect_refused(const EncryptedGalleryOwner& owner, std::span<const ckks::CompactCiphertext> replies,
                    std::size_t rows, const char* problem) {
  EXPECT_THAT([&] { owner.read(replies, rows); }, ThrowsMessage<MismatchError>(HasSubstr(problem)));
}

TEST(EncryptedRefusals, AnswersOfAnotherKeyOrAlteredOnes) {
  for (const VectorKind kind : kKinds) {
    for (const std::size_t dimension : {1U, 64U}) {
      for (const std::size_t rows : {1U, 100U, 4096U}) {
        SCOPED_TRACE(to_string(kind) + " " + std::to_string(dimension) + " " + std::to_string(rows));
        Sides sides(kind, dimension, rows, 2), other(kind, dimension, 1, 2);
        std::mt19937_64 random(8);
        const auto query = drawn_row(kind, dimension, random);
        const auto replies = sides.answer(query);
        expect_refused(other.owner, replies, rows, "another key");
        auto altered = replies;
        altered[0].c1[17] ^= std::uint64_t{1} << (altered[0].bits - 2);
        expect_refused(sides.owner, altered, rows, "another key, or was altered");
        // A query of another key, which a server cannot tell.
        const auto noise = sides.table->scores(other.owner.encrypt(query), *sides.evaluator, sides.pool);
        expect_refused(sides.owner, noise, rows, "another key");
        expect_refused(other.owner, noise, rows, "another key");
      }
    }
  }
}

TEST(EncryptedRefusals, EveryFieldOfAnAnswerIsChecked) {
  for (const VectorKind kind : kKinds) {
    Sides sides(kind, 64, 5000, 2);
    std::mt19937_64 random(8);
    const auto replies = sides.answer(drawn_row(kind, 64, random));
    const auto with = [&](auto&& change) {
      auto altered = replies;
      change(altered[1]);
      expect_refused(sides.owner, altered, 5000, "other parameters");
    };
    with([](auto& r) { ++r.bits; });
    with([](auto& r) { r.gap = 2; });
    with([](auto& r) { r.context[3] ^= 1; });
    for (const double factor : {1.01, 2.0, -1.0, std::nan("")}) with([&](auto& r) { r.scale *= factor; });
    auto cut = replies;
    cut[1].c0.pop_back();
    EXPECT_THROW(sides.owner.read(cut, 5000), MismatchError);
    expect_refused(sides.owner, {}, 5000, "0 ciphertexts");
    expect_refused(sides.owner, replies, 4096, "2 ciphertexts for a gallery of 4096 vectors, expected 1");
    // Rows that a block does not have are no zeros, and none has more than it was made for.
    expect_refused(sides.owner, replies, 4999, "altered");
  }
}

TEST(EncryptedRefusals, WhatAServerIsGiven) {
  Sides sides(VectorKind::unit, 8, 10, 2), other(VectorKind::unit, 8, 10, 3);
  const auto query = sides.owner.encrypt(std::vector<float>(8, 1));
  const auto scores = [&](const std::vector<ckks::SeededCiphertext>& of, const ckks::Evaluator& by) {
    return sides.table->scores(of, by, sides.pool);
  };
  EXPECT_THAT([&] { scores(query, *other.evaluator); }, ThrowsMessage<MismatchError>(HasSubstr("another secret key")));
  EXPECT_THROW(scores(query, ckks::Evaluator(sides.table->context())), MismatchError) << "no keys";
  EXPECT_THAT([&] { scores({}, *sides.evaluator); }, ThrowsMessage<MismatchError>(HasSubstr("expected 1")));
  auto scaled = query;
  scaled[0].scale *= 2;
  EXPECT_THAT([&] { scores(scaled, *sides.evaluator); }, ThrowsMessage<MismatchError>(HasSubstr("scale")));
  auto foreign = query;
  foreign[0].context[0] ^= 1;
  EXPECT_THROW(scores(foreign, *sides.evaluator), MismatchError);
  // Too few keys: those of shorter vectors.
  const EncryptedGalleryOwner of_two(plan_encrypted_scores(VectorKind::unit, 2));
  Sides long_vectors(VectorKind::unit, 8, 10, 2);
  ckks::SeededEvaluationKeys few = of_two.evaluation_keys();
  few.key = long_vectors.owner.key().id();
  const ckks::Evaluator lacking(long_vectors.table->context(),
                                std::make_shared<ckks::EvaluationKeys>(*long_vectors.table->context(), few));
  EXPECT_THROW(long_vectors.table->scores(long_vectors.owner.encrypt(std::vector<float>(8, 1)), lacking, sides.pool),
               MismatchError);

  EncryptedScoreTable table(sides.owner.plan(), sides.owner.key().id(), 5000);
  const auto values = values_of(drawn_rows(VectorKind::unit, 8, 5000, 1));
  const auto block = sides.owner.encrypt_block({values, 8}, 0, sides.pool);
  table.put(0, block, sides.pool);
  EXPECT_THAT([&] { table.scores(query, *sides.evaluator, sides.pool); },
              ThrowsMessage<MismatchError>(HasSubstr("block 1 of 2 of the encrypted gallery is not there")));
  EXPECT_THROW(table.put(2, block, sides.pool), UsageError);
  EXPECT_THROW(table.put(1, std::span(block).first(7), sides.pool), MismatchError);
  auto other_scale = block;
  other_scale[3].scale /= 2;
  EXPECT_THROW(table.put(1, other_scale, sides.pool), MismatchError);
}

TEST(EncryptedRefusals, VectorsThatAreNone) {
  ThreadPool pool(1);
  const EncryptedGalleryOwner unit(plan_encrypted_scores(VectorKind::unit, 8)),
      code(plan_encrypted_scores(VectorKind::code, 4));
  EXPECT_THROW(unit.encrypt(std::vector<float>(7, 1)), MismatchError);
  EXPECT_THROW(unit.encrypt(std::vector<float>(8, 0)), MismatchError);
  EXPECT_THROW(unit.encrypt(std::vector<float>(8, INFINITY)), MismatchError);
  EXPECT_THROW(code.encrypt(std::vector<float>(4, 0.5F)), MismatchError);
  const std::vector<float> long_ones(16, 1), codes = {1, -1, 0.5F, 1}, gap = {1, -1, 0, 1};
  EXPECT_THAT(
      [&] {
        unit.encrypt_block({long_ones, 8}, 0, pool);
      },
      ThrowsMessage<MismatchError>(HasSubstr("vector 0 of a gallery is to be of length 1, not 2.828")));
  EXPECT_THROW(code.encrypt_block({codes, 4}, 0, pool), MismatchError);
  EXPECT_THROW(code.encrypt_block({gap, 4}, 0, pool), MismatchError);
  EXPECT_THROW(unit.encrypt_block({long_ones, 16}, 0, pool), MismatchError);
  EXPECT_THROW(code.encrypt_block({codes, 4}, 1, pool), UsageError);
  EXPECT_THROW(code.encrypt_block({{}, 4}, 0, pool), UsageError);
}

TEST(EncryptedOwner, GoesOnWithItsKey) {
  Sides sides(VectorKind::code, 32, 200, 6);
  const auto key = ckks::write_secret_key(sides.owner.key());
  const EncryptedGalleryOwner again(sides.owner.plan(), ckks::read_secret_key(key));
  EXPECT_EQ(again.key().id(), sides.owner.key().id());
  std::mt19937_64 random(1);
  const auto query = drawn_row(VectorKind::code, 32, random);
  const auto scores = again.read(sides.table->scores(again.encrypt(query), *sides.evaluator, sides.pool), 200);
  for (std::size_t r = 0; r < 200; ++r) EXPECT_EQ(scores[r], product(query, sides.gallery[r]));
  const auto other = ckks::Context::create(ckks::make_parameters(13, {48}, {50}));
  EXPECT_THAT([&] { EncryptedGalleryOwner(sides.owner.plan(), ckks::SecretKey(other)); },
              ThrowsMessage<MismatchError>(HasSubstr("other parameters")));
}

}  // namespace
}  // namespace obscura::search
