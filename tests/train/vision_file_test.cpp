#include "train/vision/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "train/toy_pictures.h"
#include "train/vision/load_weights.h"
#include "train/vision/module.h"
#include "train/vision/trainer.h"

namespace obscura::train {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Json = nlohmann::ordered_json;

VisionFile small_file(Adaptation adaptation = Adaptation::er_cnn) {
  torch::manual_seed(3);
  VisionFile file;
  file.spec = {.network = "resnet8", .height = 16, .width = 16, .classes = 2, .adaptation = adaptation};
  file.mean = {100.25F, 120, -3};
  file.std = {50, 1e-3F, 7e5F};
  file.classes = {"dark", "br\"ight"};
  file.notes = {{"dataset", "tones"}, {"command", "obscura train ..."}};
  file.tensors = weights_of(*make_vision(file.spec)).tensors;
  return file;
}

/// The file with another text as what it says of itself.
weights::WeightFile with_text(const std::string& text) {
  auto weights = to_weights(small_file());
  weights.metadata["network"] = text;
  return weights;
}

template <typename Change>
weights::WeightFile changed(Change change) {
  auto weights = to_weights(small_file());
  Json json = Json::parse(weights.metadata.at("network"));
  change(json);
  weights.metadata["network"] = json.dump();
  return weights;
}

TEST(VisionFile, ComesBackAsItWas) {
  const TemporaryFolder folder;
  for (const auto adaptation : {Adaptation::none, Adaptation::er_cnn, Adaptation::tanaka, Adaptation::madono}) {
    auto file = small_file(adaptation);
    write_vision(file, folder / "net.safetensors");
    EXPECT_EQ(read_vision(folder / "net.safetensors"), file);
  }
  auto file = small_file(Adaptation::none);
  file.spec = {.network = "vit-tiny",
               .channels = 5,
               .height = 8,
               .width = 12,
               .classes = 2,
               .patch = 2,
               .positions = false,
               .block = 7};
  file.mean = file.std = {1, 2, 3, 4, 5};
  EXPECT_EQ(to_vision(to_weights(file), "net"), file);
}

TEST(VisionFile, WeightsOfOthersAreRefused) {
  auto weights = to_weights(small_file());
  for (const char* name : {"format", "network"}) {
    auto less = weights;
    less.metadata.erase(name);
    EXPECT_THAT([&] { to_vision(less, "net.pth"); },
                ThrowsMessage<FormatError>(HasSubstr("net.pth holds weights, but is no network")));
  }
  weights.metadata["format"] = "pt";
  EXPECT_THROW(to_vision(weights, "net"), FormatError);
}

TEST(VisionFile, HostileMetadataIsRefused) {
  const auto refused = [](const weights::WeightFile& weights, const std::string& reason) {
    EXPECT_THAT([&] { to_vision(weights, "net"); },
                ThrowsMessage<FormatError>(testing::AllOf(HasSubstr("net"), HasSubstr(reason))));
  };
  refused(with_text(""), "does not say which network");
  refused(with_text("[]"), "does not say which network");
  refused(with_text("{\"spec\": 3}"), "does not say which network");
  refused(with_text(std::string(100000, '[')), "does not say which network");
  refused(changed([](Json& j) { j.erase("mean"); }), "mean");
  refused(changed([](Json& j) { j["spec"].erase("block"); }), "block");
  refused(changed([](Json& j) { j["mean"] = {1, 2}; }), "mean and std");
  refused(changed([](Json& j) { j["std"] = {1, 2, 3, 4}; }), "mean and std");
  refused(changed([](Json& j) { j["mean"] = {1, nullptr, 3}; }), "does not say");
  refused(changed([](Json& j) { j["mean"] = {1, 1e300, 3}; }), "mean and std");
  refused(changed([](Json& j) { j["std"] = {1, 0, 3}; }), "mean and std");
  refused(changed([](Json& j) { j["std"] = {1, -2, 3}; }), "mean and std");
  refused(changed([](Json& j) { j["std"] = {1, 1e-44, 3}; }), "mean and std");  // one over it is infinite
  refused(changed([](Json& j) { j["classes"] = {"one"}; }), "classes");
  refused(changed([](Json& j) { j["classes"] = {1, 2}; }), "does not say");
  refused(changed([](Json& j) { j["spec"]["network"] = "resnet9"; }), "resnet9");
  refused(changed([](Json& j) { j["spec"]["adaptation"] = "magic"; }), "magic");
  refused(changed([](Json& j) { j["spec"]["classes"] = 0; }), "classes");
  for (const char* name : {"channels", "height", "width", "classes", "patch", "block", "adaptation_padding"}) {
    refused(changed([&](Json& j) { j["spec"][name] = -1; }), "net");
    refused(changed([&](Json& j) { j["spec"][name] = 18446744073709551615ULL; }), "net");
    refused(changed([&](Json& j) { j["spec"][name] = "4"; }), "net");
    refused(changed([&](Json& j) { j["spec"][name] = 1e300; }), "no size");
  }
}

TEST(VisionFile, WeightsThatAreNotTheNetworksAreNamed) {
  auto file = small_file();
  file.tensors.erase("backbone.conv1.weight");
  EXPECT_THAT([&] { VisionClassifier{file}; }, ThrowsMessage<FormatError>(HasSubstr("conv1.weight")));
  file = small_file();
  file.tensors["adaptation.conv.bias"] = {{3}, {1, 2, 3}};
  EXPECT_THAT([&] { VisionClassifier{file}; }, ThrowsMessage<FormatError>(HasSubstr("adaptation.conv.bias")));
  file.tensors = {{"nothing", {{1}, {1}}}};
  EXPECT_THROW(VisionClassifier{file}, FormatError);
  file.tensors.clear();
  EXPECT_THROW(VisionClassifier{file}, FormatError);
}

TEST(VisionClassifier, NormalisesAndPredicts) {
  auto file = small_file(Adaptation::none);
  file.mean = {10, 20, 30};
  file.std = {2, 4, 8};
  const VisionClassifier network(file);
  const auto set = tones(5, 1);
  const auto pictures = shielded_pictures(set, {});
  std::vector<float> values(5 * 768);
  pictures->read(std::vector<std::int64_t>{0, 1, 2, 3, 4}, values);
  const auto logits = network.logits(values);
  ASSERT_EQ(logits.size(), 10);

  torch::manual_seed(3);
  const auto module = make_vision(file.spec);
  module->eval();
  auto input = torch::from_blob(values.data(), {5, 3, 16, 16}).clone();
  for (int c = 0; c < 3; ++c) {
    input.select(1, c).sub_(file.mean[static_cast<std::size_t>(c)]).div_(file.std[static_cast<std::size_t>(c)]);
  }
  const auto expected = module->forward(input).contiguous();
  for (std::size_t i = 0; i < 10; ++i) EXPECT_NEAR(logits[i], expected.data_ptr<float>()[i], 1e-3);

  const auto predicted = predict(network, *pictures);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(predicted[i], logits[2 * i + 1] > logits[2 * i] ? 1 : 0);
  const double share = accuracy(predicted, *pictures);
  EXPECT_NEAR(share, std::round(share * 5) / 5, 1e-12);
  EXPECT_EQ(accuracy(pictures->labels(), *pictures), 1);

  const auto large = tones(2, 1, 20);
  EXPECT_THAT([&] { predict(network, *shielded_pictures(large, {})); },
              ThrowsMessage<MismatchError>(testing::AllOf(HasSubstr("3x16x16"), HasSubstr("3x20x20"))));
  EXPECT_THAT([&] { network.adapted(values); }, ThrowsMessage<UnsupportedError>(HasSubstr("'none'")));
}

}  // namespace
}  // namespace obscura::train
