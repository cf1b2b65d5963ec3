// Short of memory or of threads, the program ends with one line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"

namespace obscura::cli {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLimited = false;  // the sanitizers reserve terabytes of addresses
#else
constexpr bool kLimited = true;
#endif

/// `words` in so many kilobytes of addresses: done, or refused in one line. Never a crash, never an endless wait.
void expect_clean(const std::vector<std::string>& words, int kilobytes, const std::string& before = "") {
  const Result result = obscura(words, before + "ulimit -v " + std::to_string(kilobytes) + ";");
  const std::string what = testing::PrintToString(words) + " in " + std::to_string(kilobytes) + " KB: " + result.err;
  if (result.status == 0) return;
  // 127 is the system's loader, which cannot even map the libraries, and says so itself.
  EXPECT_THAT(result.status, AnyOf(1, 127)) << what;
  EXPECT_EQ(result.error_lines(), 1u) << what;
  if (result.status == 1) {
    EXPECT_THAT(result.err, HasSubstr("obscura: out of memory")) << what;
  }
}

TEST(Memory, VersionAndHelpWorkOrSaySoInAnyLimit) {
  if (!kLimited) GTEST_SKIP() << "not under sanitizers";
  for (int kilobytes = 450000; kilobytes <= 900000; kilobytes += 30000) expect_clean({"--version"}, kilobytes);
  expect_clean({"--help"}, 600000);
  EXPECT_EQ(obscura({"--version"}, "ulimit -v 1000000;").status, 0);
}

TEST(Memory, WorkThatDoesNotFitSaysSo) {
  if (!kLimited) GTEST_SKIP() << "not under sanitizers";
  const TemporaryFolder folder;
  for (const int kilobytes : {620000, 680000, 760000, 900000}) {
    expect_clean({"compile", kModel, "--measure"}, kilobytes);
    expect_clean({"keygen", "--network", kModel, "--out", (folder / "keys").string(), "--force"}, kilobytes);
    expect_clean({"evaluate", "--network", kModel, "--dataset", "samples", "--limit", "8", "--mode", "batched",
                  "--threads", "2"},
                 kilobytes);
  }
}

TEST(Memory, ThreadsThatCannotBeStartedAreSaid) {
  if (!kLimited) GTEST_SKIP() << "not under sanitizers";
  // A thousand stacks of 8 MB do not fit.
  const Result result =
      obscura({"evaluate", "--network", kModel, "--dataset", "samples", "--limit", "1", "--threads", "1000"},
              "ulimit -s 8192 -v 3000000;");
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.error_lines(), 1u) << result.err;
  EXPECT_THAT(result.err, AnyOf(HasSubstr("of 1000 threads"), HasSubstr("out of memory"))) << result.err;
}

}  // namespace
}  // namespace obscura::cli
