#include "program/program_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/error.h"
#include "ckks/wire_cases.h"
#include "compile/clear_run.h"
#include "compile/magnitudes.h"
#include "compile/networks.h"
#include "compile/shape_cases.h"
#include "compile/stages.h"
#include "message/client_wire.h"
#include "nn/mirrored.h"
#include "program/compressed.h"
#include "program/map_wire.h"
#include "program/program_wire_parts.h"

namespace obscura::compile {
namespace {

using ::testing::HasSubstr;
namespace wire_test = ckks::wire_test;

CompileOptions options_of(Mode mode) {
  CompileOptions options;
  options.mode = mode;
  return options;
}

nn::Graph cubic_network() {
  std::mt19937_64 random(3);
  nn::Polynomial cubic;
  for (std::size_t c = 0; c < 3; ++c) {
    const double shift = 0.1 * static_cast<double>(c);
    cubic.coefficients.push_back({0.1, 0.5 + shift, 0.2, 0.05});
  }
  return networks::chain({1, 12, 12}, {{"conv", networks::conv(random, 1, 3, 3, 2, 1)},
                                       {"cubic", cubic},
                                       {"flatten", nn::Flatten{}},
                                       {"dense", networks::linear(random, 108, 5)}});
}

/// x q(p(x)) behind a convolution.
nn::Graph gated_network() {
  std::mt19937_64 random(4);
  nn::Graph graph = networks::chain({1, 8, 8}, {{"conv", networks::conv(random, 1, 2, 3, 2, 1)},
                                                {"p", nn::Polynomial{{{0, 0.5, 0, 0.1}}}},
                                                {"q", nn::Polynomial{{{0.5, 0.25}}}}});
  nn::add_node(graph, "gate", nn::Product{}, {1, 3});
  nn::add_node(graph, "flatten", nn::Flatten{}, {4});
  nn::add_node(graph, "dense", networks::linear(random, 32, 3), {5});
  return graph;
}

/// Five chunks of six: a mean of them, or all in order.
nn::Graph chunk_network(nn::Merge::Kind kind) {
  std::mt19937_64 random(7);
  nn::Graph graph = nn::make_chunk_graph("chunks", {{1, 10, 15}, 5, 6});
  const auto add = [&](nn::Layer layer) { nn::add_node(graph, "", std::move(layer), {graph.nodes.size() - 1}); };
  add(networks::conv(random, 1, 2, 3, 2, 1));
  add(nn::Square{});
  add(nn::Flatten{});
  add(nn::Merge{kind, kind == nn::Merge::Kind::concat ? graph.chunks->count() : 1});
  add(networks::linear(random, graph.output_shape().size(), 4));
  return graph;
}

Program chunk_program(nn::Merge::Kind kind, message::Policy policy, Mode mode = Mode::packed) {
  CompileOptions options = options_of(mode);
  options.policy = policy;
  return compile(chunk_network(kind), options);
}

/// Packed and batched, squares and polynomials, pictures as one and in chunks.
const std::vector<Program>& programs() {
  using Kind = nn::Merge::Kind;
  static const std::vector<Program> all{compile(networks::tutorial(1)),
                                        chunk_program(Kind::mean, message::Policy::features),
                                        chunk_program(Kind::concat, message::Policy::all),
                                        chunk_program(Kind::mean, message::Policy::all, Mode::batched),
                                        compile(networks::dense(2, {1, 6, 5}, 4, 3), options_of(Mode::batched)),
                                        compile(gated_network()),
                                        compile(cubic_network()),
                                        compile(cubic_network(), options_of(Mode::batched)),
                                        compile(nn::mirrored(cubic_network()))};
  return all;
}

void expect_same_map(const AffineMap& a, const AffineMap& b) {
  ASSERT_EQ(a.columns, b.columns);
  ASSERT_EQ(a.bias, b.bias);
  ASSERT_EQ(a.rows.size(), b.rows.size());
  for (std::size_t r = 0; r < a.rows.size(); ++r) {
    ASSERT_EQ(a.rows[r].size(), b.rows[r].size()) << r;
    for (std::size_t k = 0; k < a.rows[r].size(); ++k) {
      ASSERT_EQ(a.rows[r][k].column, b.rows[r][k].column) << r;
      ASSERT_EQ(a.rows[r][k].value, b.rows[r][k].value) << r;
    }
  }
}

AffineMap again(const AffineMap& map) {
  ByteWriter w;
  put_map(w, map);
  ByteReader r(w.bytes(), "map");
  auto read = get_map(r, std::size_t{1} << 28);
  r.finish();
  return read;
}

TEST(MapWire, KeepsEveryEntry) {
  const AffineMap odd{5, {{}, {{0, 1}, {4, -2}}, {{1, 1}, {2, 1}}, {{3, 0}}, {{0, 1}, {4, -2}}}, {1, 2, 3, 4, 5}};
  expect_same_map(odd, again(odd));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto drawn = testing::shape_case(seed, 4000);
    for (const Stage& stage : stages_of(nn::fold_batch_norms(drawn.graph))) {
      for (const Term& term : stage.terms) expect_same_map(term.map, again(term.map));
    }
  }
}

TEST(MapWire, RefusesMoreEntriesThanAllowed) {
  ByteWriter w;
  put_map(w, identity_map(100));
  ByteReader r(w.bytes(), "map");
  EXPECT_THROW(get_map(r, 99), FormatError);
}

TEST(ProgramWire, IsTheSameProgram) {
  for (const Program& program : programs()) {
    SCOPED_TRACE(program.client.network + std::to_string(program.batched.size()));
    const Program read = read_program(write_program(program));
    EXPECT_EQ(read.client.program, program.client.program);
    EXPECT_EQ(message::write_client_spec(read.client), message::write_client_spec(program.client));
    EXPECT_EQ(report(read), report(program));
    EXPECT_EQ(write_body(read), write_body(program));
  }
}

// Over the networks that compile() is drawn on, run slot by slot in the clear.
TEST(ProgramWire, RunsAsItDid) {
  std::size_t ran = 0;
  for (std::uint64_t seed = 100; seed < 124; ++seed) {
    const auto drawn = testing::shape_case(seed, 3000);
    Program program;
    try {
      program = compile(drawn.graph, drawn.options);
    } catch (const UnsupportedError&) {
      continue;
    }
    const auto images = support::random_images(drawn.graph.input_shape(), 1, seed);
    const Program read = read_program(write_program(program));
    EXPECT_EQ(testing::ClearRun(read).run(images), testing::ClearRun(program).run(images)) << drawn.text();
    ++ran;
  }
  EXPECT_GE(ran, 12u);
}

TEST(ProgramWire, TheNameHoldsForAllThatIsInIt) {
  const Program& program = programs().front();
  EXPECT_EQ(digest_of(program), program.client.program);
  Program other = program;
  AffineMap::Row& row = other.packed.back().stage.terms.front().map.rows.front();
  row.set(0, row.front().value * (1 + 0x1p-52));
  EXPECT_NE(digest_of(other), program.client.program);
  other = program;
  other.client.preprocessing.classes = {"a"};
  EXPECT_NE(digest_of(other), program.client.program);
  other = program;
  other.client.key.fill(1);
  EXPECT_EQ(digest_of(other), program.client.program);
}

TEST(ProgramWire, IsAFewTimesTheWeights) {
  // 4 x 49 + 256 x 64 + 64 x 10 weights of four bytes.
  EXPECT_LT(write_program(programs().front()).size(), 3u * 4 * (4 * 49 + 256 * 64 + 64 * 10));
}

TEST(ProgramWire, SurvivesWhatNobodyMeant) {
  for (const Program& program : programs()) {
    const auto body = write_body(program);
    std::mt19937_64 random(7);
    std::size_t sound = 0;
    for (int i = 0; i < 400; ++i) {
      auto input = body;
      // Most of a body is weights: half of the changes go where the structure is.
      const std::size_t most = i % 2 == 0 ? body.size() : std::min<std::size_t>(body.size(), 3000);
      for (std::size_t n = 1 + random() % 3; n > 0; --n) input[random() % most] = static_cast<std::uint8_t>(random());
      if (i % 5 == 0) input.resize(random() % input.size());
      sound += wire_test::expect_survives(
          {"program body", body, [](ckks::ByteSpan in) { return write_body(read_body(in, wire_test::kWhat)); }}, input);
      if (HasFailure()) return;
    }
    EXPECT_LT(sound, 400u);
  }
}

TEST(ProgramWire, RefusesDamagedFiles) {
  const auto file = write_program(programs()[1]);
  const auto refuse = [](const ckks::Bytes& input) { EXPECT_THROW(read_program(input), FormatError); };
  for (std::size_t size = 0; size < file.size(); size += 97) {
    auto cut = file;
    cut.resize(size);
    refuse(cut);
    wire_test::reseal(cut);
    refuse(cut);
  }
  auto more = file;
  more.resize(more.size() + 9);
  wire_test::reseal(more);
  refuse(more);
  // The payload begins behind 52 bytes with its version, then the length of the body.
  auto other_version = file;
  other_version[52] = 9;
  wire_test::reseal(other_version);
  try {
    read_program(other_version, "net/server.program");
    FAIL();
  } catch (const FormatError& e) {
    EXPECT_THAT(e.what(), HasSubstr("net/server.program was made by another version of obscura"));
  }
  auto huge = file;
  for (std::size_t i = 0; i < 8; ++i) huge[53 + i] = 0xff;
  wire_test::reseal(huge);
  refuse(huge);
}

/// Values of the picture that nothing reads, or that are none.
TEST(ProgramWire, RefusesArrangementsThatAreNotOfThePicture) {
  const Program& mirrored = programs().back();
  ASSERT_TRUE(mirrored.arrangement.has_value());
  for (const std::uint32_t wrong : {144U, 0xFFFFFFFFU}) {
    Program other = mirrored;
    other.arrangement->source.back() = wrong;
    EXPECT_THAT([&] { read_program(write_program(other)); },
                ::testing::ThrowsMessage<FormatError>(HasSubstr("has an arrangement that is not of every value")));
  }
  Program lost = mirrored;
  std::ranges::replace(lost.arrangement->source, 5U, 6U);
  EXPECT_THROW(read_program(write_program(lost)), FormatError);
  Program batched = programs()[7];
  batched.arrangement = mirrored.arrangement;
  EXPECT_THAT([&] { read_program(write_program(batched)); },
              ::testing::ThrowsMessage<FormatError>(HasSubstr("arranges what is encrypted value by value")));
}

TEST(ProgramWire, RefusesOtherKinds) {
  EXPECT_THROW(read_program(message::write_client_spec(programs().front().client)), FormatError);
  EXPECT_THROW(message::read_client_spec(write_program(programs().front())), FormatError);
}

TEST(Compressed, GivesBackWhatWentIn) {
  for (const std::size_t size : {0u, 1u, 1000u, 100000u}) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * i >> 7);
    EXPECT_EQ(decompress(compress(bytes), size, "bytes"), bytes);
    if (size > 0) {
      EXPECT_THROW(decompress(compress(bytes), size - 1, "bytes"), FormatError);
    }
  }
}

TEST(Compressed, RefusesWhatGrowsTooMuch) {
  // A kilobyte that becomes a gigabyte.
  EXPECT_THROW(decompress(compress(std::vector<std::uint8_t>(std::size_t{1} << 28)), SIZE_MAX, "bytes"), FormatError);
}

}  // namespace
}  // namespace obscura::compile
