#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "cli/support.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kVerbs = {"keygen",  "encrypt", "classify", "decrypt", "evaluate", "compile",
                                         "data",    "train",   "bench",    "demo",    "convert",  "reproduce",
                                         "protect", "reveal",  "chunks",   "remote"};

TEST(Usage, HelpNamesEveryVerb) {
  const Result help = obscura({"--help"});
  EXPECT_EQ(help.status, 0);
  for (const auto& verb : kVerbs) EXPECT_THAT(help.out, HasSubstr(verb));
}

TEST(Usage, EveryVerbHasHelp) {
  for (const auto& verb : kVerbs) {
    const Result help = obscura({verb, "--help"});
    EXPECT_EQ(help.status, 0) << verb;
    EXPECT_THAT(help.out, HasSubstr("Usage")) << verb;
    EXPECT_EQ(help.err, "") << verb;
    EXPECT_THAT(help.out, HasSubstr(verb == "data" ? "fetch" : "--json")) << verb;
  }
}

TEST(Usage, EveryOptionStandsInTheDocs) {
  const std::string docs = text_of(OBSCURA_SOURCE_DIR "/docs/cli.md");
  const std::regex option("--[a-z][a-z-]*[a-z]");
  std::vector<std::vector<std::string>> verbs = {{"audit", "attack"}, {"audit", "images"},     {"audit", "noise"},
                                                 {"audit", "params"}, {"audit", "randomness"}, {"audit", "report"},
                                                 {"audit", "chunks"}, {"data", "show"},        {"data", "draw-digits"}};
  for (const auto& verb : kVerbs) verbs.push_back({verb});
  for (auto& words : verbs) {
    words.emplace_back("--help");
    const std::string help = obscura(words).out;
    for (std::sregex_iterator at(help.begin(), help.end(), option), end; at != end; ++at) {
      const std::string name = at->str();
      if (name == "--help") continue;
      EXPECT_NE(docs.find(name), std::string::npos) << words[0] << " " << name;
    }
  }
}

TEST(Usage, VersionTellsBuildKernelsAndBlas) {
  const Result version = obscura({"--version"});
  EXPECT_EQ(version.status, 0);
  for (const char* part : {"obscura ", "kernels "}) EXPECT_THAT(version.out, HasSubstr(part));
  EXPECT_EQ(version.out.find('\n'), version.out.size() - 1);
  const auto json = obscura({"--version", "--json"}).json();
  EXPECT_EQ(json["name"], "obscura");
  if (fs::exists("/usr/bin/dpkg-query")) {
    // Another way to the same version.
    const Result asked = obscura({"--version"}, "dpkg-query -W -f '${Version}\n' libsodium-dev; true;");
    const std::string expected = asked.out.substr(0, asked.out.find('\n'));
    const auto& all = json["packages"];
    const auto found = std::ranges::find(all, "libsodium-dev", [](const auto& p) { return p["name"]; });
    ASSERT_NE(found, all.end());
    EXPECT_EQ((*found)["version"], expected);
  }
}

TEST(Usage, MistakesAreOneLineAndTwo) {
  const std::vector<std::vector<std::string>> mistakes = {
      {},
      {"nothing"},
      {"keygen"},
      {"keygen", "--network", kModel},
      {"keygen", "--network", kModel, "--out", "keys", "--mode", "sideways"},
      {"encrypt", "--keys", "keys", "--out", "x.ct"},
      {"classify", "--network", kModel, "--eval-keys", "k", "--out", "a.ct"},
      {"decrypt", "--keys", "keys"},
      {"decrypt", "--keys", "keys", "answer.ct", "--top", "0"},
      {"compile"},
      {"evaluate", "--network", kModel, "--dataset", "samples", "--limit", "-3"},
      {"evaluate", "--network", kModel, "--dataset", "samples", "--limit", "1", "--seed", "-1"},
      {"evaluate", "--network", kModel, "--dataset", "samples", "--limit", "1", "--threads", "-1"},
      {"evaluate", "--network", kModel, "--dataset", "no-such-set"},
      {"bench", "--seconds", "-1"},
  };
  for (const auto& arguments : mistakes) {
    const Result result = obscura(arguments);
    EXPECT_EQ(result.status, 2) << testing::PrintToString(arguments);
    EXPECT_EQ(result.error_lines(), 1) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.err.starts_with("obscura: ")) << result.err;
  }
}

TEST(Usage, KernelsThatAreNotThereAreAnError) {
  const Result result = obscura({"compile", kModel}, "export OBSCURA_ISA=abacus;");
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.error_lines(), 1);
  EXPECT_THAT(result.err, HasSubstr("abacus"));
}

TEST(Bench, PrintsAListOfFigures) {
  const Result result = obscura({"bench", "--only", "ntt_forward", "--seconds", "0.01", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto list = result.json();
  ASSERT_EQ(list.size(), 3);
  for (const auto& one : list) {
    EXPECT_EQ(one["name"], "ntt_forward");
    EXPECT_EQ(one["primes"], 1);
    EXPECT_GT(one["median_us"], 0);
    EXPECT_GE(one["runs"], 5);
    EXPECT_GE(one["log_n"], 13);
  }
}

TEST(Bench, TellsHowCostGrows) {
  const TemporaryFolder folder;
  const std::string plot = folder / "depth.svg";
  const Result result =
      obscura({"bench", "--growth", "depth", "--at", "1,2", "--seconds", "0", "--plot", plot, "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto json = result.json();
  ASSERT_EQ(json["points"].size(), 2);
  EXPECT_EQ(json["points"][1]["at"], 2);
  EXPECT_GT(json["points"][1]["primes"], json["points"][0]["primes"]);
  EXPECT_GT(json["points"][0]["measured_s"], 0);
  EXPECT_TRUE(json["exponent"].is_number());
  EXPECT_THAT(text_of(plot), HasSubstr("convolutions"));
}

TEST(Bench, GrowthRefusesWhatItCannotMeasure) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--growth", "width"}, "side or depth"},
      {{"--growth", "side", "--at", "7"}, "8 to 256"},
      {{"--growth", "depth", "--at", "21"}, "1 to 20"},
      {{"--at", "8"}, "--growth"},
      {{"--growth", "side", "--only", "ntt"}, "--only"}};
  for (const auto& [arguments, words] : cases) {
    std::vector<std::string> line = {"bench"};
    line.insert(line.end(), arguments.begin(), arguments.end());
    const Result result = obscura(line);
    EXPECT_EQ(result.status, 2) << words;
    EXPECT_THAT(result.err, HasSubstr(words));
  }
}

TEST(Bench, TimesBothLayoutsOfANetwork) {
  const Result result = obscura({"bench", "--only", "network_", "--seconds", "0.01", "--network", kModel, "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  std::vector<std::string> names;
  for (const auto& one : result.json()) names.push_back(one["name"]);
  EXPECT_THAT(names, testing::IsSupersetOf({"network_packed_evaluate", "network_batched_evaluate"}));
}

}  // namespace
}  // namespace obscura::cli
