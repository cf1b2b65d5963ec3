#include "message/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "ckks/wire_cases.h"

namespace obscura::message {
namespace {

using ::testing::HasSubstr;
namespace wire_test = ckks::wire_test;

class Messages : public ::testing::Test {
 protected:
  Messages() {
    program_.fill(0x33);
    key_.fill(0x44);
  }

  Query query(std::size_t images, std::size_t count) {
    Query q{program_, key_, {}, images, {}};
    for (std::size_t i = 0; i < count; ++i) q.ciphertexts.push_back(wire_test::random_seeded(c_, 2, random_));
    q.id = id_of(q);
    return q;
  }
  Query group() {
    Query q = query(1, 2);
    q.chunks = {1, -2, 3, -4};
    q.plain = {0.5F, -1.0F, 0.0F, 3.25F};
    q.id = id_of(q);
    return q;
  }
  Answer answer(std::size_t images, std::size_t count) {
    Answer a{program_, key_, {1, 2, 3}, images, {}};
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
            {"group of chunks", write_query(c_, group()), rewrite_query},
            {"answer", write_answer(c_, answer(1, 1)), rewrite_answer},
            {"batched answer", write_answer(c_, answer(8, 2)), rewrite_answer}};
  }

  const ckks::ContextPtr context_ = ckks::Context::create(wire_test::tiny_parameters());
  const ckks::Context& c_ = *context_;
  ckks::Digest program_{};
  ckks::KeyId key_{};
  wire_test::Random random_{5};
};

TEST_F(Messages, GroupsOfChunksComeBackAsTheyWere) {
  const Query q = group(), q2 = read_query(c_, program_, write_query(c_, q));
  EXPECT_EQ(q2.chunks, q.chunks);
  EXPECT_EQ(q2.plain, q.plain);
  EXPECT_EQ(q2.id, q.id);
  Query other = q;
  other.chunks[1] = 2;
  EXPECT_NE(id_of(other), q.id);
  other = q;
  other.plain[3] = 3.5F;
  EXPECT_NE(id_of(other), q.id);
  other = q;
  other.plain[0] = std::numeric_limits<float>::infinity();
  other.id = id_of(other);
  EXPECT_THROW(read_query(c_, program_, write_query(c_, other)), FormatError);
}

TEST_F(Messages, ComeBackAsTheyWere) {
  const Query q = query(7, 3), q2 = read_query(c_, program_, write_query(c_, q));
  EXPECT_EQ(q2.program, q.program);
  EXPECT_EQ(q2.key, key_);
  EXPECT_EQ(q2.id, q.id);
  EXPECT_EQ(q2.images, 7u);
  ASSERT_EQ(q2.ciphertexts.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(q2.ciphertexts[i].c0, q.ciphertexts[i].c0);
    EXPECT_EQ(q2.ciphertexts[i].seed, q.ciphertexts[i].seed);
    EXPECT_EQ(q2.ciphertexts[i].scale, q.ciphertexts[i].scale);
  }
  const Answer a = answer(8, 2), a2 = read_answer(c_, program_, write_answer(c_, a));
  EXPECT_EQ(a2.program, a.program);
  EXPECT_EQ(a2.key, key_);
  EXPECT_EQ(a2.query, (QueryId{1, 2, 3}));
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

TEST_F(Messages, AQueryIsWhatItsIdNames) {
  const Query q = query(3, 2);
  const auto altered = [&](auto change) {
    Query other = q;
    change(other);
    EXPECT_NE(id_of(other), q.id);
    try {
      read_query(c_, program_, write_query(c_, other), "digit.ct");
      ADD_FAILURE() << "accepted";
    } catch (const FormatError& e) {
      EXPECT_THAT(e.what(), HasSubstr("digit.ct was altered"));
    }
  };
  altered([](Query& o) { o.ciphertexts[1].seed[31] ^= 0x80; });
  altered([](Query& o) { o.key[0] ^= 1; });
  altered([](Query& o) { ++o.images; });
  altered([](Query& o) { o.ciphertexts.pop_back(); });
  altered([](Query& o) { std::swap(o.ciphertexts[0], o.ciphertexts[1]); });
  EXPECT_NE(id_of(query(3, 2)), q.id);
  const Answer a = answer_to(q, {});
  EXPECT_EQ(a.query, q.id);
  EXPECT_EQ(a.key, q.key);
  EXPECT_EQ(a.images, q.images);
  EXPECT_EQ(ticket_of(q).id, q.id);
}

TEST_F(Messages, OfAnotherKey) {
  const Query q = query(1, 1);
  EXPECT_NO_THROW(check_keys(q, key_));
  ckks::KeyId other = key_;
  other[15] ^= 1;
  try {
    check_keys(q, other, "digit.ct");
    ADD_FAILURE() << "accepted";
  } catch (const MismatchError& e) {
    EXPECT_THAT(e.what(), HasSubstr("digit.ct was encrypted under another key (44444444)"));
  }
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
}  // namespace obscura::message
