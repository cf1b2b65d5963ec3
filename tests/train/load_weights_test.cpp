#include "train/vision/load_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <numeric>

#include "base/error.h"
#include "train/vision/module.h"
#include "train/vision/weights_jax_vit.h"

namespace obscura::train {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

/// conv1, bn1 (as norm1 of a DenseNet's layer), fc, and whatever a test adds.
struct Small : torch::nn::Module {
  explicit Small(std::int64_t classes = 3) {
    conv = register_module("conv1", torch::nn::Conv2d(torch::nn::Conv2dOptions(2, 4, 3)));
    norm = register_module("norm1", torch::nn::BatchNorm2d(4));
    fc = register_module("fc", torch::nn::Linear(4, classes));
    for (const auto& parameter : parameters()) torch::nn::init::normal_(parameter);
    torch::nn::init::normal_(norm->running_mean);
  }
  torch::nn::Conv2d conv = nullptr;
  torch::nn::BatchNorm2d norm = nullptr;
  torch::nn::Linear fc = nullptr;
};

/// A module with one inside under a name of its own.
struct Around : torch::nn::Module {
  Around(const std::string& name, std::shared_ptr<torch::nn::Module> inner) { register_module(name, std::move(inner)); }
};

struct Positions : torch::nn::Module {
  explicit Positions(std::int64_t tokens) {
    embedding = register_parameter("pos_embedding", torch::full({1, tokens, 2}, 7.0));
    other = register_parameter("other", torch::zeros({1}));
  }
  torch::Tensor embedding;
  torch::Tensor other;
};

weights::WeightFile renamed(const weights::WeightFile& file,
                            const std::function<std::string(const std::string&)>& rename) {
  weights::WeightFile out;
  for (const auto& [name, tensor] : file.tensors) out.tensors[rename(name)] = tensor;
  return out;
}

TEST(LoadWeights, CopiesParametersAndBuffersOfTheSameName) {
  torch::manual_seed(1);
  const Small from;
  Small to;
  const weights::WeightFile file = weights_of(from);
  EXPECT_NE(weights_of(to), file);
  const LoadReport report = load_weights(to, file);
  EXPECT_THAT(report.matched, SizeIs(9));
  EXPECT_EQ(to_text(report), "9 of 9 tensors matched");
  EXPECT_EQ(weights_of(to), file);
  EXPECT_EQ(to.norm->num_batches_tracked.scalar_type(), torch::kInt64);
  EXPECT_TRUE(to.fc->weight.requires_grad());
}

TEST(LoadWeights, ReadsWhatPyTorchSaved) {
  torch::nn::Sequential net(torch::nn::Linear(4, 3), torch::nn::BatchNorm1d(3));
  const auto report = load_weights(*net, weights::read_weights(OBSCURA_SOURCE_DIR "/tests/weights/files/module.pth"));
  EXPECT_EQ(to_text(report), "7 of 7 tensors matched");
  EXPECT_EQ(net->named_parameters()["0.weight"][2][3].item<float>(), (11 - 8) / 4.0F);
}

TEST(LoadWeights, SeesThroughWrappersAndOldNames) {
  torch::manual_seed(2);
  const auto inner = std::make_shared<Small>();
  Around to("denselayer1", std::make_shared<Small>());
  const weights::WeightFile file = renamed(weights_of(Around("denselayer1", inner)), [](std::string name) {
    for (const std::string part : {"norm1", "conv1"}) {
      const auto at = name.find(part);
      if (at != std::string::npos) name.replace(at, 5, part.substr(0, 4) + ".1");
    }
    return "module." + name;
  });
  EXPECT_THAT(file.tensors, Contains(::testing::Key("module.denselayer1.norm.1.running_mean")));
  EXPECT_EQ(to_text(load_weights(to, file)), "9 of 9 tensors matched");
  EXPECT_EQ(weights_of(to), weights_of(Around("denselayer1", inner)));
}

TEST(LoadWeights, LeavesAHeadOfOtherClasses) {
  torch::manual_seed(3);
  const Small from(1000);
  Small to(10);
  const auto before = to.fc->weight.detach().clone();
  const LoadReport report = load_weights(to, weights_of(from));
  EXPECT_THAT(report.other_shape,
              ElementsAre(OtherShape{"fc.bias", {1000}, {10}}, OtherShape{"fc.weight", {1000, 4}, {10, 4}}));
  EXPECT_EQ(to_text(report),
            "7 of 9 tensors matched, 2 left as drawn at random; of another shape: fc.bias [1000] instead of [10], "
            "fc.weight [1000, 4] instead of [10, 4]");
  EXPECT_TRUE(torch::equal(to.fc->weight, before));
  EXPECT_TRUE(torch::equal(to.conv->weight, from.conv->weight));
}

TEST(LoadWeights, ListsWhatIsOnOneSideOnly) {
  torch::manual_seed(4);
  Small to;
  weights::WeightFile file = weights_of(to);
  file.tensors.erase("conv1.bias");
  file.tensors.erase("norm1.num_batches_tracked");
  for (int i = 0; i < 11; ++i) file.tensors["optimizer." + std::to_string(i)] = {{1}, {1}};
  const LoadReport report = load_weights(to, file);
  EXPECT_THAT(report.missing, ElementsAre("conv1.bias"));
  EXPECT_THAT(report.unexpected, SizeIs(11));
  EXPECT_THAT(to_text(report), HasSubstr("7 of 8 tensors matched, 1 left as drawn at random; not in the file: "
                                         "conv1.bias; not in the network: optimizer.0"));
  EXPECT_THAT(to_text(report), HasSubstr(" and 3 more"));
}

TEST(LoadWeights, GoesIntoAndComesOutOfABackbone) {
  torch::manual_seed(5);
  const auto plain = std::make_shared<Small>();
  Around adapted("backbone", std::make_shared<Small>());
  adapted.register_module("adaptation", torch::nn::Linear(1, 1));
  const LoadReport in = load_weights(adapted, weights_of(*plain));
  EXPECT_EQ(to_text(in),
            "9 of 11 tensors matched, 2 left as drawn at random; not in the file: adaptation.bias, adaptation.weight");
  EXPECT_EQ(weights_of(adapted).tensors.at("backbone.fc.weight"), weights_of(*plain).tensors.at("fc.weight"));
  Small other;
  const LoadReport out = load_weights(other, weights_of(adapted));
  EXPECT_EQ(to_text(out), "9 of 9 tensors matched; not in the network: adaptation.bias, adaptation.weight");
  EXPECT_EQ(weights_of(other), weights_of(*plain));
}

TEST(LoadWeights, ResizesPositionsAndKeepsTheTokensRow) {
  // A grid of 2 x 2 behind a token; the second of both values is the first plus 100.
  const std::vector<float> values{-1, 99, 0, 100, 2, 102, 4, 104, 8, 108};
  Positions to(10);
  const LoadReport report = load_weights(to, {{{"pos_embedding", {{1, 5, 2}, values}}}, {}});
  EXPECT_THAT(report.reshaped, ElementsAre(OtherShape{"pos_embedding", {1, 5, 2}, {1, 10, 2}}));
  EXPECT_EQ(to_text(report),
            "0 of 2 tensors matched, 1 left as drawn at random; resized: pos_embedding [1, 5, 2] to [1, 10, 2]; not in "
            "the file: other");
  const float wanted[] = {-1, 0, 1, 2, 2, 3.5, 5, 4, 6, 8};
  for (int i = 0; i < 10; ++i) {
    EXPECT_FLOAT_EQ(to.embedding[0][i][0].item<float>(), wanted[i]) << i;
    EXPECT_FLOAT_EQ(to.embedding[0][i][1].item<float>(), wanted[i] + 100) << i;
  }
}

TEST(LoadWeights, PositionsOfNetworksWithoutATokenAndOfNoSquare) {
  const weights::WeightFile file{
      {{"pos_embedding", {{1, 5, 2}, {-1, -1, 0, 1, 2, 3, 4, 5, 6, 7}}}, {"other", {{1}, {1}}}}, {}};
  Positions bare(4);
  EXPECT_THAT(load_weights(bare, file).reshaped, SizeIs(1));
  EXPECT_EQ(bare.embedding[0][3][1].item<float>(), 7);
  Positions odd(8);
  EXPECT_THAT(load_weights(odd, file).other_shape, SizeIs(1));
  EXPECT_EQ(odd.embedding[0][3][1].item<float>(), 7.0F);
  Positions token(5);
  load_weights(token, {{{"pos_embedding", {{1, 4, 2}, {0, 1, 2, 3, 4, 5, 6, 8}}}}, {}});
  EXPECT_EQ(token.embedding[0][0][0].item<float>(), 7.0F) << "the network's own";
  EXPECT_EQ(token.embedding[0][4][1].item<float>(), 8.0F);
  const LoadReport empty = load_weights(odd, {{{"pos_embedding", {{1, 0, 2}, {}}}, {"other", {{1}, {1}}}}, {}});
  EXPECT_THAT(empty.other_shape, SizeIs(1));
}

TEST(LoadWeights, ThrowsAndChangesNothingIfNothingMatches) {
  Small to(10);
  const weights::WeightFile before = weights_of(to);
  EXPECT_THAT(([&] {
                load_weights(to, {{{"a", {{1}, {1}}}, {"fc.bias", {{3}, {1, 2, 3}}}}, {}});
              }),
              ThrowsMessage<MismatchError>(
                  HasSubstr("none of the file's 2 tensors (\"a\", ...) fits one of the network's 9 (\"conv1.bias\"")));
  EXPECT_THROW(load_weights(to, {}), MismatchError);
  EXPECT_EQ(weights_of(to), before);
}

float at(const weights::WeightTensor& t, const std::vector<std::int64_t>& place) {
  std::size_t i = 0;
  for (std::size_t d = 0; d < place.size(); ++d)
    i = i * static_cast<std::size_t>(t.shape[d]) + static_cast<std::size_t>(place[d]);
  return t.values.at(i);
}

weights::WeightTensor counted(const std::vector<std::int64_t>& shape, float first = 0) {
  std::int64_t count = 1;
  for (const std::int64_t side : shape) count *= side;
  weights::WeightTensor t{shape, std::vector<float>(static_cast<std::size_t>(count))};
  std::iota(t.values.begin(), t.values.end(), first);
  return t;
}

/// A transformer of width 6 with two heads of 3.
weights::WeightFile small_jax_vit() {
  weights::WeightFile file;
  file.tensors["embedding/kernel"] = counted({2, 3, 4, 6});
  file.tensors["head/kernel"] = counted({6, 5});
  file.tensors["pre_logits/bias"] = counted({6});
  const std::string block = "Transformer/encoderblock_11/MultiHeadDotProductAttention_1/";
  float first = 0;
  for (const char* name : {"query", "key", "value"}) {
    file.tensors[block + name + "/kernel"] = counted({6, 2, 3}, first);
    file.tensors[block + name + "/bias"] = counted({2, 3}, first);
    first += 1000;
  }
  file.tensors[block + "out/kernel"] = counted({2, 3, 6});
  return file;
}

TEST(JaxVit, BecomesTorchvisionsNamesAndLayouts) {
  const weights::WeightFile jax = small_jax_vit();
  ASSERT_TRUE(is_jax_vit(jax));
  const weights::WeightFile file = from_jax_vit(jax);
  std::vector<std::string> names;
  for (const auto& [name, t] : file.tensors) names.push_back(name);
  const std::string layer = "encoder.layers.encoder_layer_11.self_attention.";
  EXPECT_THAT(names, ElementsAre("conv_proj.weight", layer + "in_proj_bias", layer + "in_proj_weight",
                                 layer + "out_proj.weight", "heads.head.weight", "pre_logits/bias"));
  const auto& conv = file.tensors.at("conv_proj.weight");
  const auto& in = file.tensors.at(layer + "in_proj_weight");
  const auto& out = file.tensors.at(layer + "out_proj.weight");
  EXPECT_THAT(conv.shape, ElementsAre(6, 4, 2, 3));
  EXPECT_THAT(in.shape, ElementsAre(18, 6));
  EXPECT_THAT(out.shape, ElementsAre(6, 6));
  EXPECT_EQ(at(conv, {5, 3, 1, 2}), at(jax.tensors.at("embedding/kernel"), {1, 2, 3, 5}));
  EXPECT_EQ(at(conv, {4, 1, 0, 2}), at(jax.tensors.at("embedding/kernel"), {0, 2, 1, 4}));
  EXPECT_EQ(at(in, {12 + 1 * 3 + 2, 4}), 2000 + (4 * 2 + 1) * 3 + 2) << "value, head 1, entry 2, from input 4";
  EXPECT_EQ(file.tensors.at(layer + "in_proj_bias").values.at(6 + 4), 1004);
  EXPECT_EQ(at(out, {5, 1 * 3 + 2}), (1 * 3 + 2) * 6 + 5);
  EXPECT_EQ(at(file.tensors.at("heads.head.weight"), {4, 2}), 2 * 5 + 4);
}

TEST(JaxVit, RefusesOtherShapes) {
  for (const char* name : {"embedding/kernel", "head/kernel"}) {
    weights::WeightFile jax = small_jax_vit();
    jax.tensors[name] = counted({6});
    EXPECT_THAT([&] { from_jax_vit(jax); }, ThrowsMessage<FormatError>(HasSubstr(name)));
  }
  const std::string key = "Transformer/encoderblock_11/MultiHeadDotProductAttention_1/key/";
  for (const auto& shape : {std::vector<std::int64_t>{6}, {7, 2, 3}}) {
    weights::WeightFile jax = small_jax_vit();
    jax.tensors[key + "kernel"] = counted(shape);
    EXPECT_THAT([&] { from_jax_vit(jax); }, ThrowsMessage<FormatError>(HasSubstr(key)));
  }
  weights::WeightFile lacking = small_jax_vit();
  lacking.tensors.erase(key + "kernel");
  EXPECT_THAT(from_jax_vit(lacking).tensors,
              Contains(::testing::Key("Transformer/encoderblock_11/MultiHeadDotProductAttention_1/query/kernel")));
  weights::WeightFile empty = small_jax_vit();
  empty.tensors["head/kernel"] = {{std::int64_t{1} << 40, 0}, {}};
  EXPECT_THAT(from_jax_vit(empty).tensors.at("heads.head.weight").shape, ElementsAre(0, std::int64_t{1} << 40));
}

torch::Tensor logits(VisionModule& network, std::int64_t side) {
  const torch::NoGradGuard no_grad;
  network.eval();
  torch::manual_seed(9);
  return network.forward(torch::rand({2, 3, side, side}));
}

TEST(LoadWeights, MakesNetworksGiveTheSameLogits) {
  for (const char* name : {"resnet18", "vit-tiny"}) {
    VisionSpec spec;
    spec.network = name;
    torch::manual_seed(6);
    const auto from = make_vision(spec);
    const auto to = make_vision(spec);
    for (const auto& parameter : from->parameters()) parameter.detach().add_(torch::rand_like(parameter) * 0.02);
    const LoadReport report = load_weights(*to, weights_of(*from));
    EXPECT_THAT(report.missing, IsEmpty());
    EXPECT_TRUE(torch::equal(logits(*to, 32), logits(*from, 32))) << name;
    spec.adaptation = Adaptation::er_cnn;
    const auto adapted = make_vision(spec);
    EXPECT_THAT(load_weights(*adapted, weights_of(*from)).missing, Contains(HasSubstr("adaptation."))) << name;
    EXPECT_EQ(weights_of(*adapted).tensors.count("backbone." + weights_of(*from).tensors.begin()->first), 1U);
  }
}

TEST(LoadWeights, TakesTransformersToPicturesOfAnotherSize) {
  VisionSpec spec;
  spec.network = "vit-tiny";
  const auto small = make_vision(spec);
  spec.height = spec.width = 64;
  const auto large = make_vision(spec);
  const LoadReport report = load_weights(*large, weights_of(*small));
  EXPECT_THAT(report.reshaped, SizeIs(1));
  EXPECT_THAT(report.missing, IsEmpty());
  EXPECT_THAT(report.other_shape, IsEmpty());
  EXPECT_EQ(logits(*large, 64).size(1), 10);
}

}  // namespace
}  // namespace obscura::train
