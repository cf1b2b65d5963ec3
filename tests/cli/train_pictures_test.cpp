// train --network, and what is done with what it writes: evaluate, reveal --learned, protect --model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using image::Image;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

using Words = std::vector<std::string>;

/// A folder "set" with train/ and test/ of dark and bright colour pictures of 8x8.
class TrainPictures : public testing::Test {
 protected:
  TrainPictures() {
    std::mt19937 engine(1);
    for (const auto& [split, count] : {std::pair("train", 16), std::pair("test", 5)}) {
      for (const auto& [label, middle] : {std::pair("bright", 120), std::pair("dark", 50)}) {
        const fs::path folder = folder_.path() / "set" / split / label;
        fs::create_directories(folder);
        for (int n = 0; n < count; ++n) {
          Image image(3, 8, 8);
          for (auto& v : image.pixels) v = static_cast<std::uint8_t>(static_cast<unsigned>(middle) + engine() % 80);
          image::write_png(folder / (std::to_string(100 + n) + ".png"), image);
        }
      }
    }
  }

  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  Result train(Words more, const std::string& out = "net.safetensors", const std::string& set = "set") const {
    Words words = {"train", "--dataset", at(set), "--out", at(out), "--epochs", "2", "--batch", "8"};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  }
  Result evaluate(Words more, const std::string& net = "net.safetensors") const {
    Words words = {"evaluate", "--network", at(net), "--dataset", at("set"), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  }

  /// One line, this exit code, and none of what would have been written.
  void expect_refusal(const Result& result, int status, const std::string& problem) const {
    EXPECT_EQ(result.status, status) << result.err;
    EXPECT_EQ(result.errors(), 1) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr(problem));
    for (const auto& name : folder_.files()) {
      EXPECT_THAT(name, AllOf(Not(HasSubstr(".partial")), Not(HasSubstr("bad.")), Not(HasSubstr(".checkpoint"))))
          << problem;
    }
  }

  TemporaryFolder folder_;
};

TEST_F(TrainPictures, PlainOnes) {
  const Result result = train({"--network", "resnet8", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json["model"], "resnet8");
  EXPECT_EQ(json["rounds"], 1);
  EXPECT_EQ(json["epochs"].size(), 2);
  EXPECT_EQ(json["network"], at("net.safetensors"));
  EXPECT_FALSE(json.contains("promise"));
  EXPECT_THAT(json["command"].get<std::string>(), HasSubstr("obscura train --network resnet8 --dataset"));
  EXPECT_THAT(folder_.files(), testing::IsSupersetOf({"net.safetensors", "net.curve.json", "net.curve.svg"}));
  EXPECT_THAT(folder_.files(), Not(testing::Contains("net.checkpoint")));
  EXPECT_THAT(result.err, HasSubstr("epoch   2/2"));

  const auto rows = evaluate({"--out", at("rows.json")}).json();
  ASSERT_EQ(rows["rows"].size(), 1);
  EXPECT_EQ(rows["rows"][0]["pictures"], "plain");
  EXPECT_EQ(rows["rows"][0]["accuracy"], json["test_accuracy"]);
  EXPECT_EQ(rows["images"], 10);
  EXPECT_EQ(rows["promise"], "");
  EXPECT_EQ(nlohmann::json::parse(text_of(at("rows.json"))), rows);
  EXPECT_EQ(evaluate({"--limit", "4"}).json()["images"], 4);
}

TEST_F(TrainPictures, ProtectedAsTheyAreDrawn) {
  ASSERT_EQ(train({"--network", "resnet8"}, "plain.safetensors").status, 0);
  const Words words = {"--network",    "resnet8",    "--shield", "hill",     "--block", "4",      "--key",
                       at("key.json"), "--make-key", "--adapt",  "--rounds", "2",       "--json", "--quiet"};
  const Result result = train(words);
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  const auto json = result.json();
  EXPECT_EQ(json["rounds"], 2);
  EXPECT_EQ(json["epochs"].size(), 4);
  EXPECT_THAT(json["promise"].get<std::string>(), HasSubstr("not from an attacker"));
  EXPECT_THAT(json["command"].get<std::string>(), HasSubstr("--adapt er-cnn --rounds 2"));
  // The same command again takes the key that is there: the same network.
  const std::string key = text_of(at("key.json")), network = text_of(at("net.safetensors"));
  ASSERT_EQ(train(words).status, 0);
  EXPECT_EQ(text_of(at("key.json")), key);
  EXPECT_EQ(text_of(at("net.safetensors")), network);

  const auto rows = evaluate({"--key", at("key.json"), "--plain", at("plain.safetensors")}).json();
  std::vector<std::string> names;
  for (const auto& row : rows["rows"]) {
    names.push_back(row["network"].get<std::string>() + ": " + row["pictures"].get<std::string>());
  }
  EXPECT_EQ(names, (Words{"network: plain", "network: protected", "network: protected with another key",
                          "network: protected, a key an image", "plain network: plain", "plain network: protected"}));
  EXPECT_EQ(rows["rows"][1]["accuracy"], json["test_accuracy"]);
  EXPECT_THAT(rows["promise"].get<std::string>(), HasSubstr("not from an attacker"));
  expect_refusal(evaluate({}), 2, "hill");
  expect_refusal(evaluate({"--shield", "hill"}), 2, "--key");

  // What the adaptation has learned, with the originals to judge by.
  ASSERT_EQ(obscura({"protect", "--key", at("key.json"), at("set/test"), at("hidden")}).status, 0);
  const Result shown = obscura(
      {"reveal", "--learned", at("net.safetensors"), "--plain", at("set/test"), at("hidden"), at("back"), "--json"});
  ASSERT_EQ(shown.status, 0) << shown.err;
  EXPECT_EQ(shown.json()["images"], 10);
  EXPECT_TRUE(shown.json()["psnr"].is_number());
  EXPECT_EQ(image::read_image(at("back/dark/100.png")).height, 8);
  const Result one =
      obscura({"reveal", "--learned", at("net.safetensors"), at("hidden/dark/101.shield"), at("one.png"), "--json"});
  ASSERT_EQ(one.status, 0) << one.err;
  EXPECT_FALSE(one.json().contains("psnr"));
  EXPECT_EQ(image::read_image(at("one.png")).width, 8);

  expect_refusal(obscura({"reveal", "--learned", at("net.safetensors"), at("hidden/dark/101.shield"), at("bad.jpg")}),
                 2, ".png");
  expect_refusal(
      obscura({"reveal", "--learned", at("net.safetensors"), "--key", at("key.json"), at("hidden"), at("bad.out")}), 2,
      "--key");
  expect_refusal(obscura({"reveal", "--key", at("key.json"), "--plain", at("set"), at("hidden"), at("bad.out")}), 2,
                 "--learned");
  expect_refusal(obscura({"reveal", "--learned", at("plain.safetensors"), at("hidden"), at("bad.out")}), 1, "er-cnn");
  expect_refusal(
      obscura({"reveal", "--learned", at("net.safetensors"), "--plain", at("hidden"), at("hidden"), at("bad.out")}), 1,
      "no original");
  // Another key than the network's.
  ASSERT_EQ(obscura({"protect", "--key", at("other.json"), "--make-key", "--shield", "hill", at("set/test"), at("h2")})
                .status,
            0);
  expect_refusal(evaluate({"--key", at("other.json")}), 1, "another key");
}

TEST_F(TrainPictures, OptionsMayFollowAdapt) {
  const Words base = {"--network", "resnet8", "--block", "4", "--json", "--quiet"};
  const auto adaptation = [&](Words more) {
    more.insert(more.begin(), base.begin(), base.end());
    const Result result = train(more);
    EXPECT_EQ(result.status, 0) << result.err;
    return result.json()["command"].get<std::string>();
  };
  EXPECT_THAT(adaptation({"--adapt", "--rounds", "1"}), HasSubstr("--adapt er-cnn"));
  EXPECT_THAT(adaptation({"--adapt"}), HasSubstr("--adapt er-cnn"));
  EXPECT_THAT(adaptation({"--adapt", "tanaka", "--rounds", "1"}), HasSubstr("--adapt tanaka"));
  EXPECT_THAT(adaptation({"--adapt=madono"}), HasSubstr("--adapt madono"));
}

/// The server has nothing but protected pictures; the owner judges with the key.
TEST_F(TrainPictures, ProtectedByTheOwner) {
  ASSERT_EQ(obscura({"protect", "--key", at("key.json"), "--make-key", "--shield", "hill", at("set/train"),
                     at("hidden/train")})
                .status,
            0);
  ASSERT_EQ(obscura({"protect", "--key", at("key.json"), at("set/test"), at("hidden/test")}).status, 0);
  const Result result =
      train({"--network", "resnet8", "--protected", "--adapt", "--block", "4", "--json"}, "net.safetensors", "hidden");
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.json()["recipe"].get<std::string>(), HasSubstr("augment none"));
  const auto rows = evaluate({"--key", at("key.json")}).json()["rows"];
  EXPECT_EQ(rows[1]["pictures"], "protected");
  EXPECT_EQ(rows[1]["accuracy"], result.json()["test_accuracy"]);

  const Words hidden = {"--network", "resnet8", "--protected"};
  const auto with = [&hidden](Words more) {
    more.insert(more.begin(), hidden.begin(), hidden.end());
    return more;
  };
  expect_refusal(train(with({"--key", at("key.json")}), "bad.safetensors", "hidden"), 2, "without a key");
  expect_refusal(train(with({"--shield", "hill"}), "bad.safetensors", "hidden"), 2, "without a key");
  expect_refusal(train(with({"--resize", "16"}), "bad.safetensors", "hidden"), 2, "--resize");
  expect_refusal(train(with({"--adapt"}), "bad.safetensors", "hidden"), 2, "--block");
  expect_refusal(train(with({"--augment", "flip", "--quiet"}), "bad.safetensors", "hidden"), 1, "--augment none");
  fs::remove_all(at("hidden/train/dark"));
  expect_refusal(train(with({"--quiet"}), "bad.safetensors", "hidden"), 1, "no training images of the class 'dark'");
}

TEST_F(TrainPictures, ANetworkTakesInAKey) {
  ASSERT_EQ(train({"--network", "vit-tiny"}).status, 0);
  const auto plain = evaluate({}).json()["rows"][0]["accuracy"];
  for (const std::string shield : {"hill", "vit"}) {
    const std::string key = at(shield + ".json"), out = at(shield + ".safetensors");
    const Result made = obscura(
        {"protect", "--model", at("net.safetensors"), "--key", key, "--make-key", "--shield", shield, out, "--json"});
    ASSERT_EQ(made.status, 0) << made.err;
    const auto json = made.json();
    EXPECT_EQ(json["network"], "vit-tiny");
    EXPECT_EQ(json["shield"], shield);
    EXPECT_EQ(json["block"], 4);
    EXPECT_EQ(json["out"], out);
    EXPECT_THAT(json["warning"].get<std::string>(), HasSubstr("the two together give the key"));
    EXPECT_THAT(json["promise"].get<std::string>(), HasSubstr("not from an attacker"));
    const auto rows = evaluate({"--key", key}, shield + ".safetensors").json()["rows"];
    EXPECT_EQ(rows[1]["accuracy"], plain) << shield;
    expect_refusal(obscura({"protect", "--model", out, "--key", key, at("bad.safetensors")}), 1, "already");
  }
  const auto absorb = [this](const std::string& key, const std::string& out, Words more = {}) {
    Words words = {"protect", "--model", at("net.safetensors"), "--key", at(key), at(out)};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  };
  expect_refusal(absorb("hill.json", "bad.onnx"), 2, ".safetensors");
  expect_refusal(absorb("hill.json", "bad.safetensors", {"--per-image"}), 2, "--per-image");
  expect_refusal(absorb("hill.json", "bad.safetensors", {"--shield", "le"}), 1, "not of le");
  expect_refusal(absorb("none.json", "bad.safetensors"), 1, "none.json");
  expect_refusal(absorb("bad.json", "bad.safetensors", {"--make-key", "--shield", "le"}), 1, "not linear");
  expect_refusal(absorb("bad.json", "bad.safetensors", {"--make-key", "--shield", "hill", "--block", "8"}), 1,
                 "patches of 4");
  expect_refusal(obscura({"protect", "--model", at("none"), "--key", at("hill.json"), at("bad.safetensors")}), 1,
                 "none");
  expect_refusal(obscura({"protect", "--model", sample("7-0"), "--key", at("hill.json"), at("bad.safetensors")}), 1,
                 "7-0.png");
}

TEST_F(TrainPictures, MistakesOnTheCommandLineAreTwo) {
  const std::vector<std::pair<Words, std::string>> mistakes = {
      {{"--network", "resnet9"}, "choose resnet8, resnet20"},
      {{"--network", ""}, "unknown network"},
      {{"--network", "resnet8", "--model", "tenseal"}, "--model"},
      {{"--network", "resnet8", "--shield", "hill"}, "--key"},
      {{"--network", "resnet8", "--per-image"}, "--key"},
      {{"--network", "resnet8", "--block", "4"}, "--network-patch"},
      {{"--network", "resnet8", "--adapt"}, "--block"},
      {{"--network", "resnet8", "--adapt", "magic", "--block", "4"}, "choose none, er-cnn"},
      {{"--network", "resnet8", "--adapt-lr", "2"}, "--adapt"},
      {{"--network", "resnet8", "--adapt-start", "match"}, "er-cnn"},
      {{"--network", "resnet8", "--adapt-start", "blind"}, "er-cnn"},
      {{"--network", "resnet8", "--device", "gpu"}, "cpu, cuda"},
      {{"--device", "cuda"}, "--network"},
      {{"--network", "resnet8", "--publics", "samples"}, "--adapt-start match"},
      {{"--network", "resnet8", "--rounds", "0"}, "rounds"},
      {{"--network", "resnet8", "--recipe", "ercnn"}, "er-cnn, color-neuracrypt"},
      {{"--network", "resnet8", "--optimiser", "muon"}, "muon"},
      {{"--network", "resnet8", "--distill-from", "x.onnx"}, "--distill-from"},
      {{"--network", "resnet8", "--key", at("bad.json"), "--make-key", "--shield", "caesar"}, "caesar"},
      {{"--shield", "hill"}, "--network"},
      {{"--pretrained", "x.pth"}, "--network"},
      {{"--test-limit", "5"}, "--network"},
  };
  for (const auto& [words, problem] : mistakes) {
    SCOPED_TRACE(testing::PrintToString(words));
    expect_refusal(train(words, "bad.safetensors"), 2, problem);
  }
  expect_refusal(train({"--network", "resnet8"}, "bad.onnx"), 2, ".safetensors");
}

TEST_F(TrainPictures, WhatCannotBeIsOneLine) {
  const Words hill = {"--network", "resnet8", "--quiet", "--key", at("bad.json"), "--make-key", "--shield", "hill"};
  const auto with = [&](Words more) {
    more.insert(more.begin(), hill.begin(), hill.end());
    return train(more, "bad.safetensors");
  };
  // No key is left of what was refused before it was trained.
  expect_refusal(with({"--pretrained", at("none.pth")}), 1, "none.pth");
  put_text(at("torn.pth"), "PK\x03\x04 and no more");
  expect_refusal(with({"--pretrained", at("torn.pth")}), 1, "torn.pth");
  expect_refusal(with({"--network-patch", "4"}), 1, "patch");
  expect_refusal(with({"--no-positions"}), 1, "position");
  expect_refusal(train({"--network", "resnet8", "--key", at("none.json")}, "bad.safetensors"), 1, "none.json");
  expect_refusal(train({"--network", "resnet8"}, "bad.safetensors", "nowhere"), 2, "nowhere");
  expect_refusal(train({"--network", "resnet8"}, "nowhere/bad.safetensors"), 1, "no such folder");

  ASSERT_EQ(train({"--network", "resnet8", "--quiet"}).status, 0);
  expect_refusal(evaluate({"--plain", at("none.safetensors")}), 1, "none.safetensors");
  expect_refusal(evaluate({}, "none.safetensors"), 1, "none.safetensors");
  expect_refusal(evaluate({"--simulate"}), 2, "--simulate");
  expect_refusal(evaluate({"--per-image"}), 2, "--key");
  expect_refusal(evaluate({"--make-key", "--key", at("bad.json"), "--shield", "le"}), 2, "--make-key");
  expect_refusal(obscura({"evaluate", "--network", at("net.safetensors"), "--dataset", "samples"}), 1, "classes");
  expect_refusal(obscura({"evaluate", "--network", kModel, "--dataset", "samples", "--key", at("bad.json")}), 2,
                 ".safetensors");
  const std::string whole = text_of(at("net.safetensors"));
  put_text(at("torn.safetensors"), whole.substr(0, whole.size() / 2));
  expect_refusal(evaluate({}, "torn.safetensors"), 1, "torn.safetensors");
}

}  // namespace
}  // namespace obscura::cli
