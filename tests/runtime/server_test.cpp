#include "runtime/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/error.h"
#include "compile/compile.h"
#include "message/client_wire.h"
#include "nn/reference.h"
#include "program/program_wire.h"
#include "runtime/session.h"

namespace obscura::runtime {
namespace {

using ::testing::HasSubstr;
using testing::Session;

program::Program small_program(std::uint64_t seed = 1, message::Mode mode = message::Mode::packed) {
  return compile::compile(networks::dense(seed, {1, 8, 8}, 6, 3), Session::options_of(mode));
}

/// An owner, and what he would show: nothing of the program but the client spec's bytes.
struct Customer {
  explicit Customer(const ckks::Bytes& spec) : owner(message::read_client_spec(spec)) {}
  ckks::Bytes keys() const { return ckks::write_evaluation_keys(*owner.context(), owner.evaluation_keys()); }
  owner::Owner owner;
};

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

void expect_right(const Customer& customer, Server& server, const nn::Graph& graph, std::uint64_t seed) {
  const auto image = networks::images(1, graph.input_shape().size(), seed);
  const message::Query query = customer.owner.encrypt(image);
  const auto answer = server.answer(message::write_query(*customer.owner.context(), query));
  const auto logits =
      customer.owner.decrypt(message::read_answer(*customer.owner.context(), customer.owner.client().program, answer),
                             message::ticket_of(query));
  const auto plain = nn::run_reference(graph, image[0]);
  for (std::size_t k = 0; k < plain.size(); ++k) {
    EXPECT_NEAR(logits[0][k], plain[k], 30 * customer.owner.client().logit_error);
  }
}

// Both sides know each other by bytes alone.
TEST(Server, AnswersOwnersThatHoldNothingButTheSpec) {
  for (const auto mode : {message::Mode::packed, message::Mode::batched}) {
    const auto program = small_program(1, mode);
    const auto program_file = program::write_program(program), spec = message::write_client_spec(program.client);
    Server server(program::read_program(program_file), {2});
    const Customer a(spec), b(spec);
    EXPECT_EQ(server.add_keys(a.keys()), a.owner.key().id());
    server.add_keys(b.keys());
    const auto graph = networks::dense(1, {1, 8, 8}, 6, 3);
    for (std::uint64_t seed = 0; seed < 2; ++seed) {
      expect_right(a, server, graph, seed);
      expect_right(b, server, graph, seed + 10);
    }
  }
}

TEST(Server, AnswersManyOwnersAtTheSameTime) {
  const auto program = small_program();
  const auto spec = message::write_client_spec(program.client);
  const auto graph = networks::dense(1, {1, 8, 8}, 6, 3);
  Server server(program, {3});
  std::vector<std::thread> owners;
  for (std::uint64_t o = 0; o < 8; ++o) {
    owners.emplace_back([&, o] {
      const Customer customer(spec);
      server.add_keys(customer.keys());
      for (std::uint64_t q = 0; q < 3; ++q) expect_right(customer, server, graph, 100 * o + q);
      if (o % 2 == 0) server.forget(customer.owner.key().id());
    });
  }
  for (auto& owner : owners) owner.join();
}

TEST(Server, RefusesStrangers) {
  Server server(small_program(), {1});
  const auto spec = message::write_client_spec(server.client());
  const Customer known(spec), unknown(spec);
  server.add_keys(known.keys());
  const auto images = networks::images(1, 64, 3);
  const auto query = message::write_query(*unknown.owner.context(), unknown.owner.encrypt(images));
  EXPECT_THAT(message_of([&] { server.answer(query); }), HasSubstr("no evaluation keys of owner"));
  server.forget(known.owner.key().id());
  EXPECT_FALSE(server.has_keys(known.owner.key().id()));
  EXPECT_EQ(server.key_bytes(), 0u);
}

TEST(Server, RefusesKeysAndQueriesOfOtherPrograms) {
  Server server(small_program(1), {1});
  const Customer other(message::write_client_spec(small_program(2).client));
  const auto images = networks::images(1, 64, 3);
  const auto query = message::write_query(*other.owner.context(), other.owner.encrypt(images));
  EXPECT_THROW(server.answer(query), MismatchError);
  // Of the same parameters, but without a rotation.
  auto client = server.client();
  ASSERT_FALSE(client.keys.galois.empty());
  client.keys.galois.erase(client.keys.galois.begin());
  const Customer lazy(message::write_client_spec(client));
  EXPECT_THAT(message_of([&] { server.add_keys(lazy.keys(), "a.key"); }), HasSubstr("a.key lacks keys"));
  EXPECT_THROW(server.add_keys(query), FormatError);
}

TEST(Server, ForgetsWhoAskedNothingForTheLongestTime) {
  const auto program = small_program();
  const auto spec = message::write_client_spec(program.client);
  const Customer a(spec), b(spec), c(spec);
  std::size_t each = 0;
  {
    Server server(program, {1});
    server.add_keys(a.keys());
    each = server.key_bytes();
  }
  Server server(program, {1, kDefaultMemoryBudget, 2 * each + each / 2});
  server.add_keys(a.keys());
  server.add_keys(b.keys());
  expect_right(a, server, networks::dense(1, {1, 8, 8}, 6, 3), 1);
  server.add_keys(c.keys());
  EXPECT_TRUE(server.has_keys(a.owner.key().id()));
  EXPECT_FALSE(server.has_keys(b.owner.key().id()));
  EXPECT_TRUE(server.has_keys(c.owner.key().id()));
  EXPECT_EQ(server.key_bytes(), 2 * each);
  server.add_keys(c.keys());  // the same again is no second set
  EXPECT_EQ(server.key_bytes(), 2 * each);
  Server tiny(program, {1, kDefaultMemoryBudget, each / 2});
  EXPECT_THAT(message_of([&] { tiny.add_keys(a.keys()); }), HasSubstr("this server gives keys"));
}

TEST(Server, CanBeCancelled) {
  for (const auto mode : {message::Mode::packed, message::Mode::batched}) {
    Server server(small_program(1, mode), {2});
    const Customer customer(message::write_client_spec(server.client()));
    server.add_keys(customer.keys());
    const auto query =
        message::write_query(*customer.owner.context(), customer.owner.encrypt(networks::images(1, 64, 3)));
    std::stop_source source;
    source.request_stop();
    EXPECT_THROW(server.answer(query, source.get_token()), CancelledError);
    EXPECT_FALSE(server.answer(query).empty());
  }
}

}  // namespace
}  // namespace obscura::runtime
