#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "runtime/session.h"

namespace obscura::runtime {
namespace {

using message::Mode;
using ::testing::HasSubstr;
using ::testing::Not;

/// The one line that a run is refused with.
template <class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const MismatchError& e) {
    EXPECT_THAT(e.what(), Not(HasSubstr("\n")));
    return e.what();
  }
  ADD_FAILURE() << "accepted";
  return {};
}

class Refusal : public ::testing::TestWithParam<Mode> {
 protected:
  std::string of(const std::vector<ckks::Ciphertext>& query) const {
    return refusal([&] { session_.runner->run(session_.keys, query); });
  }
  const nn::Graph graph_ = networks::dense(31, {1, 6, 6}, 8, 5);
  const testing::Session session_{graph_, GetParam()};
  const std::vector<ckks::Ciphertext> query_ = session_.expanded(session_.owner.encrypt(networks::images(1, 36, 1)));
};

TEST_P(Refusal, AnotherNumberOfCiphertexts) {
  auto query = query_;
  query.push_back(query_.back());
  EXPECT_THAT(of(query), HasSubstr("takes " + std::to_string(query_.size())));
  query = query_;
  query.pop_back();
  EXPECT_THAT(of(query), HasSubstr("test takes"));
  EXPECT_THAT(of({}), HasSubstr("not 0"));
}

TEST_P(Refusal, AnotherScaleOrLevel) {
  auto query = query_;
  query.back().scale *= 2;
  EXPECT_THAT(of(query), HasSubstr("level or scale"));
  query = query_;
  query.back() = ckks::Evaluator(session_.runner->context(), session_.keys)
                     .drop_to(query.back(), session_.program.client.input_limbs - 1);
  EXPECT_THAT(of(query), HasSubstr("level or scale"));
}

TEST_P(Refusal, AnotherNumberOfParts) {
  auto query = query_;
  query.back().parts.push_back(query.back().parts.back());
  EXPECT_THAT(of(query), HasSubstr("level or scale"));
}

TEST_P(Refusal, OtherParameters) {
  auto query = query_;
  query.back().context[0] ^= 1;
  EXPECT_THAT(of(query), Not(HasSubstr("level")));
  auto keys = session_.seeded;
  keys.context[0] ^= 1;
  refusal([&] { ckks::EvaluationKeys(*session_.runner->context(), keys); });
}

TEST_P(Refusal, KeysThatLackOne) {
  const auto run_with = [&](const ckks::SeededEvaluationKeys& seeded) {
    const auto keys = std::make_shared<const ckks::EvaluationKeys>(*session_.runner->context(), seeded);
    return refusal([&] { session_.runner->run(keys, query_); });
  };
  ckks::SeededEvaluationKeys fewer = session_.seeded;
  fewer.relin.reset();
  EXPECT_THAT(run_with(fewer), HasSubstr("relinearisation"));
  if (GetParam() == Mode::batched) return;
  ASSERT_FALSE(session_.seeded.galois.empty());
  for (const auto& [element, key] : session_.seeded.galois) {
    fewer = session_.seeded;
    fewer.galois.erase(element);
    EXPECT_THAT(run_with(fewer), HasSubstr("(Galois element " + std::to_string(element)));
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, Refusal, ::testing::Values(Mode::packed, Mode::batched),
                         [](const auto& subject) { return subject.param == Mode::packed ? "packed" : "batched"; });

class Threads : public ::testing::TestWithParam<Mode> {};

TEST_P(Threads, ComputeTheSame) {
  ThreadPool two(2);
  const testing::Session session(networks::dense(32, {1, 8, 8}, 16, 10), GetParam(), &two);
  const message::Query query = session.owner.encrypt(networks::images(1, 64, 2));
  const message::Answer a = session.answer(query), b = session.answer(query, &two);
  ASSERT_EQ(a.ciphertexts.size(), b.ciphertexts.size());
  for (std::size_t i = 0; i < a.ciphertexts.size(); ++i) {
    EXPECT_EQ(a.ciphertexts[i].c0, b.ciphertexts[i].c0);
    EXPECT_EQ(a.ciphertexts[i].c1, b.ciphertexts[i].c1);
    EXPECT_EQ(a.ciphertexts[i].scale, b.ciphertexts[i].scale);
  }
  // One runner serves many at once.
  std::vector<message::Answer> answers(4);
  two.parallel_for(4, [&](std::size_t i) { answers[i] = session.answer(query); });
  for (const message::Answer& answer : answers) EXPECT_EQ(answer.ciphertexts[0].c0, a.ciphertexts[0].c0);
}

INSTANTIATE_TEST_SUITE_P(Modes, Threads, ::testing::Values(Mode::packed, Mode::batched),
                         [](const auto& subject) { return subject.param == Mode::packed ? "packed" : "batched"; });

}  // namespace
}  // namespace obscura::runtime
