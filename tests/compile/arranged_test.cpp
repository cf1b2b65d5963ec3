#include "compile/arranged.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "compile/clear_run.h"
#include "compile/networks.h"
#include "compile/simulate.h"
#include "compile/stages.h"
#include "nn/mirrored.h"
#include "nn/reference.h"
#include "program/program_wire.h"
#include "program/validate.h"
#include "support/random_graph.h"

namespace obscura::compile {
namespace {

using program::Arrangement;

/// Every value `step` places from where it was; the last of the picture's values come first.
nn::Rearrange turned(const Shape& shape, std::int32_t step) {
  nn::Rearrange layer{shape, {}};
  const auto size = static_cast<std::int32_t>(shape.size());
  for (std::int32_t i = 0; i < size; ++i) layer.source.push_back((i + step) % size);
  return layer;
}

nn::Graph behind(const std::vector<nn::Layer>& first, const Shape& input, std::uint64_t seed = 1) {
  networks::Random random(seed);
  nn::Graph graph = nn::make_graph("arranged", input);
  for (const auto& layer : first)
    nn::add_node(graph, "move" + std::to_string(graph.nodes.size()), layer, {graph.nodes.size() - 1});
  const Shape shape = graph.nodes.back().shape;
  nn::add_node(graph, "conv", networks::conv(random, shape.channels, 4, 3, 1, 1), {graph.nodes.size() - 1});
  nn::add_node(graph, "square", nn::Square{}, {graph.nodes.size() - 1});
  nn::add_node(graph, "flatten", nn::Flatten{}, {graph.nodes.size() - 1});
  nn::add_node(graph, "fc", networks::linear(random, 4 * shape.height * shape.width, 3), {graph.nodes.size() - 1});
  return graph;
}

void expect_same_network(const nn::Graph& graph, const program::StagedNetwork& network) {
  for (const auto& image : support::random_images(graph.input_shape(), 2, 5)) {
    const auto plain = nn::run_reference(graph, image);
    const auto staged = program::run_network(network, {{image.begin(), image.end()}});
    ASSERT_EQ(staged.size(), plain.size());
    for (std::size_t i = 0; i < plain.size(); ++i) ASSERT_NEAR(staged[i], plain[i], 1e-6);
  }
}

/// In the clear slot by slot, simulated, and as a file.
void expect_runs(const nn::Graph& graph, const CompileOptions& options = {}) {
  const Program program = compile(graph, options);
  ASSERT_TRUE(program.arrangement.has_value());
  EXPECT_EQ(program.client.input, graph.input_shape());
  const Program again = program::read_program(program::write_program(program));
  EXPECT_EQ(again.arrangement, program.arrangement);
  const auto images = support::random_images(graph.input_shape(), std::min<std::size_t>(program.client.images, 3), 9);
  const auto logits = testing::ClearRun(program).run(images);
  const Simulator simulator(again, 1);
  for (std::size_t k = 0; k < images.size(); ++k) {
    const auto plain = nn::run_reference(graph, images[k]);
    const auto simulated = simulator.run(images[k], k).logits;
    for (std::size_t i = 0; i < plain.size(); ++i) {
      ASSERT_NEAR(logits[k][i], plain[i], 1e-5);
      ASSERT_NEAR(simulated[i], plain[i], 20 * program.client.logit_error);
    }
  }
}

TEST(Arranged, LeftToWhoEncrypts) {
  const Shape input{2, 8, 8};
  const nn::Graph graph = behind({turned(input, 5), turned(input, 3)}, input);
  const auto network = arranged_network_of(graph);
  ASSERT_TRUE(network.arrangement.has_value());
  EXPECT_EQ(network.arrangement->shape, input);
  EXPECT_EQ(network.arrangement->source.front(), 8U);
  EXPECT_EQ(network.stages.size(), network_of(graph).stages.size());
  expect_same_network(graph, network);
  expect_runs(graph);
}

TEST(Arranged, OfOneChannelOneColumnAndManyImages) {
  for (const Shape& input : {Shape{1, 8, 8}, Shape{3, 9, 5}, Shape{1, 12, 1}, Shape{1, 1, 16}}) {
    for (const std::size_t images : {1U, 4U}) {
      CompileOptions options;
      options.images_per_ciphertext = images;
      expect_runs(behind({turned(input, 1)}, input), options);
    }
  }
}

TEST(Arranged, MirroredNetworksOfRandomShapes) {
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    SCOPED_TRACE(seed);
    support::RandomGraphOptions drawn;
    drawn.max_degree = 2;
    drawn.min_side = 8;
    drawn.max_side = seed % 3 == 0 ? 40 : 16;
    nn::Graph graph = support::RandomGraph(seed, drawn).draw();
    support::tame(graph, seed, 1);
    CompileOptions options;
    options.images_per_ciphertext = seed % 4 == 1 ? 2 : 1;
    options.windows = seed % 2 == 0;
    expect_runs(nn::mirrored(graph), options);
  }
}

TEST(Arranged, TheClientPutsEveryValueWhereTheFirstStageReadsIt) {
  const nn::Graph graph = nn::mirrored(behind({}, {3, 8, 8}));
  const Program program = compile(graph, {});
  const auto& client = program.client;
  ASSERT_TRUE(program.arrangement.has_value());
  std::set<std::uint32_t> places;
  for (std::size_t i = 0; i < client.unit().size(); ++i) {
    EXPECT_GE(client.places_of(i).size(), 2U);
    for (const std::uint32_t place : client.places_of(i)) EXPECT_TRUE(places.insert(place).second);
  }
  Program other = program;
  std::swap(other.client.input_slots.front(), other.client.input_slots.back());
  EXPECT_THROW(program::validate(other, {}, *ckks::Context::create(other.client.parameters)), UnsupportedError);
  other = program;
  std::swap(other.arrangement->source.front(), other.arrangement->source.back());
  EXPECT_THROW(program::validate(other, {}, *ckks::Context::create(other.client.parameters)), UnsupportedError);
}

TEST(Arranged, NotWhereSomethingElseReadsThePicture) {
  const Shape input{2, 8, 8};
  networks::Random random(3);
  nn::Graph graph = nn::make_graph("both", input);
  const std::size_t moved = nn::add_node(graph, "moved", turned(input, 5), {0});
  const std::size_t a = nn::add_node(graph, "a", networks::conv(random, 2, 4, 3, 1, 1), {0});
  const std::size_t b = nn::add_node(graph, "b", networks::conv(random, 2, 4, 3, 1, 1), {moved});
  nn::add_node(graph, "sum", nn::Add{}, {a, b});
  EXPECT_FALSE(arranged_network_of(graph).arrangement.has_value());
}

TEST(Arranged, NotWhereValuesAreLostMadeUpOrManyTimes) {
  nn::Rearrange cropped{{1, 6, 8}, {}}, filled = turned({1, 8, 8}, 3), many{{8, 8, 8}, {}};
  for (std::int32_t i = 0; i < 48; ++i) cropped.source.push_back(i);
  filled.source[5] = nn::Rearrange::kFill;
  for (std::int32_t i = 0; i < 512; ++i) many.source.push_back(i % 64);
  for (const auto& layer : {cropped, filled, many}) {
    const nn::Graph graph = behind({layer}, {1, 8, 8});
    EXPECT_FALSE(arranged_network_of(graph).arrangement.has_value());
    EXPECT_FALSE(compile(graph, {}).arrangement.has_value());
  }
}

TEST(Arranged, BatchedMovesValuesByItself) {
  CompileOptions options;
  options.mode = Mode::batched;
  EXPECT_FALSE(compile(nn::mirrored(behind({}, {1, 8, 8})), options).arrangement.has_value());
}

}  // namespace
}  // namespace obscura::compile
