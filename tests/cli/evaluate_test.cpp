#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support.h"
#include "image/dataset.h"

namespace obscura::cli {
namespace {

void expect_keys(const nlohmann::json& object, const std::vector<std::string>& keys) {
  for (const auto& key : keys) EXPECT_TRUE(object.contains(key)) << key;
}

void expect_complete(const nlohmann::json& report) {
  expect_keys(report, {"network",
                       "dataset",
                       "mode",
                       "images",
                       "threads",
                       "plain_accuracy",
                       "encrypted_accuracy",
                       "f1_macro",
                       "agreement",
                       "max_logit_error",
                       "logits_without_number",
                       "seconds",
                       "milliseconds_per_image",
                       "bytes",
                       "peak_memory_mb",
                       "parameters",
                       "stages",
                       "version",
                       "machine",
                       "isa",
                       "seed",
                       "confusion"});
  expect_keys(report["seconds"], {"encrypt", "expand", "evaluate", "decrypt", "total"});
  expect_keys(report["bytes"], {"upload", "reply", "evaluation_keys"});
  expect_keys(report["parameters"], {"log_n", "log_q", "log_qp", "security_bits", "levels"});
  EXPECT_GE(report["parameters"]["security_bits"], 128);
  EXPECT_GT(report["seconds"]["evaluate"], 0);
  EXPECT_GE(report["seconds"]["total"], report["seconds"]["evaluate"]);
  EXPECT_GT(report["milliseconds_per_image"], 0);
  EXPECT_GT(report["peak_memory_mb"], 1);
}

class Evaluate : public testing::TestWithParam<std::string> {};

TEST_P(Evaluate, AgreesWithThePlainRunOnSamples) {
  const TemporaryFolder folder;
  const std::string out = (folder / "results.json").string();
  const Result result = obscura({"evaluate", "--network", kModel, "--dataset", "samples", "--limit", "20", "--mode",
                                 GetParam(), "--threads", "2", "--json", "--out", out});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto report = result.json();
  expect_complete(report);
  EXPECT_EQ(report["mode"], GetParam());
  EXPECT_EQ(report["dataset"], "samples");
  EXPECT_EQ(report["images"], 20);
  EXPECT_EQ(report["threads"], 2);
  EXPECT_EQ(report["agreement"], 1.0);
  EXPECT_EQ(report["encrypted_accuracy"], report["plain_accuracy"]);
  EXPECT_LT(report["max_logit_error"], 20 * report["predicted_logit_error"].get<double>());
  EXPECT_TRUE(report["seed"].is_null());
  std::size_t images = 0;
  for (const auto& row : report["confusion"]) {
    for (const auto& n : row) images += n.get<std::size_t>();
  }
  EXPECT_EQ(images, 20);
  EXPECT_EQ(nlohmann::json::parse(text_of(out)), report);
}

TEST_P(Evaluate, ReachesThePublishedAccuracyOnMnist) {
  const auto data = image::find_data_dir({}, "mnist");
  if (!fs::exists(data / "mnist")) GTEST_SKIP() << "MNIST is not here: obscura data fetch mnist";
  // Few packed images, one query batched.
  const std::string limit = GetParam() == "packed" ? "40" : "1000";
  const Result result = obscura({"evaluate", "--network", kModel, "--dataset", "mnist", "--data", data.string(),
                                 "--limit", limit, "--mode", GetParam(), "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto report = result.json();
  EXPECT_GE(report["encrypted_accuracy"], 0.97);
  EXPECT_GE(report["agreement"], 0.999);
}

TEST_P(Evaluate, PeopleReadATable) {
  const Result result =
      obscura({"evaluate", "--network", kModel, "--dataset", "samples", "--limit", "4", "--mode", GetParam()});
  ASSERT_EQ(result.status, 0) << result.err;
  for (const char* part : {"accuracy", "agreement", "evaluate", "total", "confusion", "log QP"}) {
    EXPECT_THAT(result.out, testing::HasSubstr(part));
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, Evaluate, testing::Values("packed", "batched"),
                         [](const auto& mode) { return mode.param; });

TEST(EvaluateSeed, DrawsOtherImages) {
  const auto run = [](const std::string& seed) {
    const Result result =
        obscura({"evaluate", "--network", kModel, "--dataset", "samples", "--limit", "12", "--seed", seed, "--json"});
    EXPECT_EQ(result.status, 0) << result.err;
    return result.json();
  };
  const auto one = run("1"), again = run("1"), two = run("2");
  EXPECT_EQ(one["seed"], 1);
  EXPECT_EQ(one["confusion"], again["confusion"]);
  EXPECT_NE(one["confusion"], two["confusion"]);
}

}  // namespace
}  // namespace obscura::cli
