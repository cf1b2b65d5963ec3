// The verbs serve and token: what they refuse before anything is served, and tokens as their users see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "cli/support.h"
#include "support/temporary.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

/// What a command that must not begin to serve says: one line, and its exit code.
void expect_refused(const std::vector<std::string>& words, int status, const std::string& part) {
  const Result result = obscura(words);
  EXPECT_EQ(result.status, status) << result.err;
  EXPECT_THAT(result.err, HasSubstr(part));
  EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
  EXPECT_EQ(result.out, "");
}

TEST(Serve, RefusesWhatCannotBeServed) {
  const TemporaryFolder folder;
  const std::string state = (folder / "state").string(), empty = (folder / "empty").string();
  std::filesystem::create_directories(empty);
  expect_refused({"serve", "--state", state}, 2, "nothing to serve");
  expect_refused({"serve", "--state", state, "--models", (folder / "none").string()}, 2, "there is no folder");
  expect_refused({"serve", "--state", state, "--models", empty}, 2, "obscura compile");
  expect_refused({"serve", "--state", state, "--models", OBSCURA_SOURCE_DIR "/models"}, 2, "obscura compile");
  expect_refused({"serve", "--state", state, "--gallery", empty}, 1, "gallery.db");
  expect_refused({"serve", "--state", state, "--models", empty, "--tls-cert", "x"}, 2, "belong together");
  const std::string bad = (folder / "bad").string();
  std::filesystem::create_directories(bad + "/net");
  write_file(bad + "/net/server.program", std::string_view("no program"));
  expect_refused({"serve", "--state", state, "--models", bad}, 1, "server.program");
}

TEST(Serve, RefusesAPageThatIsNone) {
  const TemporaryFolder folder;
  const std::string state = (folder / "state").string(), page = (folder / "page").string();
  const std::vector<std::string> serve = {"serve", "--state", state, "--models", OBSCURA_SOURCE_DIR "/models", "--web"};
  const auto with = [&](const std::string& web) {
    auto words = serve;
    words.push_back(web);
    return words;
  };
  expect_refused(with(page), 1, "is not there");
  std::filesystem::create_directories(page);
  expect_refused(with(page), 1, "it has no index.html");
  write_file(page + "/index.html", std::string_view("x"));
  write_file(page + "/page.exe", std::string_view("x"));
  expect_refused(with(page), 1, "of a kind that is not served");
}

TEST(Token, IsShownOnceAndListedWithoutItself) {
  const TemporaryFolder folder;
  const std::string state = (folder / "state").string();
  const Result made = obscura({"token", "create", "--state", state, "--tenant", "clinic", "--expires", "never"});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_THAT(made.out, MatchesRegex("obs_[0-9a-f]{16}_[A-Za-z0-9_-]{43}\n"));
  const Result list = obscura({"token", "list", "--state", state});
  const std::string id = made.out.substr(4, 16), secret = made.out.substr(21, 43);
  for (const auto& part : {id, std::string("clinic"), std::string("valid"), std::string("never")}) {
    EXPECT_THAT(list.out, HasSubstr(part));
  }
  EXPECT_EQ(list.out.find(secret), std::string::npos);
  const auto database = read_file(state + "/state.db");
  EXPECT_EQ(std::string(database.begin(), database.end()).find(secret), std::string::npos);
  EXPECT_EQ(obscura({"token", "revoke", id, "--state", state}).status, 0);
  EXPECT_THAT(obscura({"token", "list", "--state", state, "--json"}).out, HasSubstr("\"revoked\""));
  const auto mode = std::filesystem::status(state).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_all) << "nobody else looks into it";
}

TEST(Token, RefusesWhatCannotBe) {
  const TemporaryFolder folder;
  const std::string state = (folder / "state").string();
  expect_refused({"token", "create", "--state", state, "--tenant", "a b"}, 2, "tenant's name");
  expect_refused({"token", "create", "--state", state, "--tenant", ""}, 2, "tenant's name");
  expect_refused({"token", "create", "--state", state, "--tenant", "a", "--scopes", "all"}, 2, "no scope 'all'");
  expect_refused({"token", "create", "--state", state, "--tenant", "a", "--scopes", ""}, 2, "scope");
  for (const char* when : {"soon", "3", "d", "-1d", "9999999d"}) {
    expect_refused({"token", "create", "--state", state, "--tenant", "a", std::string("--expires=") + when}, 2,
                   "--expires");
  }
  expect_refused({"token", "revoke", "0123456789abcdef", "--state", state}, 2, "no token");
  write_file(folder / "file", std::string_view("x"));
  expect_refused({"token", "list", "--state", (folder / "file").string()}, 1, "folder");
}

}  // namespace
}  // namespace obscura::cli
