#include "study/finished_steps.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/support.h"

namespace obscura::study {
namespace {

/// Counts how often a step was really made.
class Steps : public testing::Test {
 protected:
  int run(const std::vector<std::string>& words, bool fresh = false) {
    const FinishedSteps steps(folder_.path(), fresh);
    const auto result = steps.result("step", words, {folder_ / "in"}, {folder_ / "out"}, [this](const auto& scratch) {
      EXPECT_EQ(scratch.parent_path(), folder_.path());
      cli::put_text(folder_ / "out", "made");
      return nlohmann::ordered_json{{"made", ++made_}};
    });
    return result["made"];
  }

  TemporaryFolder folder_;
  int made_ = 0;
};

TEST_F(Steps, AreNotDoneTwice) {
  EXPECT_EQ(run({"a"}), 1);
  EXPECT_EQ(run({"a"}), 1);
  EXPECT_EQ(made_, 1);
}

TEST_F(Steps, AreDoneAgainWhereSomethingIsAnother) {
  EXPECT_EQ(run({"a"}), 1);
  EXPECT_EQ(run({"b"}), 2);
  cli::put_text(folder_ / "in", "changed");
  EXPECT_EQ(run({"b"}), 3);
  cli::put_text(folder_ / "out", "changed");
  EXPECT_EQ(run({"b"}), 4);
  EXPECT_EQ(run({"b"}, true), 5);
  cli::put_text(folder_ / "step.json", "{");
  EXPECT_EQ(run({"b"}), 6);
}

TEST_F(Steps, ThatFailKeepNothing) {
  const FinishedSteps steps(folder_.path(), false);
  const auto fails = [](const auto&) -> nlohmann::ordered_json { throw Error("no"); };
  EXPECT_THROW(steps.result("step", {}, {}, {}, fails), Error);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "step.json"));
}

}  // namespace
}  // namespace obscura::study
