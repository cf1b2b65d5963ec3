#include "ckks/wire_key_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "ckks/evaluation.h"
#include "ckks/wire_cases.h"
#include "ring/automorphism.h"
#include "ring/packed_stream.h"
#include "secret/wire.h"

namespace obscura::ckks {
namespace {

using namespace wire_test;
using ::testing::HasSubstr;

/// Word for word what the kernels read.
void expect_same_key(const Context& context, const KeySwitchKey& a, const KeySwitchKey& b) {
  ASSERT_EQ(a.limbs(), b.limbs());
  ASSERT_EQ(a.digits(), b.digits());
  const ring::RnsBasis basis = context.extended(a.limbs());
  for_rows(context, basis, [&](const ring::PrimeRing& ring, std::size_t row) {
    const std::size_t bytes = context.degree() * a.digits() * 2 * ring::stream_word_bytes(ring);
    EXPECT_EQ(std::memcmp(a.stream(basis.prime(row)), b.stream(basis.prime(row)), bytes), 0) << row;
  });
}

EvaluationKeys expanded(const Context& context, ByteSpan file, ThreadPool* pool = nullptr) {
  return read_expanded_keys(context, source_of(file), kWhat, pool);
}

std::string refusal(const Context& context, ByteSpan file) {
  try {
    expanded(context, file);
    return {};
  } catch (const Error& e) {
    return e.what();
  }
}

TEST(WireKeyFile, ExpandsWhatTheWholeFileHolds) {
  ThreadPool pool(3);
  for (const Parameters& parameters : {tiny_parameters(), small_parameters()}) {
    const ContextPtr context = Context::create(parameters);
    Random random(5);
    SeededEvaluationKeys keys = random_keys(*context, random);
    for (const bool with_relin : {true, false}) {
      if (!with_relin) keys.relin.reset();
      const Bytes file = write_evaluation_keys(*context, keys);
      const EvaluationKeys whole(*context, keys);
      for (ThreadPool* const used : {static_cast<ThreadPool*>(nullptr), &pool}) {
        const EvaluationKeys streamed = expanded(*context, file, used);
        EXPECT_EQ(streamed.key(), whole.key());
        EXPECT_EQ(streamed.memory_bytes(), whole.memory_bytes());
        if (with_relin) expect_same_key(*context, streamed.relin(1), whole.relin(1));
        for (const auto& [element, key] : keys.galois) {
          const GaloisKey &a = streamed.galois(element, 1), &b = whole.galois(element, 1);
          expect_same_key(*context, a.key, b.key);
          EXPECT_EQ(a.permutation, b.permutation);
        }
      }
    }
    keys.galois.clear();
    EXPECT_EQ(expanded(*context, write_evaluation_keys(*context, keys)).memory_bytes(), 0u);
  }
}

TEST(WireKeyFile, TakesAndRefusesWhatTheWholeReaderDoes) {
  const ContextPtr context = Context::create(tiny_parameters());
  Random random(6);
  const Bytes file = write_evaluation_keys(*context, random_keys(*context, random));
  std::size_t taken = 0;
  for (std::size_t i = 0; i < 20'000; ++i) {
    Bytes changed = file;
    if (random() % 8 == 0) changed.resize(random() % (file.size() + 20));
    for (std::size_t k = 0; k < 1 + random() % 2 && !changed.empty(); ++k) {
      changed[random() % changed.size()] = static_cast<std::uint8_t>(random() >> random() % 64);
    }
    if (i % 3 != 0) reseal(changed);
    if (i % 3 == 2) reseal_parameters(changed);
    bool same_parameters = true, sound = true;
    try {
      same_parameters = read_evaluation_keys(changed, kWhat).parameters == context->parameters();
    } catch (const Error&) {
      sound = false;
    }
    const std::string said = refusal(*context, changed);
    EXPECT_EQ(said.empty(), sound && same_parameters) << said;
    if (!said.empty()) {
      EXPECT_THAT(said, ::testing::AllOf(HasSubstr("input"), ::testing::Not(HasSubstr("\n"))));
    }
    taken += said.empty() ? 1 : 0;
  }
  EXPECT_GE(taken, 100u);
}

TEST(WireKeyFile, DamageIsCalledDamage) {
  const ContextPtr context = Context::create(tiny_parameters());
  Random random(7);
  const Bytes file = write_evaluation_keys(*context, random_keys(*context, random));
  for (std::size_t at = 52; at < file.size(); ++at) {
    Bytes damaged = file;
    damaged[at] ^= 0x80;
    EXPECT_THAT(refusal(*context, damaged), HasSubstr("input was altered or damaged")) << at;
  }
  EXPECT_THAT(refusal(*context, ByteSpan(file).first(file.size() - 1)), HasSubstr("input is truncated"));
  EXPECT_THAT(refusal(*Context::create(small_parameters()), file), HasSubstr("other parameters"));
  EXPECT_THAT(refusal(*context, write_parameters(context->parameters())), HasSubstr("expected evaluation keys"));
}

TEST(WireKeyFile, HeadsSayWhoseTheyAre) {
  const ContextPtr context = Context::create(small_parameters());
  Random random(8);
  const SeededEvaluationKeys keys = random_keys(*context, random);
  const Bytes file = write_evaluation_keys(*context, keys);
  const EvaluationKeysHead head = peek_evaluation_keys(ByteSpan(file).first(kKeyIdWithin));
  EXPECT_EQ(head.parameters, context->parameters());
  EXPECT_EQ(head.key, keys.key);
}

KeyRequest request_of(const Context& context) {
  KeyRequest request;
  for (std::int64_t step = 1; step <= 9; ++step) request.rotation(step, 1 + step % 3, context.degree());
  request.conjugation(2, context.degree());
  request.relinearisation(context.max_limbs());
  return request;
}

// The keys work: products and rotations come out as they do in the clear.
TEST(WireKeyFile, KeysMadeOneByOneCompute) {
  for (const auto& set : testing::parameter_sets()) {
    if (set.log_degree > 11) continue;
    SCOPED_TRACE(set.name);
    const testing::Party party(set.context());
    const Context& context = *party.context;
    const KeyRequest request = request_of(context);
    ThreadPool pool(3);
    for (ThreadPool* const used : {static_cast<ThreadPool*>(nullptr), &pool}) {
      Bytes file;
      write_evaluation_keys(
          party.secret, request, [&](ByteSpan piece) { file.insert(file.end(), piece.begin(), piece.end()); }, used);
      const EvaluationKeyFile read = read_evaluation_keys(file);
      EXPECT_EQ(write_evaluation_keys(context, read.keys), file);
      EXPECT_EQ(read.keys.key, party.secret.id());
      EXPECT_EQ(read.keys.relin->limbs, request.relin_limbs);
      ASSERT_EQ(read.keys.galois.size(), request.galois.size());
      for (const auto& [element, limbs] : request.galois) EXPECT_EQ(read.keys.galois.at(element).limbs, limbs);

      const Evaluator evaluator(party.context,
                                std::make_shared<const EvaluationKeys>(read_expanded_keys(context, source_of(file))));
      const auto x = testing::random_reals(context.slots(), 3);
      const Ciphertext c = party.encrypt(x, set.scale, context.max_limbs());
      const auto error = [&](const Ciphertext& y, auto&& wanted) {
        const auto got = party.decrypt(y);
        double most = 0;
        for (std::size_t i = 0; i < x.size(); ++i) most = std::max(most, std::abs(got[i] - wanted(i)));
        return most;
      };
      EXPECT_LT(
          error(evaluator.rotate(evaluator.drop_to(c, 1), 3), [&](std::size_t i) { return x[(i + 3) % x.size()]; }),
          1e-2);
      EXPECT_LT(error(evaluator.relinearize(evaluator.square(c)), [&](std::size_t i) { return x[i] * x[i]; }), 1e-2);
    }
  }
}

TEST(WireKeyFile, RefusesLimbsThatAreNotThere) {
  const testing::Party party(testing::parameter_sets().front().context());
  KeyRequest request;
  request.relinearisation(party.context->max_limbs() + 1);
  EXPECT_THROW(write_evaluation_keys(party.secret, request, [](ByteSpan) {}), ParameterError);
}

// Nothing hangs and nothing is lost when the disk is full.
TEST(WireKeyFile, WhatTheSinkThrowsComesOut) {
  const testing::Party party(testing::parameter_sets().front().context());
  ThreadPool pool(3);
  std::size_t pieces = 0;
  const auto sink = [&](ByteSpan) {
    if (++pieces == 5) throw IoError("full");
  };
  EXPECT_THROW(write_evaluation_keys(party.secret, request_of(*party.context), sink, &pool), IoError);
}

}  // namespace
}  // namespace obscura::ckks
