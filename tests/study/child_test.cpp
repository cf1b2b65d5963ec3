// A shell plays the program: what counts is what its parent makes of how it ends.
#include "study/child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/support.h"

namespace obscura::study {
namespace {

using testing::HasSubstr;

ChildCall shell(const std::string& script, const std::filesystem::path& output = {}) {
  return {"/bin/sh", {"-c", script}, output};
}

/// Says how it ends, as obscura does.
std::string telling(int status, const std::string& error) {
  return "printf '{\"status\": " + std::to_string(status) + ", \"error\": \"" + error +
         "\"}' >&$OBSCURA_OUTCOME_FD; exit " + std::to_string(status);
}

TEST(Child, SaysHowItEnded) {
  EXPECT_TRUE(run_child(shell(telling(0, ""))).done());
  const auto failed = run_child(shell("echo 'obscura: another line' >&2; " + telling(1, "no such file: x")));
  EXPECT_EQ(failed.status, 1);
  EXPECT_EQ(failed.reason(), "no such file: x");
}

TEST(Child, ThatCouldSayNothingIsJudgedByItsEnd) {
  EXPECT_EQ(run_child(shell("exit 3")).reason(), "ended with code 3");
  const auto killed = run_child(shell("kill -9 $$"));
  EXPECT_EQ(killed.status, 128 + 9);
  EXPECT_THAT(killed.reason(), HasSubstr("signal 9"));
  EXPECT_EQ(run_child(shell("printf '{\"status\": 0, \"error\": \"\"}' >&$OBSCURA_OUTCOME_FD; kill -9 $$")).status,
            137);
}

TEST(Child, ThatSaysSomethingElseIsNotBelieved) {
  EXPECT_THROW(run_child(shell("true")), FormatError);  // success that nobody told
  EXPECT_THROW(run_child(shell("echo words >&$OBSCURA_OUTCOME_FD")), FormatError);
  EXPECT_THROW(run_child(shell("echo '{\"status\": \"0\", \"error\": \"\"}' >&$OBSCURA_OUTCOME_FD")), FormatError);
  EXPECT_THROW(run_child(shell("echo '{\"status\": 0}' >&$OBSCURA_OUTCOME_FD")), FormatError);
  EXPECT_THROW(run_child(shell("printf '{\"status\": 0, \"error\": \"\"}' >&$OBSCURA_OUTCOME_FD; exit 1")),
               FormatError);
}

TEST(Child, ThatCannotBeStartedIsAnError) {
  EXPECT_THROW(run_child({"/nowhere/obscura", {}, {}}), IoError);
}

TEST(Child, ResultsAreCheckedObjects) {
  const TemporaryFolder folder;
  const auto result = [&](const std::string& printed) {
    return child_result(shell("printf '%s' '" + printed + "'; " + telling(0, "")), folder / "scratch", "testing",
                        {"images", "seconds.total"});
  };
  EXPECT_EQ(result(R"({"images": 3, "seconds": {"total": 0.5}})")["images"], 3);
  EXPECT_FALSE(std::filesystem::exists(folder / "scratch"));
  for (const char* bad : {"", "[1]", "{", R"({"images": 3})", R"({"images": "3", "seconds": {"total": 0.5}})"}) {
    EXPECT_THROW(result(bad), FormatError) << bad;
  }
  try {
    child_result(shell(telling(1, "it is too large")), folder / "scratch", "testing", {});
    FAIL() << "a child that failed has no result";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "testing: it is too large");
  }
}

}  // namespace
}  // namespace obscura::study
