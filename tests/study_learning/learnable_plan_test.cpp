// What `reproduce er-cnn` and `reproduce color-neuracrypt` are going to do, and the journal of what they did.
#include "study/learning/learnable_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "study/learning/learnable_journal.h"

namespace obscura::study {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::ThrowsMessage;

ReproduceOptions options_of(const std::string& subject) {
  ReproduceOptions options;
  options.subject = subject;
  return options;
}

const LearnablePlan& row_of(const std::vector<LearnablePlan>& plans, const std::string& key) {
  const auto found = std::ranges::find_if(plans, [&](const LearnablePlan& plan) { return plan.key == key; });
  EXPECT_NE(found, plans.end()) << key;
  return *found;
}

class LearnablePlans : public testing::TestWithParam<const char*> {};

TEST_P(LearnablePlans, RowsBuildOnEarlierOnesAlone) {
  std::set<std::string> before;
  for (const auto& plan : learnable_plan(options_of(GetParam()))) {
    for (const auto& key : {plan.plain, plan.pretrained, plan.adaptation}) {
      EXPECT_TRUE(key.empty() || before.contains(key)) << plan.key << " builds on " << key;
    }
    EXPECT_TRUE(before.insert(plan.key).second) << plan.key << " is there twice";
  }
}

TEST_P(LearnablePlans, FiguresNameRowsThatAreThereAndEveryRowHasAPlace) {
  const auto keys = learnable_keys(GetParam());
  std::set<std::string> placed;
  for (const auto& figure : learnable_figures(GetParam())) {
    for (const auto& key : figure.rows) {
      EXPECT_THAT(keys, Contains(key)) << figure.id;
      placed.insert(key);
    }
    EXPECT_FALSE(figure.rows.empty() && figure.remark.empty()) << figure.id << " says neither rows nor why not";
  }
  for (const auto& plan : learnable_plan(options_of(GetParam()))) {
    EXPECT_TRUE(plan.main || placed.contains(plan.key)) << plan.key << " is in no table";
  }
}

TEST_P(LearnablePlans, OnlyTakesRowsAndFigures) {
  auto options = options_of(GetParam());
  const auto figures = learnable_figures(GetParam());
  const auto figure = std::ranges::find_if(figures, [](const auto& f) { return f.rows.size() > 2; });
  ASSERT_NE(figure, figures.end());
  options.only = {figure->id, "plain"};
  auto wanted = learnable_wanted(options);
  EXPECT_THAT(wanted, Contains("plain"));
  for (const auto& key : figure->rows) EXPECT_THAT(wanted, Contains(key));
  options.only = {"no-such-row"};
  EXPECT_THROW(learnable_wanted(options), UsageError);
}

INSTANTIATE_TEST_SUITE_P(Papers, LearnablePlans, testing::Values("er-cnn", "color-neuracrypt"));

TEST_P(LearnablePlans, WhatAdaptationsRevealIsMeasuredAtTheSizeTheyLearned) {
  for (const auto& plan : learnable_plan(options_of(GetParam()))) {
    const auto has = [&](const char* word) { return std::ranges::find(plan.training, word); };
    const auto er_cnn = has("er-cnn"), side = has("--resize");
    EXPECT_TRUE(plan.adapts || er_cnn == plan.training.end() || *std::prev(er_cnn) != "--adapt") << plan.key;
    if (plan.adapts) {
      EXPECT_EQ(std::to_string(plan.resize), side == plan.training.end() ? "0" : *std::next(side)) << plan.key;
    }
  }
}

TEST(LearnablePlan, TheHalvesOfSectionFiveHaveNoPictureInCommon) {
  for (const std::size_t limit : {0, 3000}) {
    auto options = options_of("er-cnn");
    options.limit = limit;
    const auto plans = learnable_plan(options);
    const auto &first = row_of(plans, "pretrain-2"), &other = row_of(plans, "still-2-round-3");
    const std::size_t half = limit == 0 ? 25000 : limit;
    EXPECT_EQ(first.skip, 0U);
    EXPECT_EQ(first.limit, half);
    EXPECT_EQ(other.skip, half);
    EXPECT_EQ(other.limit, half);
    EXPECT_EQ(row_of(plans, "plain-half-2").skip, half);
    EXPECT_EQ(other.pretrained, "pretrain-2");
    EXPECT_EQ(other.adaptation, "still-2-round-2");
    EXPECT_EQ(row_of(plans, "scratch-2-round-1").pretrained, "");
    EXPECT_NE(other.owner_key, row_of(plans, "still-1-round-3").owner_key) << "a key a seed";
  }
}

TEST(LearnablePlan, TheKernelIsTheAdaptationsNotTheCiphers) {
  const auto plans = learnable_plan(options_of("er-cnn"));
  const auto& row = row_of(plans, "kernel-8");
  EXPECT_EQ(row.block, 4U);
  EXPECT_EQ(row.shield.block, 4U);
  const auto option = std::ranges::find(row.training, "--adapt-block");
  ASSERT_NE(option, row.training.end());
  EXPECT_EQ(*(option + 1), "8");
}

class Journal : public testing::Test {
 protected:
  Journal() : file_(std::filesystem::path(testing::TempDir()) / "learnable_journal_test.jsonl") {
    std::filesystem::remove(file_);
  }
  ~Journal() override { std::filesystem::remove(file_); }
  static report::LearnableRow row(const std::string& key, double accuracy) {
    report::LearnableRow out;
    out.key = key, out.title = "of " + key;
    out.train = {{"test_accuracy", accuracy}, {"test", {{"images", 5}, {"confusion", {1, 2}}, {"classes", {1}}}}};
    out.reveal = {{"correlation", 0.5}, {"out", "/home/somebody/pictures"}};
    return out;
  }
  const std::filesystem::path file_;
};

TEST_F(Journal, RowsAreFoundByTheirPlanAgain) {
  LearnableJournal first(file_, "er-cnn");
  first.add(row("a", 0.5), "one", false);
  first.add(row("a", 0.6), "two", false);
  first.add(row("a", 0.7), "one", true);
  const LearnableJournal again(file_, "er-cnn");
  EXPECT_EQ(again.size(), 3U);
  EXPECT_EQ(again.find("a", "two")->train.at("test_accuracy"), 0.6);
  EXPECT_EQ(again.find("a", "three"), nullptr);
  EXPECT_EQ(again.last("a", false)->train.at("test_accuracy"), 0.6) << "not the quick one";
  EXPECT_EQ(again.last("b", false), nullptr);
  EXPECT_FALSE(again.find("a", "two")->train.at("test").contains("confusion"));
  EXPECT_EQ(again.find("a", "two")->train.at("test").at("images"), 5);
  EXPECT_EQ(again.find("a", "two")->reveal, nlohmann::ordered_json({{"correlation", 0.5}})) << "no paths";
}

TEST_F(Journal, WhatIsNoRowIsRefusedByItsLine) {
  LearnableJournal(file_, "er-cnn").add(row("a", 0.5), "one", false);
  const auto bytes = read_file(file_);
  const std::string good(bytes.begin(), bytes.end());
  for (const std::string bad : {"{", "[]", "{}", "5", "{\"subject\":\"er-cnn\",\"plan\":\"x\",\"quick\":false}",
                                "{\"subject\":\"er-cnn\",\"plan\":7,\"quick\":false}"}) {
    write_file(file_, good + bad + "\n");
    EXPECT_THAT([&] { LearnableJournal(file_, "er-cnn"); }, ThrowsMessage<FormatError>(HasSubstr("line 2 of "))) << bad;
  }
  write_file(file_, good);
  EXPECT_THAT([&] { LearnableJournal(file_, "color-neuracrypt"); },
              ThrowsMessage<FormatError>(HasSubstr("it is of er-cnn")));
}

}  // namespace
}  // namespace obscura::study
