#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/support.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;

/// One dense layer: another network than the one that ships, with other parameters.
nn::Graph dense_network() {
  nn::Graph graph = nn::make_graph("dense", {1, 28, 28});
  nn::Linear layer;
  layer.out_features = 10;
  layer.weights.assign(10 * 28 * 28, 0.01F);
  for (std::size_t i = 0; i < layer.weights.size(); i += 7) layer.weights[i] = -0.02F;
  layer.bias.assign(10, 0.1F);
  const std::size_t flat = nn::add_node(graph, "flat", nn::Flatten{}, {0});
  nn::add_node(graph, "dense", layer, {flat});
  return graph;
}

/// Two networks with their keys, and a query for the first.
class BadInput : public testing::Test {
 protected:
  void SetUp() override {
    nn::write_onnx(dense_network(), other_);
    ASSERT_EQ(obscura({"keygen", "--network", kModel, "--out", keys_.string()}).status, 0);
    ASSERT_EQ(obscura({"encrypt", "--keys", keys_.string(), sample("7-0"), "--out", query_.string()}).status, 0);
  }

  Result classify(const fs::path& network, const fs::path& keys, const fs::path& query) const {
    return obscura({"classify", "--network", network.string(), "--eval-keys", (keys / "evaluation.key").string(),
                    query.string(), "--out", answer_.string()});
  }
  Result encrypt(const std::vector<std::string>& images) const {
    std::vector<std::string> arguments = {"encrypt", "--keys", keys_.string(), "--out", (work_ / "new.ct").string()};
    arguments.insert(arguments.end(), images.begin(), images.end());
    return obscura(arguments);
  }

  /// One line, exit code 1, nothing half-made.
  void expect_refused(const Result& result, const std::string& said) const {
    EXPECT_EQ(result.status, 1) << result.err;
    EXPECT_EQ(result.errors(), 1) << result.err;
    EXPECT_TRUE(result.err.starts_with("obscura: ")) << result.err;
    EXPECT_THAT(result.err, HasSubstr(said));
    EXPECT_EQ(result.out, "");
    EXPECT_FALSE(fs::exists(answer_));
    EXPECT_FALSE(fs::exists(work_ / "new.ct"));
    for (const auto& name : work_.files()) EXPECT_THAT(name, testing::Not(HasSubstr("partial")));
  }

  TemporaryFolder work_;
  fs::path keys_ = work_ / "keys", query_ = work_ / "digit.ct", answer_ = work_ / "answer.ct",
           other_ = work_ / "other.onnx";
};

TEST_F(BadInput, WhatIsNoImage) {
  put_text(work_ / "text.png", "this is not a picture\n");
  expect_refused(encrypt({(work_ / "text.png").string()}), "text.png");
  expect_refused(encrypt({(work_ / "nowhere.png").string()}), "nowhere.png");
  expect_refused(encrypt({work_.path().string()}), work_.path().string());
  put_text(work_ / "empty.png", "");
  expect_refused(encrypt({(work_ / "empty.png").string()}), "empty.png");
  const std::string whole = text_of(sample("7-0"));
  put_text(work_ / "cut.png", whole.substr(0, whole.size() / 2));
  expect_refused(encrypt({(work_ / "cut.png").string()}), "cut.png");
}

TEST_F(BadInput, ManyImagesForPackedKeys) {
  const Result result = encrypt({sample("1-0"), sample("2-0")});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.error_lines(), 1);
  EXPECT_THAT(result.err, HasSubstr("2 images"));
}

TEST_F(BadInput, KeysOfAnotherNetwork) {
  expect_refused(classify(other_, keys_, query_), "another network");
  const fs::path other_keys = work_ / "other-keys";
  ASSERT_EQ(obscura({"keygen", "--network", other_.string(), "--out", other_keys.string()}).status, 0);
  expect_refused(classify(kModel, other_keys, query_), "another network");
  // A query of other parameters than those of network and keys.
  expect_refused(classify(other_, other_keys, query_), "another network");
}

TEST_F(BadInput, QueryForTheSameShapeOfNetworkWithOtherWeights) {
  nn::Graph graph = nn::read_onnx(fs::path(kModel));
  for (auto& node : graph.nodes) {
    if (auto* layer = std::get_if<nn::Linear>(&node.layer)) layer->weights[0] += 0.001F;
  }
  nn::write_onnx(graph, other_);
  expect_refused(classify(other_, keys_, query_), "another network");
}

TEST_F(BadInput, AnswerOfAnotherNetworkOrOtherKeys) {
  const fs::path other_keys = work_ / "other-keys";
  ASSERT_EQ(obscura({"keygen", "--network", other_.string(), "--out", other_keys.string()}).status, 0);
  const fs::path made = work_ / "made.ct";
  ASSERT_EQ(obscura({"classify", "--network", kModel, "--eval-keys", (keys_ / "evaluation.key").string(),
                     query_.string(), "--out", made.string()})
                .status,
            0);
  expect_refused(obscura({"decrypt", "--keys", other_keys.string(), made.string()}), "another network");
}

TEST_F(BadInput, FilesOfTheWrongKind) {
  const std::string keys = keys_.string();
  expect_refused(obscura({"decrypt", "--keys", keys, query_.string()}), "digit.ct");
  expect_refused(classify(kModel, keys_, kModel), "tenseal-mnist.onnx");
  expect_refused(classify(query_, keys_, query_), "digit.ct");
  expect_refused(obscura({"classify", "--network", kModel, "--eval-keys", query_.string(), query_.string(), "--out",
                          answer_.string()}),
                 "digit.ct");
  expect_refused(obscura({"decrypt", "--keys", (work_ / "no-keys").string(), query_.string()}), "no-keys");
  expect_refused(obscura({"classify", "--network", (work_ / "no.onnx").string(), "--eval-keys",
                          (keys_ / "evaluation.key").string(), query_.string(), "--out", answer_.string()}),
                 "no.onnx");
}

TEST_F(BadInput, DamagedFiles) {
  const std::string whole = text_of(query_);
  put_text(query_, whole.substr(0, whole.size() - 100));
  expect_refused(classify(kModel, keys_, query_), "digit.ct");
  std::string altered = whole;
  altered[altered.size() / 2] ^= 0x10;
  put_text(query_, altered);
  expect_refused(classify(kModel, keys_, query_), "digit.ct");
  put_text(query_, whole + "more");
  expect_refused(classify(kModel, keys_, query_), "digit.ct");
  put_text(keys_ / "secret.key", text_of(keys_ / "client.spec"));
  expect_refused(encrypt({sample("7-0")}), "secret.key");
}

TEST_F(BadInput, OperatorsThatAreNotSupportedAreNamed) {
  const auto bytes = nn::to_onnx(dense_network());
  std::string text(bytes.begin(), bytes.end());
  const std::string flatten = "Flatten", unknown = "Hardmax";  // of equal length, so that the file stays sound
  for (auto at = text.find(flatten); at != std::string::npos; at = text.find(flatten, at)) {
    text.replace(at, flatten.size(), unknown);
  }
  put_text(other_, text);
  for (const auto& verb :
       {std::vector<std::string>{"compile", other_.string()},
        std::vector<std::string>{"keygen", "--network", other_.string(), "--out", (work_ / "never").string()}}) {
    const Result result = obscura(verb);
    expect_refused(result, "Hardmax");
    EXPECT_THAT(result.err, HasSubstr("export the network without it")) << "what to do is said";
  }
  EXPECT_FALSE(fs::exists(work_ / "never"));
}

TEST_F(BadInput, PlacesThatCannotBeWritten) {
  const std::string nowhere = (work_ / "no-folder" / "x.ct").string();
  const Result encrypted = obscura({"encrypt", "--keys", keys_.string(), sample("7-0"), "--out", nowhere});
  expect_refused(encrypted, "no such folder");
  put_text(work_ / "file", "in the way");
  expect_refused(obscura({"keygen", "--network", kModel, "--out", (work_ / "file").string()}), "not a folder");
  expect_refused(obscura({"evaluate", "--network", kModel, "--dataset", "samples", "--limit", "1", "--out", nowhere}),
                 "no such folder");
}

TEST_F(BadInput, FullDisk) {
  const std::string keys = keys_.string();
  expect_refused(obscura({"encrypt", "--keys", keys, sample("7-0"), "--out", "/dev/full"}), "No space left");
  EXPECT_TRUE(fs::is_character_file("/dev/full")) << "the device is still there";
  // A limit on the size of files stands for the disk: writing fails half-way.
  const std::string limit = "trap '' XFSZ; ulimit -f 8;";
  expect_refused(obscura({"encrypt", "--keys", keys, sample("7-0"), "--out", (work_ / "new.ct").string()}, limit),
                 "new.ct");
  expect_refused(obscura({"classify", "--network", kModel, "--eval-keys", keys + "/evaluation.key", query_.string(),
                          "--out", answer_.string()},
                         limit),
                 "answer.ct");
  expect_refused(obscura({"keygen", "--network", kModel, "--out", (work_ / "full").string()}, limit), "evaluation.key");
  EXPECT_FALSE(fs::exists(work_ / "full"));
  const std::string before = text_of(keys_ / "secret.key");
  expect_refused(obscura({"keygen", "--network", kModel, "--out", keys, "--force"}, limit), "evaluation.key");
  EXPECT_EQ(text_of(keys_ / "secret.key"), before) << "the old keys are whole";
}

TEST_F(BadInput, FullDiskBehindStandardOutput) {
  const Result result = obscura({"compile", kModel}, "exec 1>/dev/full;");
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.error_lines(), 1);
  EXPECT_THAT(result.err, HasSubstr("standard output"));
}

}  // namespace
}  // namespace obscura::cli
