#include "program/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "compile/magnitudes.h"
#include "compile/networks.h"
#include "compile/schedule.h"
#include "compile/shape_cases.h"
#include "compile/stages.h"

namespace obscura::compile {
namespace {

using ::testing::HasSubstr;

class Validation : public ::testing::Test {
 protected:
  void refuses(const Program& bad, const std::string& why) const {
    try {
      validate(bad, magnitudes, *context);
      ADD_FAILURE() << "taken: " << why;
    } catch (const UnsupportedError& e) {
      EXPECT_THAT(e.what(), HasSubstr(why));
      EXPECT_THAT(e.what(), HasSubstr("layer "));
    }
  }

  const nn::Graph graph = testing::network_of_side(96, 1);
  const std::vector<Stage> stages = stages_of(graph);
  const Magnitudes magnitudes = measure_magnitudes(stages, {});
  const Program program = compile(graph);
  const ckks::ContextPtr context = ckks::Context::create(program.client.parameters);
};

TEST_F(Validation, TakesWhatIsCompiled) {
  EXPECT_NO_THROW(validate(program, magnitudes, *context));
}

TEST_F(Validation, RefusesPlansOfOtherCiphertexts) {
  Program bad = program;
  ASSERT_EQ(bad.packed.front().method, PackedStage::Method::blocks);
  ++bad.packed.front().blocks.inputs;
  refuses(bad, "its plan is for 4 ciphertexts");
  bad = program;
  ++bad.packed.front().blocks.outputs;
  refuses(bad, "its layouts have");
  bad = program;
  bad.packed.front().blocks.terms.front().offset += 1;
  refuses(bad, "contradicts itself");
  bad = program;
  bad.packed[1].inputs.front().layout = bad.packed.front().inputs.front().layout;
  refuses(bad, "layout");
  bad = program;
  bad.client.reply_gap *= 2;
  refuses(bad, "reply");
}

TEST_F(Validation, RefusesWindowsAndGapsThatAreNotLaidOut) {
  const nn::Graph tutorial = networks::tutorial(1);
  const Program good = compile(tutorial);
  const auto sizes = measure_magnitudes(stages_of(tutorial), {});
  const auto ring = ckks::Context::create(good.client.parameters);
  const auto expect = [&](auto change, const std::string& why) {
    Program bad = good;
    change(bad);
    try {
      validate(bad, sizes, *ring);
      ADD_FAILURE() << "taken: " << why;
    } catch (const UnsupportedError& e) {
      EXPECT_THAT(e.what(), HasSubstr(why));
    }
  };
  EXPECT_NO_THROW(validate(good, sizes, *ring));
  ASSERT_FALSE(good.client.input_begin.empty()) << "the planner lays the tutorial's windows out";
  expect([](Program& p) { std::swap(p.client.input_slots[0], p.client.input_slots[1]); },
         "another layout of the image");
  expect([](Program& p) { p.client.input_begin.clear(); }, "another layout of the image");
  ASSERT_GT(good.packed[1].output->gap, 1u) << "the planner leaves sums between the values of its first dense layer";
  expect([](Program& p) { p.packed[1].unfolded = true; }, "leaves sums between values");
  expect([](Program& p) { p.packed[1].inputs[0].copies = 2; }, "leaves sums between values");
  expect(
      [](Program& p) {
        auto layout = *p.packed[1].output;
        layout.period /= 2;
        p.packed[1].output = std::make_shared<const Layout>(std::move(layout));
      },
      "layer ");
}

TEST_F(Validation, RefusesWhatIsNotFinite) {
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const double wrong : {inf, nan, 0.0, 0x1p632}) {
    Program bad = program;
    bad.packed.front().scales.after_activation = wrong;
    refuses(bad, "scale");
  }
  for (const double wrong : {inf, nan}) {
    Program bad = program;
    bad.client.logit_error = wrong;
    refuses(bad, "predicted error");
    bad = program;
    bad.packed.front().stage.terms.front().map.rows.front().set(0, wrong);
    refuses(bad, "not finite");
    bad = program;
    bad.packed.front().stage.terms.front().map.bias.front() = wrong;
    refuses(bad, "not finite");
  }
  Program bad = program;
  bad.packed.front().stage.terms.front().map.bias.front() = 1e15;
  refuses(bad, "too large for its level");
}

TEST_F(Validation, RefusesLevelsThatContradictEachOther) {
  Program bad = program;
  ++bad.packed[1].schedule.limbs;
  refuses(bad, "level");
}

TEST_F(Validation, RefusesValuesThatLeaveTheModulus) {
  Magnitudes large = magnitudes;
  large.stages.front().activation_max = 1e30;
  EXPECT_THROW(validate(program, large, *context), UnsupportedError);
}

/// Primes are off by a little, squares double that: after nineteen of them scales were 2^632 and infinite.
TEST(Scales, AreThoseOfTheScheduleHoweverDeepTheNetwork) {
  networks::Random random(3);
  nn::Graph graph = nn::make_graph("deep", {1, 8, 8});
  for (int i = 0; i < 19; ++i) {
    nn::add_node(graph, "conv" + std::to_string(i), networks::conv(random, 1, 1, 3, 1, 1), {graph.nodes.size() - 1});
    nn::add_node(graph, "square" + std::to_string(i), nn::Square{}, {graph.nodes.size() - 1});
  }
  support::tame(graph, 1);
  const Program program = compile(graph);
  for (const auto& stage : program.packed) {
    EXPECT_GT(stage.scales.after_map, 0x1p20) << stage.stage.name;
    EXPECT_LT(stage.scales.after_map, 0x1p60) << stage.stage.name;
    EXPECT_LT(stage.scales.after_activation, 0x1p110) << stage.stage.name;
  }
}

TEST(Schedule, RefusesMagnitudesThatAreNotFinite) {
  nn::Graph graph = networks::dense(2, {1, 8, 8}, 16, 5);
  const auto stages = stages_of(graph);
  for (const double wrong : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    Magnitudes magnitudes = measure_magnitudes(stages, {});
    magnitudes.stages.front().activation_max = wrong;
    try {
      find_schedule(stages, magnitudes, {});
      ADD_FAILURE();
    } catch (const UnsupportedError& e) {
      EXPECT_THAT(e.what(), HasSubstr("not finite"));
    }
    graph.calibration = to_numbers(magnitudes);
    EXPECT_THROW(compile(graph), UnsupportedError);
  }
}

}  // namespace
}  // namespace obscura::compile
