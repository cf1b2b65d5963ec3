// Pictures in chunks, all the way: what is encrypted and what is not changes nothing in the logits.
#include <gmock/gmock.h>

#include <set>

#include "base/error.h"
#include "compile/simulate.h"
#include "message/client_wire.h"
#include "nn/reference.h"
#include "program/program_wire.h"
#include "runtime/server.h"
#include "runtime/session.h"
#include "support/chunk_networks.h"

namespace obscura::runtime {
namespace {

using message::Policy;
using ::testing::HasSubstr;

/// A session of a drawn case, or nothing where no parameters hold it (which names the layer and is no fault here).
std::unique_ptr<testing::Session> session_of(const support::ChunkCase& drawn, ThreadPool* pool) {
  try {
    return std::make_unique<testing::Session>(drawn.graph, drawn.options, pool);
  } catch (const UnsupportedError&) {
    return nullptr;
  }
}

void expect_reference(const nn::Graph& graph, const testing::Session& session, const std::vector<float>& picture,
                      const std::vector<double>& logits) {
  const auto plain = nn::run_reference(graph, picture);
  ASSERT_EQ(logits.size(), plain.size());
  for (std::size_t k = 0; k < plain.size(); ++k) {
    EXPECT_NEAR(logits[k], plain[k], 10 * session.program.client.logit_error + 1e-5) << "logit " << k;
  }
}

TEST(Chunks, EveryPolicyGivesThePlainRun) {
  ThreadPool pool(2);
  std::size_t ran = 0;
  for (std::uint64_t seed = 0; seed < 48; ++seed) {
    const auto drawn = support::random_chunk_case(seed);
    SCOPED_TRACE(drawn.text);
    const auto session = session_of(drawn, &pool);
    if (!session) continue;
    ++ran;
    const std::size_t count =
        session->program.client.images == 1 ? 1 : std::min<std::size_t>(session->program.client.images, 3);
    std::vector<std::vector<float>> pictures;
    for (std::size_t i = 0; i < count; ++i) pictures.push_back(support::network_picture(drawn.graph, 7 * seed + i));
    const auto logits = session->classify(pictures, &pool);
    for (std::size_t i = 0; i < count; ++i) expect_reference(drawn.graph, *session, pictures[i], logits[i]);
  }
  EXPECT_GE(ran, 36u);
}

TEST(Chunks, TheProgramReadFromItsFileRunsAlike) {
  for (std::uint64_t seed = 200; seed < 212; ++seed) {
    const auto drawn = support::random_chunk_case(seed);
    SCOPED_TRACE(drawn.text);
    program::Program program;
    try {
      program = compile::compile(drawn.graph, drawn.options);
    } catch (const UnsupportedError&) {
      continue;
    }
    const auto read = program::read_program(program::write_program(program));
    EXPECT_EQ(read.merge, program.merge);
    EXPECT_EQ(program::write_program(read), program::write_program(program));
    EXPECT_EQ(*message::read_client_spec(message::write_client_spec(program.client)).chunks, *program.client.chunks);
    Server server(read);
    const owner::Owner owner(server.client());
    server.add_keys(owner.evaluation_keys());
    const auto picture = support::network_picture(drawn.graph, seed);
    const auto query = owner.encrypt(std::span(&picture, 1));
    const auto logits = owner.decrypt(server.answer(query), message::ticket_of(query));
    const auto plain = nn::run_reference(drawn.graph, picture);
    for (std::size_t k = 0; k < plain.size(); ++k) {
      EXPECT_NEAR(logits[0][k], plain[k], 30 * program.client.logit_error + 1e-4);
    }
  }
}

/// The seed's network on a picture of 3 x 3 chunks, small.
nn::Graph small_seed(std::uint64_t seed, std::size_t kept = 0) {
  networks::Random random(seed);
  nn::Graph graph = nn::make_chunk_graph("small", {{1, 36, 36}, 12, 12, kept});
  const auto add = [&](nn::Layer layer) { nn::add_node(graph, "", std::move(layer), {graph.nodes.size() - 1}); };
  add(networks::conv(random, 1, 3, 5, 3, 0));
  add(nn::Square{});
  add(nn::Flatten{});
  add(networks::linear(random, 27, 10));
  add(nn::Square{});
  add(networks::linear(random, 10, 4));
  add(nn::Merge{});
  return graph;
}

/// A network that a blank chunk drives a hundred times as far as any of a picture: 3 x 3 chunks leave places over in
/// either mode, packed and batched, and one picture leaves those of others.
TEST(Chunks, PlacesWithoutAChunkDoNoHarm) {
  networks::Random random(3);
  nn::Graph graph = nn::make_chunk_graph("steep", {{1, 12, 12}, 4, 4, 0});
  const auto add = [&](nn::Layer layer) { nn::add_node(graph, "", std::move(layer), {graph.nodes.size() - 1}); };
  nn::Linear steep = networks::linear(random, 16, 6);
  for (float& w : steep.weights) w = 0.125F;
  for (float& b : steep.bias) b = -2;  // near 0 for light chunks
  add(nn::Flatten{});
  add(steep);
  add(nn::Square{});
  add(networks::linear(random, 6, 5));
  add(nn::Square{});
  add(networks::linear(random, 5, 4));
  add(nn::Merge{});
  std::vector<std::vector<float>> pictures = networks::images(2, 144, 4);
  for (auto& picture : pictures) {
    for (float& x : picture) x = 1 + x / 20;
  }
  for (const message::Mode mode : {message::Mode::packed, message::Mode::batched}) {
    SCOPED_TRACE(mode == message::Mode::packed ? "packed" : "batched");
    compile::CompileOptions options;
    options.mode = mode;
    for (const auto& picture : pictures) options.samples.emplace_back(picture.begin(), picture.end());
    const testing::Session session(graph, options);
    EXPECT_GT(session.program.client.chunks->wide, 9u);
    const auto logits = session.classify(std::span(pictures).first(1));
    expect_reference(graph, session, pictures[0], logits[0]);
  }
}

compile::CompileOptions options_of(Policy policy, double threshold = 100) {
  compile::CompileOptions options;
  options.policy = policy;
  options.threshold = threshold;
  return options;
}

/// A picture of 3 x 3 chunks of which those in `busy` have gradients.
std::vector<float> picture_with(const std::set<std::size_t>& busy) {
  networks::Random random(17);
  std::vector<float> picture(36 * 36, 0.5F);
  for (std::size_t y = 0; y < 36; ++y) {
    for (std::size_t x = 0; x < 36; ++x) {
      // A rim of two stays flat, so that a busy chunk gives its neighbours no gradient.
      const bool inside = y % 12 >= 2 && y % 12 < 10 && x % 12 >= 2 && x % 12 < 10;
      if (inside && busy.contains(y / 12 * 3 + x / 12)) picture[y * 36 + x] = static_cast<float>(random() % 2);
    }
  }
  return picture;
}

TEST(Chunks, EverySubsetOfEncryptedChunksGivesThePlainRun) {
  const nn::Graph graph = small_seed(1);
  const testing::Session session(graph, options_of(Policy::features));
  for (std::size_t mask = 0; mask < 512; mask += mask < 16 || mask > 495 ? 1 : 37) {
    std::set<std::size_t> busy;
    for (std::size_t k = 0; k < 9; ++k) {
      if ((mask >> k & 1U) != 0) busy.insert(k);
    }
    const auto picture = picture_with(busy);
    const auto query = session.owner.encrypt(std::span(&picture, 1));
    const auto choice = message::choice_of(session.program.client.chunks->cut, query.chunks);
    EXPECT_EQ(std::set<std::size_t>(choice.encrypted.begin(), choice.encrypted.end()), busy) << mask;
    EXPECT_EQ(query.ciphertexts.size(), session.program.client.queries(busy.size()));
    EXPECT_EQ(query.plain.size(), (9 - busy.size()) * 144);
    const auto logits = session.owner.decrypt(session.answer(query), message::ticket_of(query), {64, 0, 30});
    expect_reference(graph, session, picture, logits[0]);
  }
}

TEST(Chunks, ThresholdsAtTheirEdges) {
  const nn::Graph graph = small_seed(2);
  const auto picture = picture_with({0, 4, 8});
  const testing::Session none(graph, options_of(Policy::features, kMaxGradient));
  EXPECT_EQ(none.owner.encrypt(std::span(&picture, 1)).ciphertexts.size(), none.program.client.group_ciphertexts());
  expect_reference(graph, none, picture, none.classify(std::span(&picture, 1))[0]);
  // Above, not at: flat chunks have a gradient of nothing.
  const testing::Session some(graph, options_of(Policy::features, 0));
  const auto query = some.owner.encrypt(std::span(&picture, 1));
  EXPECT_EQ(message::choice_of(graph.chunks.value(), query.chunks).encrypted, (std::vector<std::size_t>{0, 4, 8}));
  EXPECT_THROW(compile::compile(graph, options_of(Policy::features, -1)), UsageError);
  EXPECT_THROW(compile::compile(graph, options_of(Policy::features, 1500)), UsageError);
}

// Equal bytes and equal structure, whatever the picture.
TEST(Chunks, HiddenQueriesTellPicturesNotApart) {
  for (const std::size_t kept : {1U, 5U, 9U}) {
    const testing::Session session(small_seed(3, kept), options_of(Policy::hidden));
    std::set<std::size_t> sizes, ciphertexts;
    for (const std::set<std::size_t>& busy :
         {std::set<std::size_t>{}, {0}, {1, 2, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8}, {8}}) {
      const auto picture = picture_with(busy);
      const auto query = session.owner.encrypt(std::span(&picture, 1));
      EXPECT_TRUE(query.chunks.empty());
      EXPECT_TRUE(query.plain.empty());
      ciphertexts.insert(query.ciphertexts.size());
      sizes.insert(message::write_query(*session.owner.context(), query).size());
    }
    EXPECT_EQ(ciphertexts.size(), 1u);
    EXPECT_EQ(sizes.size(), 1u);
  }
}

TEST(Chunks, ManyChunksGoGroupByGroup) {
  // A picture of 20 x 21 chunks.
  networks::Random random(4);
  nn::Graph graph = nn::make_chunk_graph("many", {{1, 200, 210}, 10, 10});
  const auto add = [&](nn::Layer layer) { nn::add_node(graph, "", std::move(layer), {graph.nodes.size() - 1}); };
  add(nn::Flatten{});
  add(networks::linear(random, 100, 8));
  add(nn::Square{});
  add(nn::Merge{});
  add(networks::linear(random, 8, 3));
  ThreadPool pool(2);
  for (const Policy policy : {Policy::all, Policy::features}) {
    const testing::Session session(graph, options_of(policy), &pool);
    const auto picture = support::network_picture(graph, 5);
    expect_reference(graph, session, picture, session.classify(std::span(&picture, 1), &pool)[0]);
  }
}

TEST(Chunks, SimulationsComeToTheSame) {
  for (const Policy policy : {Policy::whole, Policy::all, Policy::features, Policy::hidden}) {
    const nn::Graph graph = small_seed(6, policy == Policy::hidden ? 5 : 0);
    const auto program = compile::compile(graph, options_of(policy));
    const compile::Simulator simulator(program);
    const auto picture = picture_with({1, 2, 6});
    const auto result = simulator.run(picture, 1);
    const auto plain = nn::run_reference(graph, picture);
    EXPECT_EQ(result.overflow, -1);
    for (std::size_t k = 0; k < plain.size(); ++k) {
      EXPECT_NEAR(result.logits[k], plain[k], 10 * program.client.logit_error);
    }
  }
}

class FeaturesQuery : public ::testing::Test {
 protected:
  message::Query query(const std::set<std::size_t>& busy) {
    const auto picture = picture_with(busy);
    return session_.owner.encrypt(std::span(&picture, 1));
  }
  std::string refusal(message::Query query) {
    query.id = message::id_of(query);
    try {
      session_.answer(query);
    } catch (const MismatchError& e) {
      return e.what();
    }
    return "answered";
  }
  testing::Session session_{small_seed(7), options_of(Policy::features)};
};

TEST_F(FeaturesQuery, OtherThanItsIndicesSayIsRefused) {
  auto q = query({0, 1, 2});
  q.plain.pop_back();
  EXPECT_THAT(refusal(q), HasSubstr("its indices say 864"));
  q = query({0, 1, 2});
  q.chunks[0] = -1;
  EXPECT_THAT(refusal(q), HasSubstr("its indices say 1008"));
  q = query({0, 1, 2});
  std::swap(q.chunks[0], q.chunks[1]);
  EXPECT_THAT(refusal(q), HasSubstr("in place 1"));
  q = query({0, 1, 2});
  q.chunks.pop_back();
  EXPECT_THAT(refusal(q), HasSubstr("names 8 chunks, expected 9"));
  q = query({0, 1, 2});
  q.chunks[4] = 0;
  EXPECT_THAT(refusal(q), HasSubstr("has chunk 0 in place 5"));
  q = query({0, 1, 2});
  q.ciphertexts.push_back(q.ciphertexts.front());
  EXPECT_THAT(refusal(q), HasSubstr("ciphertext(s) a query, not 2"));
}

TEST_F(FeaturesQuery, ItsIdHoldsForWhatIsInTheClear) {
  auto q = query({3});
  q.plain[5] += 0.25F;
  const auto bytes = message::write_query(*session_.owner.context(), q);
  EXPECT_THROW(message::read_query(*session_.owner.context(), q.program, bytes), FormatError);
}

TEST_F(FeaturesQuery, IsRefusedByAProgramOfAnotherPolicy) {
  const testing::Session other(small_seed(7), options_of(Policy::all));
  auto q = query({0, 1, 2});
  q.program = other.program.client.program;
  q.key = other.keys->key();
  q.id = message::id_of(q);
  EXPECT_THROW(other.answer(q), MismatchError);
}

TEST(Chunks, PoliciesThatANetworkDoesNotHaveAreRefused) {
  networks::Random random(8);
  nn::Graph concat = nn::make_chunk_graph("concat", {{1, 12, 12}, 6, 6});
  nn::add_node(concat, "flatten", nn::Flatten{}, {0});
  nn::add_node(concat, "merge", nn::Merge{nn::Merge::Kind::concat, 4}, {1});
  nn::add_node(concat, "fc", networks::linear(random, 144, 3), {2});
  EXPECT_NO_THROW(compile::compile(concat, options_of(Policy::all)));
  EXPECT_THROW(compile::compile(concat, options_of(Policy::features)), UsageError);
  auto batched = options_of(Policy::all);
  batched.mode = message::Mode::batched;
  EXPECT_THROW(compile::compile(concat, batched), UsageError);
  batched.policy = Policy::features;
  EXPECT_THROW(compile::compile(small_seed(9), batched), UsageError);
  EXPECT_THROW(compile::compile(small_seed(9), options_of(Policy::hidden)), UsageError);
  EXPECT_THROW(compile::compile(small_seed(9, 4), options_of(Policy::all)), UsageError);
}

}  // namespace
}  // namespace obscura::runtime
