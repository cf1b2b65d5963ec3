// Training on a folder of somebody's photos: any sizes and colours, unbalanced, with and without val/.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "cli/support.h"
#include "image/image.h"
#include "nn/onnx_read.h"

namespace obscura::cli {
namespace {

using image::Image;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

using Words = std::vector<std::string>;

/// Dark "night" and bright "day" photos of many sizes, some grey, with noise: four times as many nights as days.
class TrainPhotos : public testing::Test {
 protected:
  Image photo(bool day) {
    const std::size_t width = 20 + engine_() % 40, height = 20 + engine_() % 40;
    Image image(engine_() % 3 == 0 ? 1 : 3, height, width);
    for (auto& v : image.pixels) v = static_cast<std::uint8_t>((day ? 150U : 40U) + engine_() % 60);
    return image;
  }
  void put(const std::string& part, std::size_t nights, std::size_t days, bool wrong = false) {
    for (const auto& [label, count] : {std::pair("day", days), std::pair("night", nights)}) {
      const fs::path folder = folder_ / ("set/" + part + label);
      fs::create_directories(folder);
      for (std::size_t n = 0; n < count; ++n) {
        image::write_png(folder / (std::to_string(100 + n) + ".png"), photo((std::string(label) == "day") != wrong));
      }
    }
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  Result train(Words more, const std::string& out = "net.onnx") const {
    Words words = {"train", "--dataset", at("set"), "--out",     at(out), "--epochs",
                   "3",     "--batch",   "8",       "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  }
  void expect_refusal(const Result& result, int status, const std::string& problem) const {
    EXPECT_EQ(result.status, status) << result.err;
    EXPECT_EQ(result.error_lines(), 1) << result.err;
    EXPECT_THAT(result.err, HasSubstr(problem));
    EXPECT_FALSE(fs::exists(at("bad.onnx")));
    EXPECT_FALSE(fs::exists(at("bad.checkpoint")));
  }

  TemporaryFolder folder_;
  std::mt19937 engine_{1};
};

/// Epoch with the highest score, of those the lowest loss.
std::size_t argmax(const nlohmann::json& json, const char* score) {
  const auto& epochs = json["epochs"];
  std::size_t best = 0;
  for (std::size_t i = 1; i < epochs.size(); ++i) {
    const double a = epochs[i][score], b = epochs[best][score];
    if (a > b || (a == b && epochs[i]["validation_loss"] < epochs[best]["validation_loss"])) best = i;
  }
  return best + 1;
}

TEST_F(TrainPhotos, WithoutSplitsOrVal) {
  put("", 40, 10);
  const Result result = train({"--model", "tenseal", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto json = result.json();
  // Every fifth is a test picture; of the 32 and 8 others 3 and 2 are held back.
  EXPECT_EQ(json["images"], (nlohmann::json{{"training", 35}, {"validation", 5}, {"test", 10}}));
  EXPECT_EQ(json["validation_from"], "held_back");
  EXPECT_EQ(json["chosen_by"], "validation_recall");
  EXPECT_EQ(json["kept_epoch"], argmax(json, "validation_recall"));
  ASSERT_EQ(json["class_weights"].size(), 2U);
  EXPECT_DOUBLE_EQ(json["class_weights"][0].get<double>(), 35.0 / (2 * 6)) << "day";
  EXPECT_DOUBLE_EQ(json["class_weights"][1].get<double>(), 35.0 / (2 * 29)) << "night";
  EXPECT_EQ(json["test"]["images"], 10);
  EXPECT_EQ(json["test"]["classes"][0]["class"], "day");
  EXPECT_EQ(json["test"]["classes"][0]["images"], 2);
  EXPECT_EQ(json["test"]["classes"][1]["images"], 8);
  EXPECT_LE(json["test"]["interval"][0].get<double>(), json["test_accuracy"].get<double>());
  EXPECT_GE(json["test"]["interval"][1].get<double>(), json["test_accuracy"].get<double>());
  // What was done to pictures is said, and in the JSON.
  for (const char* said : {"every fifth image of a class is a test", "pictures resized, from", "squashed to fit",
                           "unbalanced classes: 29 training pictures of 'night', 6 of 'day'",
                           "tenseal is built for pictures of 28x28, rgb, its usual size"}) {
    EXPECT_THAT(result.err, HasSubstr(said));
    EXPECT_THAT(json["notes"].get<Words>(), Contains(HasSubstr(said)));
  }
  const auto graph = nn::read_onnx(at("net.onnx"));
  EXPECT_EQ(graph.input_shape(), (Shape{3, 28, 28}));
  EXPECT_THAT(graph.preprocessing.classes, ElementsAre("day", "night"));
  EXPECT_EQ(graph.preprocessing.colour, "rgb");
  EXPECT_TRUE(graph.preprocessing.stated);
  EXPECT_FALSE(graph.calibration.empty());
}

TEST_F(TrainPhotos, ValChoosesAndTestDecidesNothing) {
  put("train/", 24, 20);
  put("val/", 7, 6, true);  // labels are wrong: the more is learnt, the worse
  put("test/", 6, 5);
  const Words words = {"--model", "obscura-s", "--size", "16x12", "--fit", "crop", "--colour", "grey", "--lr", "0.02"};
  const auto with = [&words](Words more) {
    more.insert(more.begin(), words.begin(), words.end());
    return more;
  };
  const Result result = train(with({"--json"}));
  ASSERT_EQ(result.status, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json["images"], (nlohmann::json{{"training", 44}, {"validation", 13}, {"test", 11}}));
  EXPECT_EQ(json["validation_from"], "dataset");
  EXPECT_EQ(json["chosen_by"], "validation_accuracy");
  EXPECT_EQ(json["kept_epoch"], argmax(json, "validation_accuracy"));
  EXPECT_TRUE(json["class_weights"].is_null());
  EXPECT_THAT(json["command"].get<std::string>(), HasSubstr("--size 16x12 --fit crop --colour grey"));
  EXPECT_EQ(nn::read_onnx(at("net.onnx")).input_shape(), (Shape{1, 12, 16}));
  EXPECT_EQ(nn::read_onnx_metadata(at("net.onnx")).at("fit"), "crop");
  // Another test, the same network, byte for byte.
  const std::string network = text_of(at("net.onnx"));
  fs::remove_all(at("set/test"));
  put("test/", 3, 9, true);
  const Result again = train(with({"--json"}));
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(text_of(at("net.onnx")), network);
  EXPECT_EQ(again.json()["test"]["images"], 12);
  EXPECT_NE(again.json()["test_accuracy"], json["test_accuracy"]);
  // In words.
  const Result text = train(with({"--quiet"}));
  EXPECT_THAT(text.out, HasSubstr("95 % interval"));
  EXPECT_THAT(text.out, HasSubstr("of 3 is the best by validation: "));
  EXPECT_THAT(text.out, HasSubstr("of 13 validation pictures"));
  EXPECT_THAT(text.out, testing::ContainsRegex("night +3 "));
  EXPECT_EQ(text.err, "");
}

TEST_F(TrainPhotos, ValWithoutTestIsTheTest) {
  put("train/", 24, 20);
  put("valid/", 7, 6);
  const Result result = train({"--model", "tenseal", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.json()["images"], (nlohmann::json{{"training", 38}, {"validation", 6}, {"test", 13}}));
  EXPECT_EQ(result.json()["validation_from"], "held_back");
  EXPECT_THAT(result.err, HasSubstr("those are the test"));
}

TEST_F(TrainPhotos, NetworksForPicturesTakeThemToo) {
  put("train/", 24, 6);
  put("val/", 4, 4);
  put("test/", 6, 5);
  const Result result =
      train({"--network", "resnet8", "--size", "16", "--fit", "letterbox", "--json"}, "net.safetensors");
  ASSERT_EQ(result.status, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json["images"], (nlohmann::json{{"training", 30}, {"validation", 8}, {"test", 11}}));
  EXPECT_EQ(json["kept_epoch"], argmax(json, "validation_recall"));
  EXPECT_EQ(json["class_weights"].size(), 2U);
  EXPECT_THAT(result.err, HasSubstr("black bars"));
  EXPECT_THAT(result.err, HasSubstr("unbalanced classes"));
  // The network's file says how pictures were made, so that others are made alike.
  const Result test = obscura({"evaluate", "--network", at("net.safetensors"), "--dataset", at("set"), "--json"});
  ASSERT_EQ(test.status, 0) << test.err;
  EXPECT_EQ(test.json()["rows"][0]["accuracy"], json["test_accuracy"]);
  EXPECT_THAT(test.err, HasSubstr("black bars"));
}

TEST_F(TrainPhotos, ClassesOfTheTestMustBeTrained) {
  put("train/", 8, 8);
  put("test/", 3, 3);
  fs::create_directories(at("set/test/dusk"));
  image::write_png(at("set/test/dusk/1.png"), photo(true));
  for (const Words& half : {Words{"--model", "tenseal"}, Words{"--network", "resnet8", "--size", "16"}}) {
    const bool model = half[0] == "--model";
    const Result result = train(half, model ? "bad.onnx" : "bad.safetensors");
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.error_lines(), 1) << result.err;
    EXPECT_THAT(result.err, HasSubstr("'dusk'"));
  }
  // A class without test pictures is said.
  fs::remove_all(at("set/test/dusk"));
  fs::remove_all(at("set/test/day"));
  const Result result = train({"--model", "tenseal", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("no test pictures of 'day'"));
  EXPECT_TRUE(result.json()["test"]["classes"][0]["recall"].is_null());
  EXPECT_EQ(result.json()["test"]["classes"][1]["images"], 3);
}

TEST_F(TrainPhotos, MistakesAreOneLine) {
  put("train/", 8, 8);
  put("test/", 3, 3);
  const std::vector<std::pair<Words, std::string>> mistakes = {
      {{"--size", "big"}, "no size of pictures"},
      {{"--size", "0"}, "no size of pictures"},
      {{"--fit", "squeeze"}, "stretch, crop and letterbox"},
      {{"--colour", "bgr"}, "grey or rgb"},
      {{"--validation-share", "0.9"}, "0 to 0.5"},
      {{"--class-weights", "sqrt"}, "automatic, none or balanced"},
      {{"--pretrained-partial"}, "--network"},
  };
  for (const auto& [words, problem] : mistakes) expect_refusal(train(words, "bad.onnx"), 2, problem);
  expect_refusal(train({"--model", "obscura-m", "--size", "20", "--quiet"}, "bad.onnx"), 1, "multiples of 8");
  expect_refusal(train({"--model", "lenet5", "--size", "512", "--quiet"}, "bad.onnx"), 1, "--size");
}

}  // namespace
}  // namespace obscura::cli
