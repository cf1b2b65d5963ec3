#include "compile/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "compile/networks.h"
#include "compile/stages.h"
#include "message/client_wire.h"

namespace obscura::compile {
namespace {

using ::testing::HasSubstr;

nn::Graph small(std::uint64_t seed) {
  return networks::dense(seed, {1, 6, 6}, 8, 5);
}

Program compiled(const nn::Graph& graph, Mode mode) {
  CompileOptions options;
  options.mode = mode;
  return compile(graph, options);
}

TEST(Compile, GivesTheSameProgramEveryTime) {
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    const Program a = compiled(small(1), mode), b = compiled(small(1), mode);
    EXPECT_EQ(write_client_spec(a.client), write_client_spec(b.client));
    EXPECT_EQ(a.client.keys.galois, b.client.keys.galois);
    EXPECT_EQ(a.client.keys.relin_limbs, b.client.keys.relin_limbs);
    ASSERT_EQ(a.packed.size(), b.packed.size());
    for (std::size_t i = 0; i < a.packed.size(); ++i) {
      EXPECT_EQ(a.packed[i].output->position, b.packed[i].output->position);
      EXPECT_EQ(a.packed[i].hoisted.babies, b.packed[i].hoisted.babies);
      EXPECT_EQ(a.packed[i].hoisted.giants, b.packed[i].hoisted.giants);
      EXPECT_EQ(a.packed[i].blocks.babies, b.packed[i].blocks.babies);
      EXPECT_EQ(a.packed[i].blocks.giants, b.packed[i].blocks.giants);
      EXPECT_EQ(a.packed[i].fold, b.packed[i].fold);
    }
  }
}

TEST(Compile, NamesDifferentProgramsDifferently) {
  const nn::Graph graph = small(1);
  nn::Graph weight = graph, preprocessing = graph;
  std::get<nn::Linear>(weight.nodes.back().layer).weights[3] += 1e-3F;
  preprocessing.preprocessing.mean = {0.25F};
  preprocessing.preprocessing.std = {1.0F};
  std::set<ckks::Digest> names;
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    for (const nn::Graph& g : {graph, weight, preprocessing, small(2)}) names.insert(compiled(g, mode).client.program);
  }
  EXPECT_EQ(names.size(), 8u);
}

TEST(Compile, TellsTheClientWhatItNeeds) {
  const Program packed = compiled(small(1), Mode::packed), batched = compiled(small(1), Mode::batched);
  const std::size_t slots = std::size_t{1} << (packed.client.parameters.log_degree - 1);
  EXPECT_EQ(packed.client.input, (Shape{1, 6, 6}));
  EXPECT_EQ(packed.client.period, 64u);
  EXPECT_EQ(packed.client.images, 1u);
  EXPECT_EQ(packed.client.outputs, 5u);
  EXPECT_EQ(packed.client.output_slots.size(), 5u);
  EXPECT_EQ(packed.client.queries(), 1u);
  EXPECT_EQ(packed.client.replies(), 1u);
  EXPECT_LE(packed.client.reply_gap, slots);
  EXPECT_EQ(batched.client.images, std::size_t{1} << (batched.client.parameters.log_degree - 1));
  EXPECT_EQ(batched.client.queries(), 36u);
  EXPECT_EQ(batched.client.replies(), 5u);
  EXPECT_TRUE(batched.client.keys.galois.empty());
  EXPECT_GT(batched.client.keys.relin_limbs, 0u);
}

TEST(Compile, OutputsThatAreMoreThanSlotsComeInSeveralReplies) {
  networks::Random random(1);
  const nn::Graph large = networks::chain({1, 140, 140}, {{"conv", networks::conv(random, 1, 1, 3, 1, 1)}});
  const Program program = compiled(large, Mode::packed);
  const std::size_t slots = program.client.slots();
  EXPECT_LT(slots, 19600u);
  EXPECT_EQ(program.client.replies(), (19600 + slots - 1) / slots);
  EXPECT_EQ(program.client.reply_gap, 1u);
}

// An embedding of eight numbers and 20,000 vectors to compare it with: as one matrix it would have 2^24 entries.
TEST(Compile, KeepsANarrowLayerBetweenWideOnesApart) {
  networks::Random random(1);
  const nn::Graph graph = networks::chain({1, 32, 32}, {{"flatten", nn::Flatten{}},
                                                        {"narrow", networks::linear(random, 1024, 8)},
                                                        {"wide", networks::linear(random, 8, 20000)}});
  const auto stages = stages_of(graph);
  ASSERT_EQ(stages.size(), 2u);
  EXPECT_EQ(stages[0].output.size(), 8u);
  const nn::Graph small = networks::chain({1, 32, 32}, {{"flatten", nn::Flatten{}},
                                                        {"narrow", networks::linear(random, 1024, 8)},
                                                        {"less", networks::linear(random, 8, 200)}});
  EXPECT_EQ(stages_of(small).size(), 1u);
}

TEST(Compile, RefusesANumberOfImagesThatIsNoPowerOfTwo) {
  CompileOptions options;
  options.images_per_ciphertext = 3;
  EXPECT_THROW(compile(small(1), options), ParameterError);
}

TEST(Compile, PutsAsManyImagesSideBySideAsPay) {
  CompileOptions options;
  options.images_per_ciphertext = 0;
  const Program program = compile(small(1), options);
  EXPECT_GT(program.client.images, 1u);
  EXPECT_EQ(program.client.images & (program.client.images - 1), 0u);
}

TEST(Compile, TakesRangesFromTheFile) {
  nn::Graph graph = small(1);
  const auto inputs = networks::images(4, 36, 5);
  std::vector<std::vector<double>> samples;
  for (const auto& image : inputs) samples.emplace_back(image.begin(), image.end());
  CompileOptions options;
  options.samples = samples;
  const Program measured = compile(graph, options);
  graph.calibration = calibration_numbers(graph, samples);
  EXPECT_EQ(graph.calibration.size(), 1 + 5 * measured.packed.size());
  const Program stated = compile(graph, {});
  EXPECT_EQ(write_client_spec(measured.client), write_client_spec(stated.client));
  // Numbers of another network are not believed.
  graph.calibration.pop_back();
  EXPECT_NO_THROW(compile(graph, {}));
}

TEST(Report, MentionsEveryStage) {
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    const nn::Graph graph = small(1);
    const std::string text = report(compiled(graph, mode));
    for (const char* word :
         {"flatten + fc1", "fc2", "square", "-bit", "N = 2^13", "predicted error", "the client", "the server"}) {
      EXPECT_THAT(text, HasSubstr(word));
    }
  }
}

}  // namespace
}  // namespace obscura::compile
