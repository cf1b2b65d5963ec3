#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "cli/support.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A folder of networks for the data set that needs no files.
void put_network(const fs::path& folder) {
  fs::create_directories(folder);
  fs::copy_file(kModel, folder / "tenseal-samples.onnx");
}

TEST(Reproduce, HelpNamesItsRows) {
  const Result help = obscura({"reproduce", "--help"});
  EXPECT_EQ(help.status, 0);
  for (const char* part : {"cryptondl1-kmnist", "--quick", "--only", "obscura-m"}) {
    EXPECT_THAT(help.out, HasSubstr(part));
  }
}

TEST(Reproduce, UnknownPapersAndRowsAreUsageErrors) {
  const TemporaryFolder folder;
  const std::string out = (folder / "out").string();
  for (const std::vector<std::string>& words : {std::vector<std::string>{"cryptodl"},
                                                {"cryptondl", "--only", "lenet-imagenet"},
                                                {"cryptondl", "--mode", "sideways"},
                                                {"cryptondl", "--images", "-1"},
                                                {}}) {
    std::vector<std::string> arguments = {"reproduce", "--out", out};
    arguments.insert(arguments.end(), words.begin(), words.end());
    const Result result = obscura(arguments);
    EXPECT_EQ(result.status, 2) << testing::PrintToString(words);
    EXPECT_EQ(result.error_lines(), 1) << result.err;
  }
  EXPECT_FALSE(fs::exists(out));
}

TEST(Reproduce, MissingDataIsNamedInOneLineAndInTheReport) {
  const TemporaryFolder folder;
  const Result result = obscura({"reproduce", "cryptondl", "--quick", "--only", "tenseal-mnist", "--data",
                                 folder.path().string(), "--out", (folder / "out").string()});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("obscura: nothing could be measured: mnist"));
  EXPECT_EQ(result.error_lines(), 2) << result.err;  // the row's note, and the end
  EXPECT_THAT(text_of(folder / "out/report.md"), HasSubstr("mnist has no test images"));
}

TEST(Reproduce, OwnNetworksThatAreNotThereAreOneLine) {
  const TemporaryFolder folder;
  const Result result = obscura({"reproduce", "own", "--quick", "--dataset", "samples", "--models",
                                 folder.path().string(), "--out", (folder / "out").string()});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.error_lines(), 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("--models"));
}

TEST(Reproduce, QuickRunOnSamplesIsKeptForTheNext) {
  const TemporaryFolder folder;
  put_network(folder / "models");
  const fs::path out = folder / "out";
  const std::vector<std::string> arguments = {"reproduce",
                                              "cryptondl",
                                              "--quick",
                                              "--only",
                                              "tenseal-mnist",
                                              "--dataset",
                                              "samples",
                                              "--threads",
                                              "2",
                                              "--models",
                                              (folder / "models").string(),
                                              "--out",
                                              out.string(),
                                              "--json"};
  const Result first = obscura(arguments);
  ASSERT_EQ(first.status, 0) << first.err;
  const auto report = first.json();
  ASSERT_EQ(report["rows"].size(), 1);
  const auto& row = report["rows"][0];
  EXPECT_EQ(row["problem"], "");
  EXPECT_EQ(row["whole"]["mode"], "batched");
  EXPECT_EQ(row["single"]["mode"], "packed");
  EXPECT_EQ(row["single"]["threads"], 1);
  EXPECT_EQ(row["whole"]["agreement"], 1.0);
  EXPECT_EQ(nlohmann::json::parse(text_of(out / "report.json")), report);
  EXPECT_THAT(text_of(out / "report.html"), HasSubstr("on samples"));
  EXPECT_THAT(text_of(out / "report.md"), HasSubstr("Table 4"));
  EXPECT_THAT(first.err, HasSubstr("classifying"));

  const Result second = obscura(arguments);
  ASSERT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(second.json()["rows"], report["rows"]);
  EXPECT_EQ(second.err, "");

  // What was kept of another network is measured again.
  auto kept = nlohmann::json::parse(text_of(out / "rows/tenseal-mnist-single.json"));
  kept["request"]["network"] = "another";
  put_text(out / "rows/tenseal-mnist-single.json", kept.dump());
  put_text(out / "rows/tenseal-mnist-whole.json", "damaged");
  const Result third = obscura(arguments);
  ASSERT_EQ(third.status, 0) << third.err;
  EXPECT_THAT(third.err, HasSubstr("packed"));
  EXPECT_THAT(third.err, HasSubstr("batched"));
}

/// `evaluate` of 40 samples that is stopped after 16 of them.
class Resume : public testing::Test {
 protected:
  /// `more` replaces and adds to the options.
  Result evaluate(const std::map<std::string, std::string>& more) const {
    std::map<std::string, std::string> options = more;
    options.insert({{"--network", kModel}, {"--dataset", "samples"}, {"--limit", "40"}, {"--threads", "1"}});
    std::vector<std::string> arguments = {"evaluate", "--json"};
    for (const auto& [name, value] : options) arguments.insert(arguments.end(), {name, value});
    return obscura(arguments);
  }
  std::string out() const { return (folder_ / "r.json").string(); }
  fs::path journal() const { return folder_ / "r.json.partial"; }
  void stop() const {
    const Result stopped = evaluate({{"--out", out()}, {"--stop-after", "16"}});
    ASSERT_EQ(stopped.status, 1);
    ASSERT_THAT(stopped.err, HasSubstr("obscura: stopped after 16 of 40 images"));
    ASSERT_FALSE(fs::exists(out()));
    ASSERT_TRUE(fs::exists(journal()));
  }
  const TemporaryFolder folder_;
};

TEST_F(Resume, ContinuesWhereItStopped) {
  stop();
  const Result rest = evaluate({{"--out", out()}});
  ASSERT_EQ(rest.status, 0) << rest.err;
  EXPECT_THAT(rest.err, HasSubstr("after 16 of 40 images"));
  const auto resumed = rest.json();
  const auto whole = evaluate({}).json();
  EXPECT_EQ(resumed["images"], 40);
  EXPECT_EQ(resumed["confusion"], whole["confusion"]);
  EXPECT_EQ(resumed["agreement"], 1.0);
  EXPECT_EQ(resumed["bytes"], whole["bytes"]);
  EXPECT_GT(resumed["seconds"]["total"], resumed["seconds"]["evaluate"]);
  EXPECT_FALSE(fs::exists(journal())) << "a finished run leaves nothing";
}

TEST_F(Resume, ALineThatWasNotWrittenWholeIsDoneAgain) {
  stop();
  const std::string text = text_of(journal());
  put_text(journal(), text.substr(0, text.size() - 10));
  const Result rest = evaluate({{"--out", out()}});
  ASSERT_EQ(rest.status, 0) << rest.err;
  EXPECT_THAT(rest.err, Not(HasSubstr("16 of 40")));
  EXPECT_EQ(rest.json()["images"], 40);
}

TEST_F(Resume, AJournalOfAnotherRunIsRefused) {
  stop();
  const std::vector<std::pair<std::string, std::string>> others = {
      {"--mode", "batched"}, {"--limit", "39"}, {"--seed", "3"}, {"--threads", "2"}};
  for (const auto& other : others) {
    const Result refused = evaluate({other, {"--resume", journal().string()}});
    EXPECT_EQ(refused.status, 1) << other.first;
    EXPECT_EQ(refused.error_lines(), 1) << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("another run"));
  }
  put_text(journal(), "something else\n");
  const Result refused = evaluate({{"--resume", journal().string()}});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("not the journal"));
  EXPECT_EQ(text_of(journal()), "something else\n");
}

}  // namespace
}  // namespace obscura::cli
