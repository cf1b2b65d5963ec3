#include "runtime/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "ckks/wire_cases.h"

namespace obscura::runtime {
namespace {

using ::testing::HasSubstr;
namespace wire_test = ckks::wire_test;

class Messages : public ::testing::Test {
 protected:
  Messages() { program_.fill(0x33); }

  Query query(std::size_t images, std::size_t count) {
    Query q{program_, images, {}};
    for (std::size_t i = 0; i < count; ++i) q.ciphertexts.push_back(wire_test::random_seeded(c_, 2, random_));
    return q;
  }
  Answer answer(std::size_t images, std::size_t count) {
    Answer a{program_, images, {}};
    for (std::size_t i = 0; i < count; ++i) a.ciphertexts.push_back(wire_test::random_compact(c_, 2, 5, random_));
    return a;
  }
  std::vector<wire_test::Case> cases() {
    const auto context = context_;
    const auto program = program_;
    const auto rewrite_query = [context, program](ckks::ByteSpan in) {
      return write_query(*context, read_query(*context, program, in, wire_test::kWhat));
    };
    const auto rewrite_answer = [context, program](ckks::ByteSpan in) {
      return write_answer(*context, read_answer(*context, program, in, wire_test::kWhat));
    };
    return {{"query", write_query(c_, query(1, 1)), rewrite_query},
            {"batched query", write_query(c_, query(7, 3)), rewrite_query},
            {"answer", write_answer(c_, answer(1, 1)), rewrite_answer},
            {"batched answer", write_answer(c_, answer(8, 2)), rewrite_answer}};
  }

  const ckks::ContextPtr context_ = ckks::Context::create(wire_test::tiny_parameters());
  const ckks::Context& c_ = *context_;
  ckks::Digest program_{};
  wire_test::Random random_{5};
};

TEST_F(Messages, ComeBackAsTheyWere) {
  const Query q = query(7, 3), q2 = read_query(c_, program_, write_query(c_, q));
  EXPECT_EQ(q2.program, q.program);
  EXPECT_EQ(q2.images, 7u);
  ASSERT_EQ(q2.ciphertexts.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(q2.ciphertexts[i].c0, q.ciphertexts[i].c0);
    EXPECT_EQ(q2.ciphertexts[i].seed, q.ciphertexts[i].seed);
    EXPECT_EQ(q2.ciphertexts[i].scale, q.ciphertexts[i].scale);
  }
  const Answer a = answer(8, 2), a2 = read_answer(c_, program_, write_answer(c_, a));
  EXPECT_EQ(a2.program, a.program);
  EXPECT_EQ(a2.images, 8u);
  ASSERT_EQ(a2.ciphertexts.size(), 2u);
  EXPECT_EQ(a2.ciphertexts[1].c0, a.ciphertexts[1].c0);
  EXPECT_EQ(a2.ciphertexts[1].c1, a.ciphertexts[1].c1);
  for (const auto& c : cases()) EXPECT_EQ(c.rewrite(c.bytes), c.bytes) << c.name;
}

TEST_F(Messages, SurviveMutations) {
  std::uint64_t seed = 400;
  for (const auto& c : cases()) wire_test::expect_survives_mutations(c, 12'000, ++seed);
}

TEST_F(Messages, TruncatedAndTrailing) {
  for (const auto& c : cases()) wire_test::expect_exact_length(c);
}

TEST_F(Messages, OfAnotherProgram) {
  ckks::Digest other = program_;
  other[31] ^= 1;
  const auto expect_mismatch = [](auto read) {
    try {
      read();
      ADD_FAILURE() << "accepted";
    } catch (const MismatchError& e) {
      EXPECT_THAT(e.what(), HasSubstr("digit.ct was made for another network"));
    }
  };
  expect_mismatch([&] { read_query(c_, other, write_query(c_, query(1, 1)), "digit.ct"); });
  expect_mismatch([&] { read_answer(c_, other, write_answer(c_, answer(1, 1)), "digit.ct"); });
  const auto parameters = ckks::Context::create(wire_test::small_parameters());
  expect_mismatch([&] { read_query(*parameters, program_, write_query(c_, query(1, 1)), "digit.ct"); });
}

TEST_F(Messages, OfAnotherKind) {
  EXPECT_THROW(read_query(c_, program_, write_answer(c_, answer(1, 1))), FormatError);
  EXPECT_THROW(read_answer(c_, program_, write_query(c_, query(1, 1))), FormatError);
  for (const auto& other : wire_test::server_cases(context_)) {
    EXPECT_THROW(read_query(c_, program_, other.bytes), FormatError) << other.name;
    EXPECT_THROW(read_answer(c_, program_, other.bytes), FormatError) << other.name;
  }
}

TEST_F(Messages, OfNoImageOrTooMany) {
  for (const std::size_t images : {std::size_t{0}, c_.slots() + 1, std::size_t{0xffffffff}}) {
    EXPECT_THROW(read_query(c_, program_, write_query(c_, query(images, 1))), FormatError) << images;
    EXPECT_THROW(read_answer(c_, program_, write_answer(c_, answer(images, 1))), FormatError) << images;
  }
}

}  // namespace
}  // namespace obscura::runtime
