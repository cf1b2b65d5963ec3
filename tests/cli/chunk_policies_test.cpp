// Pictures in chunks by the command line: compile --policy, keygen, encrypt, classify, decrypt, inspect, evaluate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "cli/support.h"
#include "image/dataset.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using ::testing::HasSubstr;

const std::string kSeed = std::string(OBSCURA_SOURCE_DIR) + "/models/chunk-seed-neu.onnx";

/// Steel is not at hand everywhere: a grey 200 x 200 picture that goes from dark to bright, and whose lower right part
/// alone is busy.
void draw(const fs::path& file, unsigned seed) {
  std::mt19937 random(seed);
  image::Image noise(1, 50, 50);
  for (auto& v : noise.pixels) v = static_cast<std::uint8_t>(random() % 80);
  const image::Image soft = image::resize(noise, 200, 200);
  image::Image picture(1, 200, 200);
  for (std::size_t y = 0; y < 200; ++y) {
    for (std::size_t x = 0; x < 200; ++x) {
      const std::size_t ramp = 60 + (x + y) / 8;
      picture.at(y, x) = static_cast<std::uint8_t>(x + y > 220 ? ramp + soft.at(y, x) : ramp + 40);
    }
  }
  image::write_png(file, picture);
}

class ChunkPolicies : public ::testing::Test {
 protected:
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  Result good(const std::vector<std::string>& arguments) const {
    auto result = obscura(arguments);
    EXPECT_EQ(result.status, 0) << arguments[0] << ": " << result.err;
    return result;
  }
  void refused(const std::vector<std::string>& arguments, const std::string& why, int status) const {
    const auto result = obscura(arguments);
    EXPECT_EQ(result.status, status) << result.err;
    EXPECT_EQ(result.errors(), 1u) << result.err;
    EXPECT_THAT(result.err, HasSubstr(why));
  }
  void make(const std::string& policy, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> compile = {"compile", kSeed, "--policy", policy, "--out", at(policy)};
    compile.insert(compile.end(), more.begin(), more.end());
    good(compile);
    good({"keygen", "--client", at(policy + "/client.spec"), "--out", at(policy + "-keys")});
  }
  nlohmann::json encrypt(const std::string& policy, const std::string& picture, const std::string& query) const {
    return good({"encrypt", "--keys", at(policy + "-keys"), picture, "--out", at(query), "--json"}).json();
  }
  std::vector<double> answer(const std::string& policy, const std::string& query) const {
    good({"classify", "--program", at(policy + "/server.program"), "--eval-keys", at(policy + "-keys/evaluation.key"),
          at(query), "--out", at(query + ".answer")});
    const auto json = good({"decrypt", "--keys", at(policy + "-keys"), at(query + ".answer"), "--json"}).json();
    return json["images"][0]["logits"].get<std::vector<double>>();
  }
  const TemporaryFolder folder_;
};

TEST_F(ChunkPolicies, AllTheWayWithEveryPolicy) {
  draw(at("a.png"), 1);
  std::vector<double> first;
  for (const std::string policy : {"all", "whole", "features"}) {
    make(policy);
    const auto query = encrypt(policy, at("a.png"), policy + ".ct");
    EXPECT_EQ(query["chunks"]["policy"], policy);
    EXPECT_EQ(query["chunks"]["count"], 16);
    const auto logits = answer(policy, policy + ".ct");
    ASSERT_EQ(logits.size(), 6u);
    if (first.empty()) first = logits;
    for (std::size_t k = 0; k < 6; ++k) EXPECT_NEAR(logits[k], first[k], 0.1 + 0.005 * std::abs(first[k])) << policy;
  }
  const auto inspected = good({"inspect", at("features.ct"), "--json"}).json();
  const auto indices = inspected["chunks"].get<std::vector<int>>();
  ASSERT_EQ(indices.size(), 16u);
  std::size_t plain = 0;
  for (std::size_t k = 0; k < 16; ++k) {
    EXPECT_EQ(std::abs(indices[k]), static_cast<int>(k) + 1);
    plain += indices[k] < 0 ? 1U : 0U;
  }
  EXPECT_GT(plain, 0u);
  EXPECT_LT(plain, 16u);
  EXPECT_THAT(good({"inspect", at("features/client.spec")}).out, HasSubstr("policy features"));
  EXPECT_THAT(good({"inspect", kSeed}).out, HasSubstr("16 chunks of 28x28"));
}

TEST_F(ChunkPolicies, WhatFeaturesShowsIsSaidOnEveryUse) {
  draw(at("a.png"), 1);
  EXPECT_THAT(good({"compile", kSeed, "--policy", "features", "--out", at("net")}).err, HasSubstr("shows the server"));
  good({"keygen", "--client", at("net/client.spec"), "--out", at("keys")});
  const auto query = good({"encrypt", "--keys", at("keys"), at("a.png"), "--out", at("q.ct")});
  EXPECT_THAT(query.err, HasSubstr("shows the server"));
  EXPECT_THAT(query.out, HasSubstr("in the clear: -1"));
}

TEST_F(ChunkPolicies, HiddenQueriesHaveEqualBytes) {
  make("hidden", {"--hidden-chunks", "6"});
  std::set<std::uintmax_t> sizes;
  for (const unsigned seed : {1U, 2U, 3U}) {
    draw(at("a.png"), seed);
    const auto json = encrypt("hidden", at("a.png"), "q" + std::to_string(seed));
    EXPECT_FALSE(json["chunks"].contains("indices"));
    sizes.insert(fs::file_size(at("q" + std::to_string(seed))));
  }
  EXPECT_EQ(sizes.size(), 1u);
  EXPECT_EQ(answer("hidden", "q1").size(), 6u);
}

TEST_F(ChunkPolicies, BadInputIsOneLine) {
  const auto compile = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all = {"compile", kSeed, "--out", at("net")};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  refused(compile({"--policy", "features", "--threshold", "2000"}), "outside the gradients", 2);
  refused(compile({"--policy", "features", "--threshold", "-1"}), "outside the gradients", 2);
  refused(compile({"--policy", "all", "--threshold", "50"}), "--threshold is of policy features", 2);
  refused(compile({"--policy", "features", "--hidden-chunks", "3"}), "--hidden-chunks is of policy hidden", 2);
  refused(compile({"--policy", "hidden", "--hidden-chunks", "17"}), "expected 1 to 16", 2);
  refused(compile({"--policy", "hidden", "--hidden-chunks", "0"}), "expected 1 to 16", 2);
  refused(compile({"--policy", "features", "--mode", "batched"}), "is packed only", 2);
  refused(compile({"--policy", "some"}), "some", 2);
  refused(compile({"--picture", "20x112"}), "larger than the picture", 1);
  refused(compile({"--picture", "big"}), "--picture is 'big'", 2);
  refused(compile({"--images-per-ciphertext", "4"}), "--images-per-ciphertext", 2);
  refused({"compile", kModel, "--policy", "features"}, "takes the picture as one", 2);
  EXPECT_FALSE(fs::exists(at("net")));
}

TEST_F(ChunkPolicies, AGroupOfAnotherProgramIsRefused) {
  draw(at("a.png"), 1);
  make("features");
  make("all");
  encrypt("features", at("a.png"), "q.ct");
  refused({"classify", "--program", at("all/server.program"), "--eval-keys", at("all-keys/evaluation.key"), at("q.ct"),
           "--out", at("x")},
          "was made for another network", 1);
}

TEST_F(ChunkPolicies, SteelAsUsersHaveIt) {
  const fs::path steel = image::find_data_dir({}, "neu-cls") / "neu-cls";
  const fs::path images = fs::is_directory(steel / "images") ? steel / "images" : steel;
  if (!fs::exists(images / "scratches_20.jpg")) GTEST_SKIP() << "NEU-CLS is not in " << steel;
  make("features");
  std::size_t right = 0;
  for (const std::string name : {"scratches", "patches", "crazing", "inclusion"}) {
    encrypt("features", (images / (name + "_20.jpg")).string(), name + ".ct");
    answer("features", name + ".ct");
    const auto json = good({"decrypt", "--keys", at("features-keys"), at(name + ".ct.answer"), "--json"}).json();
    right += json["images"][0]["label"] == name ? 1U : 0U;
  }
  EXPECT_GE(right, 3u);
  const auto json =
      good({"evaluate", "--network", kSeed, "--dataset", "neu-cls", "--policy", "hidden", "--limit", "12", "--json"})
          .json();
  EXPECT_EQ(json["policy"], "hidden");
  EXPECT_EQ(json["bytes"]["upload_min"], json["bytes"]["upload_max"]);
  EXPECT_EQ(json["chunks_encrypted"], 0.75);
  EXPECT_GE(json["agreement"], 0.9);
}

}  // namespace
}  // namespace obscura::cli
