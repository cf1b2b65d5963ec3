// What a class is called and how pixels become numbers, from the folder and the file to the printed accuracy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "cli/support.h"
#include "image/image.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"

namespace obscura::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Labels : public testing::Test {
 protected:
  /// The shipped digits of these classes, in folders that are called so.
  std::string digits(const std::map<std::string, std::string>& folder_of_digit, const std::string& name = "photos") {
    for (const auto& [digit, folder] : folder_of_digit) {
      fs::create_directories(folder_ / name / "test" / folder);
      for (const char* number : {"-0", "-1"}) {
        fs::copy_file(sample(digit + number), folder_ / name / "test" / folder / (digit + number + ".png"),
                      fs::copy_options::overwrite_existing);
      }
    }
    return (folder_ / name).string();
  }

  /// The shipped network with other preprocessing; its mean and std are left out, unless they are kept.
  std::string network(const std::string& name, const std::vector<std::string>& classes, bool stated = true) {
    nn::Graph graph = nn::read_onnx(fs::path(kModel));
    graph.preprocessing.classes = classes;
    if (!stated) {
      graph.preprocessing = default_preprocessing(graph.input_shape());
      graph.preprocessing.classes = classes;
    }
    nn::write_onnx(graph, folder_ / name);
    return (folder_ / name).string();
  }

  /// The shipped network, which takes pixels of 0 to 1, as one that takes (pixel - 0.1307) / 0.3081 and does not say
  /// so.
  std::string normalised() {
    const nn::Graph graph = nn::read_onnx(fs::path(kModel));
    nn::Graph out = nn::make_graph("normalised", graph.input_shape());
    nn::add_node(out, "undo", nn::BatchNorm{{0.3081F}, {0.1307F}}, {0});
    for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
      auto inputs = graph.nodes[i].inputs;
      for (auto& input : inputs) ++input;
      nn::add_node(out, graph.nodes[i].name, graph.nodes[i].layer, inputs);
    }
    nn::write_onnx(nn::fold_batch_norms(out), folder_ / "normalised.onnx");
    return (folder_ / "normalised.onnx").string();
  }

  static Result evaluate(const std::string& network, const std::string& dataset, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"evaluate", "--network",  network, "--dataset",
                                          dataset,    "--simulate", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return obscura(arguments);
  }

  TemporaryFolder folder_;
};

const std::vector<std::string> kWords = {"zero", "one", "two",   "three", "four",
                                         "five", "six", "seven", "eight", "nine"};

TEST_F(Labels, SomeClassesAreMatchedByName) {
  const std::string photos = digits({{"3", "3"}, {"7", "7"}, {"9", "9"}});
  const Result named = evaluate(kModel, photos);
  ASSERT_EQ(named.status, 0) << named.err;
  EXPECT_EQ(named.json()["accuracy"], 1.0);
  EXPECT_THAT(named.err, HasSubstr("3 of the network's 10 classes"));
  EXPECT_EQ(named.json()["confusion"][7][7], 2);
  const Result unnamed = evaluate(network("unnamed.onnx", {}), photos);
  ASSERT_EQ(unnamed.status, 0) << unnamed.err;
  EXPECT_EQ(unnamed.json()["accuracy"], 1.0);
  EXPECT_THAT(unnamed.err, AllOf(HasSubstr("does not name its classes"), HasSubstr("'7' is output 7")));
}

TEST_F(Labels, InWhateverOrderAndSpelling) {
  const std::string net = network("words.onnx", kWords);
  const Result result = evaluate(net, digits({{"0", "Zero"}, {"2", "TWO"}, {"8", "eight"}}));
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.json()["accuracy"], 1.0);
  EXPECT_THAT(result.err, HasSubstr("class 'TWO' is taken for the network's 'two'"));
  // Ten classes whose order by name is not that of the outputs.
  std::map<std::string, std::string> all;
  for (std::size_t d = 0; d < kWords.size(); ++d) all[std::to_string(d)] = kWords[d];
  EXPECT_EQ(evaluate(net, digits(all, "all")).json()["accuracy"], 1.0);
}

TEST_F(Labels, WhatDoesNotMatchIsRefusedByName) {
  const std::string photos = digits({{"0", "cat"}, {"2", "2"}});
  const Result named = evaluate(kModel, photos);
  EXPECT_EQ(named.status, 1);
  EXPECT_THAT(named.err, AllOf(HasSubstr("does not know: 'cat'"), HasSubstr("'9'")));
  EXPECT_EQ(named.out, "");
  const Result unnamed = evaluate(network("unnamed.onnx", {}), photos);
  EXPECT_EQ(unnamed.status, 1);
  EXPECT_THAT(unnamed.err, HasSubstr("nothing says which is which"));
  const Result other = evaluate(network("words.onnx", {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}), photos);
  EXPECT_EQ(other.status, 1);
  // By hand, in the order of outputs.
  const Result stated = evaluate(kModel, photos, {"--classes", "cat,1,2,3,4,5,6,7,8,9"});
  ASSERT_EQ(stated.status, 0) << stated.err;
  EXPECT_EQ(stated.json()["accuracy"], 1.0);
  EXPECT_THAT(stated.err, HasSubstr("replaces that of the file"));
}

TEST_F(Labels, AFolderOfUnreadFilesShiftsNothing) {
  std::map<std::string, std::string> all;
  for (int d = 0; d < 10; ++d) all[std::to_string(d)] = "class " + std::string(1, static_cast<char>('a' + d));
  const std::string photos = digits(all);
  for (const char* number : {"-0", "-1"}) {
    fs::rename(fs::path(photos) / "test/class c" / ("2" + std::string(number) + ".png"),
               fs::path(photos) / "test/class c" / ("2" + std::string(number) + ".heic"));
  }
  const Result result = evaluate(network("unnamed.onnx", {}), photos);
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.json()["accuracy"], 1.0);
  EXPECT_THAT(result.err, AllOf(HasSubstr("class 'class c' has no images that can be read: 2 files (.heic)"),
                                HasSubstr("matched by position")));
}

TEST_F(Labels, PreprocessingThatIsNotStatedIsNotedEveryTime) {
  const std::string bare = network("bare.onnx", kWords, false);
  const std::string keys = (folder_ / "keys").string(), query = (folder_ / "q.ct").string();
  const auto note = HasSubstr("does not say how pixels become its numbers");
  EXPECT_THAT(obscura({"compile", bare}).err, note);
  EXPECT_THAT(obscura({"keygen", "--network", bare, "--out", keys}).err, note);
  EXPECT_THAT(obscura({"encrypt", "--keys", keys, sample("3-0"), "--out", query}).err, note);
  EXPECT_THAT(evaluate(bare, "samples", {"--classes", "0,1,2,3,4,5,6,7,8,9", "--limit", "10"}).err, note);
  EXPECT_THAT(obscura({"compile", kModel}).err, Not(note));
}

TEST_F(Labels, WhatCompileIsToldStandsInTheFileItWrites) {
  put_text(folder_ / "names.json", R"(["zero","one","two","three","four","five","six","seven","eight","nine"])");
  const std::string bare = normalised(), ready = (folder_ / "ready.onnx").string();
  const Result compiled = obscura({"compile", bare, "--mean", "33.3285", "--std", "78.5655", "--input-range", "0..255",
                                   "--classes", (folder_ / "names.json").string(), "--save", ready});
  ASSERT_EQ(compiled.status, 0) << compiled.err;
  EXPECT_EQ(compiled.err, "");
  EXPECT_THAT(compiled.out, AllOf(HasSubstr("28x28 grey, pixels as 0..255"), HasSubstr("10 classes: zero, one")));
  const auto back = nn::read_onnx(fs::path(ready)).preprocessing;
  EXPECT_EQ(back.classes, kWords);
  EXPECT_EQ(back.range, (std::array<float, 2>{0, 255}));
  // The same answers as the file that says 0..1.
  const auto report = evaluate(ready, "samples", {"--limit", "200"}).json();
  const auto wanted = evaluate(kModel, "samples", {"--limit", "200"}).json();
  EXPECT_EQ(report["confusion"], wanted["confusion"]);
  EXPECT_EQ(report["accuracy"], wanted["accuracy"]);
  EXPECT_EQ(report["preprocessing"]["range"], nlohmann::json({0.0, 255.0}));
  EXPECT_EQ(report["preprocessing"]["stated"], true);
  // The same by hand, and 0..1; nothing said is worse, and agrees all the same.
  const std::vector<std::string> digits = {"--classes", "0,1,2,3,4,5,6,7,8,9", "--limit", "200"};
  auto stated = digits;
  for (const char* word : {"--mean", "0.1307", "--std", "0.3081"}) stated.emplace_back(word);
  EXPECT_EQ(evaluate(bare, "samples", stated).json()["confusion"], wanted["confusion"]);
  const auto silent = evaluate(bare, "samples", digits).json();
  EXPECT_LT(silent["accuracy"], wanted["accuracy"]);
  EXPECT_GT(silent["agreement"], 0.99);
  EXPECT_EQ(silent["preprocessing"]["stated"], false);
  // It travels to the owner, who is told.
  const std::string keys = (folder_ / "keys").string();
  const Result made = obscura({"keygen", "--network", ready, "--out", keys});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(made.err, "");
  EXPECT_THAT(made.out, HasSubstr("pixels as 0..255"));
  const Result encrypted =
      obscura({"encrypt", "--keys", keys, sample("3-0"), "--out", (folder_ / "q.ct").string(), "--json"});
  ASSERT_EQ(encrypted.status, 0) << encrypted.err;
  EXPECT_EQ(encrypted.json()["preprocessing"]["range"], nlohmann::json({0.0, 255.0}));
}

TEST_F(Labels, ContradictionsAreOneLine) {
  const std::string bare = network("bare.onnx", {}, false);
  for (const auto& [options, word] : std::map<std::vector<std::string>, std::string>{
           {{"--mean", "0.1,0.2,0.3"}, "3 numbers for 1 channel"},
           {{"--std", "0"}, "above zero"},
           {{"--colour", "rgb"}, "contradicts an input of 1 channel"},
           {{"--mean", "33", "--std", "78"}, "state the range"},
           {{"--mean", "0.13", "--std", "0.31", "--input-range", "0..255"}, "are of pixels as 0..1"},
           {{"--classes", "a,b,c"}, "3 names for 10 outputs"},
           {{"--input-range", "5"}, "expected what pixels of 0 to 255 become"},
       }) {
    std::vector<std::string> arguments = {"compile", bare, "--save", (folder_ / "out.onnx").string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Result result = obscura(arguments);
    EXPECT_EQ(result.status, 2) << word;
    EXPECT_EQ(result.error_lines(), 1U) << result.err;
    EXPECT_THAT(result.err, HasSubstr(word));
    EXPECT_FALSE(fs::exists(folder_ / "out.onnx"));
  }
}

TEST_F(Labels, WhichImagesAreTakenIsSaid) {
  const auto selection = [](const std::vector<std::string>& more) {
    return evaluate(kModel, "samples", more).json()["selection"].get<std::string>();
  };
  EXPECT_EQ(selection({"--limit", "20"}), "20 of 1,000, class by turn");
  EXPECT_EQ(selection({"--limit", "15", "--seed", "3"}), "15 of 1,000, drawn by seed 3");
  const std::string photos = digits({{"3", "3"}, {"7", "7"}, {"9", "9"}});
  EXPECT_EQ(evaluate(kModel, photos).json()["selection"], "all 6");
  const auto three = evaluate(kModel, photos, {"--limit", "3"}).json();
  EXPECT_EQ(three["selection"], "3 of 6, class by turn");
  for (const std::size_t d : {3, 7, 9}) EXPECT_EQ(three["per_class"][d]["images"], 1) << d;
}

TEST_F(Labels, AccuracyHasAnIntervalAndANull) {
  const auto report = evaluate(kModel, digits({{"3", "3"}, {"7", "7"}})).json();
  EXPECT_EQ(report["accuracy"], 1.0);
  // Wilson for 4 of 4: n / (n + z^2).
  EXPECT_NEAR(report["encrypted_accuracy_interval"][0].get<double>(), 4 / (4 + 1.959964 * 1.959964), 1e-6);
  EXPECT_EQ(report["encrypted_accuracy_interval"][1], 1.0);
  EXPECT_EQ(report["majority"]["share"], 0.5);
  EXPECT_EQ(report["per_class"][7]["recall"], 1.0);
}

TEST_F(Labels, TheEvaluationIsDrawn) {
  const std::string page = (folder_ / "page.html").string();
  const Result result = obscura(
      {"evaluate", "--network", kModel, "--dataset", "samples", "--limit", "30", "--simulate", "--report", page});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("confusion (rows: what it is"), HasSubstr("recall %"),
                                HasSubstr("differences of logits"), HasSubstr("###"), HasSubstr("always says")));
  EXPECT_THAT(text_of(page), AllOf(HasSubstr("<svg"), HasSubstr("95 % interval"), HasSubstr("Differences of logits")));
}

}  // namespace
}  // namespace obscura::cli
