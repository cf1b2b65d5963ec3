// reproduce er-cnn and color-neuracrypt, on a data set of two classes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Red and blue pictures with a pattern.
void put_dataset(const fs::path& folder) {
  for (std::size_t c = 0; c < 2; ++c) {
    const fs::path place = folder / (c == 0 ? "red" : "blue");
    fs::create_directories(place);
    for (std::size_t i = 0; i < 40; ++i) {
      image::Image one(3, 8, 8);
      for (std::size_t p = 0; p < one.pixels.size(); ++p) {
        one.pixels[p] = static_cast<std::uint8_t>((p % 3 == 2 * c ? 150 : 20) + (p * (i + 7) * 31) % 90);
      }
      image::write_png(place / (std::to_string(100 + i) + ".png"), one);
    }
  }
}

class Learnable : public testing::Test {
 protected:
  Learnable() { put_dataset(folder_ / "set"); }
  Result reproduce(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"reproduce",
                                      more.front(),
                                      "--quick",
                                      "--dataset",
                                      (folder_ / "set").string(),
                                      "--threads",
                                      "1",
                                      "--out",
                                      (folder_ / "out").string()};
    words.insert(words.end(), more.begin() + 1, more.end());
    return obscura(words);
  }
  fs::path out(const std::string& name) const { return folder_ / ("out/" + name); }
  const TemporaryFolder folder_;
};

TEST_F(Learnable, QuickRunIsKeptForTheNext) {
  const std::vector<std::string> words = {"er-cnn", "--only", "plain,hill-2-adapt", "--json"};
  const Result first = reproduce(words);
  ASSERT_EQ(first.status, 0) << first.err;
  const auto report = first.json();
  ASSERT_EQ(report["rows"].size(), 2);
  const auto& row = report["rows"][1];
  EXPECT_EQ(row["problem"], "");
  EXPECT_EQ(row["train"]["epochs"].size(), 1);
  EXPECT_EQ(row["evaluate"]["images"], 16);
  EXPECT_EQ(row["reveal"]["images"], 16);
  EXPECT_TRUE(row["reveal"]["psnr"].is_number());
  EXPECT_THAT(row["promise"], HasSubstr("not from an attacker"));
  EXPECT_EQ(nlohmann::json::parse(text_of(out("report.json"))), report);
  EXPECT_THAT(text_of(out("report.html")), HasSubstr("A QUICK RUN"));
  EXPECT_THAT(first.err, HasSubstr("training: hill 2x2"));
  EXPECT_TRUE(fs::exists(out("keys/hill-2.json")));

  const Result second = reproduce(words);
  ASSERT_EQ(second.status, 0) << second.err;
  const auto again = second.json()["rows"];  // from the journal, which has no paths and no tables of classes
  ASSERT_EQ(again.size(), 2);
  for (const std::size_t i : {0, 1}) {
    EXPECT_EQ(again[i]["train"]["test_accuracy"], report["rows"][i]["train"]["test_accuracy"]);
    EXPECT_EQ(again[i]["evaluate"]["rows"], report["rows"][i]["evaluate"]["rows"]);
  }
  EXPECT_EQ(again[1]["reveal"]["psnr"], row["reveal"]["psnr"]);
  EXPECT_EQ(second.err, "");

  // Without the journal, a network that is another file now is trained again; the row that lost nothing is not.
  fs::remove(out("rows.jsonl"));
  put_text(out("networks/hill-2-adapt.safetensors"), "damaged");
  const Result third = reproduce(words);
  ASSERT_EQ(third.status, 0) << third.err;
  EXPECT_THAT(third.err, HasSubstr("training: hill 2x2"));
  EXPECT_THAT(third.err, Not(HasSubstr("training: plain")));

  // So is one of another number of epochs.
  auto more = words;
  more.insert(more.end(), {"--epochs", "2"});
  const Result longer = reproduce(more);
  ASSERT_EQ(longer.status, 0) << longer.err;
  EXPECT_EQ(longer.json()["rows"][0]["train"]["epochs"].size(), 2);
}

TEST_F(Learnable, TheJournalIsTakenUpElsewhereAndBecomesAPage) {
  const std::string journal = (folder_ / "rows.jsonl").string();
  const std::vector<std::string> words = {"er-cnn", "--only", "plain,hill-4", "--journal", journal, "--json"};
  const Result first = reproduce(words);
  ASSERT_EQ(first.status, 0) << first.err;
  fs::remove_all(out(""));
  const Result second = reproduce(words);
  ASSERT_EQ(second.status, 0) << second.err;
  EXPECT_THAT(second.err, Not(HasSubstr("training:")));
  EXPECT_EQ(second.json()["rows"].size(), 2);
  EXPECT_EQ(second.json()["rows"][0]["train"]["test_accuracy"], first.json()["rows"][0]["train"]["test_accuracy"]);
  EXPECT_FALSE(second.json()["rows"][0]["train"]["test"].contains("confusion"));

  // By another plan it is measured anew, and stands there, too.
  auto longer = words;
  longer.insert(longer.end(), {"--epochs", "2"});
  EXPECT_THAT(reproduce(longer).err, HasSubstr("training: plain"));

  const fs::path page = folder_ / "er-cnn.md";
  const Result paged =
      obscura({"reproduce", "er-cnn", "--quick", "--page", page.string(), "--journal", journal, "--out", "nowhere"});
  ASSERT_EQ(paged.status, 0) << paged.err;
  const std::string text = text_of(page);
  for (const char* part : {"A QUICK RUN", "64 pictures, 2 epochs", "not run", "--only hill-4-blind", "Figure 4-5"}) {
    EXPECT_THAT(text, HasSubstr(part)) << part;
  }
  EXPECT_FALSE(fs::exists("nowhere"));

  put_text(journal, "{}\n");
  const Result damaged = reproduce(words);
  EXPECT_EQ(damaged.status, 1);
  EXPECT_THAT(damaged.err, HasSubstr("line 1 of "));
  EXPECT_EQ(damaged.error_lines(), 1) << damaged.err;
}

TEST_F(Learnable, RoundsBuildOnEarlierOnes) {
  const Result result = reproduce({"er-cnn", "--only", "still-1-round-2", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto row = result.json()["rows"][0];
  EXPECT_EQ(row["problem"], "");
  for (const char* part : {"--network-lr 0", "--pretrained pretrain-1.safetensors", "--skip 32", "--limit 32",
                           "--adapt-from still-1-round-1.safetensors"}) {
    EXPECT_THAT(row["train"]["command"], HasSubstr(part));
  }
  EXPECT_TRUE(row["reveal"]["correlation"].is_number());
  EXPECT_TRUE(row["null"]["correlation"].is_number());
  for (const char* name : {"pretrain-1", "still-1-round-1", "still-1-round-2"}) {
    EXPECT_TRUE(fs::exists(out("networks/" + std::string(name) + ".safetensors"))) << name;
  }
}

TEST_F(Learnable, RandomNetworksAreTrainedOnToo) {
  const Result result = reproduce({"color-neuracrypt", "--only", "mnist-neuracrypt", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto row = result.json()["rows"][0];
  EXPECT_EQ(row["problem"], "");
  EXPECT_EQ(row["shield"], "neuracrypt");
  EXPECT_THAT(row["train"]["command"], HasSubstr("--no-positions"));
}

TEST_F(Learnable, UnknownRowsAndForeignOptionsAreUsageErrors) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"er-cnn", "--only", "hill-5"},
                                                {"color-neuracrypt", "--only", "hill-4"},
                                                {"er-cnn", "--mode", "packed"},
                                                {"er-cnn", "--images", "5"},
                                                {"er-cnn", "--also-own"},
                                                {"er-cnn", "--only", "5-9"},
                                                {"cryptondl", "--page", "page.md"},
                                                {"cryptondl", "--limit", "5"},
                                                {"cryptondl", "--epochs", "2"}}) {
    const Result result = reproduce(words);
    EXPECT_EQ(result.status, 2) << testing::PrintToString(words);
    EXPECT_EQ(result.error_lines(), 1) << result.err;
  }
  EXPECT_FALSE(fs::exists(out("")));
}

TEST_F(Learnable, MissingDataIsNamedInOneLineAndInTheReport) {
  const Result result = obscura({"reproduce", "color-neuracrypt", "--quick", "--only", "mnist-plain", "--data",
                                 folder_.path().string(), "--out", (folder_ / "out").string()});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("obscura: nothing could be measured: mnist"));
  EXPECT_EQ(result.error_lines(), 2) << result.err;  // the row's note, and the end
  EXPECT_THAT(text_of(out("report.md")), HasSubstr("mnist has no test images"));
}

}  // namespace
}  // namespace obscura::cli
