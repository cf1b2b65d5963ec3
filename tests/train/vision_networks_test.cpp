// Networks for pictures, their parts, and what adapts them to protected pictures.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "shield/hill.h"
#include "train/vision/adaptation.h"
#include "train/vision/attention.h"
#include "train/vision/module.h"
#include "train/vision/shakedrop.h"

namespace obscura::train {
namespace {

class VisionNetworkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    torch::set_num_threads(1);
    torch::manual_seed(7);
  }
};

std::size_t weights_of(const torch::nn::Module& module) {
  std::size_t count = 0;
  for (const auto& parameter : module.parameters()) count += static_cast<std::size_t>(parameter.numel());
  return count;
}

double difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

TEST_F(VisionNetworkTest, HasTheNumberOfWeightsOfThePapers) {
  // The smaller ones by hand, layer by layer. Those that torchvision has not (it has the rest: TorchvisionTest). He et
  // al. give 0.27 M for ResNet-20, with shortcuts without weights, which saves 2,752; ConvMixer-256/8 0.59 M; Han et
  // al. 28.5 M for alpha 270.
  const std::map<std::string, std::size_t> wanted{
      {"resnet8", 78042},    {"resnet20", 269722 + 2752},     {"convmixer-tiny", 129930},
      {"convmixer", 594186}, {"pyramid-shakedrop", 28485493}, {"resnext11", 135898},
      {"densenet22", 71734}, {"convnext-mini", 306442},       {"pyramid-shakedrop-mini", 314929},
  };
  for (const auto& [name, count] : wanted) EXPECT_EQ(weights_of(*make_vision({.network = name})), count) << name;
}

TEST_F(VisionNetworkTest, SummariesSayTheNumberOfWeights) {
  for (const auto& name : vision_names()) {
    const auto summary = vision_summary(name);
    const auto at = summary.rfind("; ");
    ASSERT_NE(at, std::string::npos) << summary;
    const double millions = std::stod(summary.substr(at + 2));
    if (millions > 30) continue;  // large ones only cost time
    const std::size_t side = name == "vit-b16" ? 224 : 32;
    const auto network = make_vision({.network = name, .height = side, .width = side});
    EXPECT_NEAR(static_cast<double>(weights_of(*network)) / 1e6, millions, millions < 1 ? 0.005 : 0.05) << summary;
  }
}

TEST_F(VisionNetworkTest, TakesOtherChannelsSidesAndClasses) {
  const std::vector<VisionSpec> specs{
      {.network = "resnet8", .channels = 1, .height = 28, .width = 20, .classes = 7},
      {.network = "vit-tiny", .channels = 192, .height = 8, .width = 8, .classes = 7, .patch = 1, .positions = false},
      {.network = "convmixer-tiny", .channels = 4, .height = 12, .width = 16, .classes = 7, .patch = 4},
      {.network = "densenet121", .channels = 2, .height = 9, .width = 8, .classes = 7},
      {.network = "convnext-tiny", .channels = 1, .height = 8, .width = 11, .classes = 7},
  };
  for (const VisionSpec& spec : specs) {
    const auto network = make_vision(spec);
    network->eval();
    const auto shape =
        std::vector<std::int64_t>{2, static_cast<std::int64_t>(spec.channels), static_cast<std::int64_t>(spec.height),
                                  static_cast<std::int64_t>(spec.width)};
    const torch::NoGradGuard no_grad;
    EXPECT_EQ(network->forward(torch::randn(shape)).sizes(), (std::vector<std::int64_t>{2, 7})) << spec.network;
  }
}

/// What a head gives that starts at zero says nothing.
void wake(VisionModule& network) {
  const torch::NoGradGuard no_grad;
  for (const auto& parameter : network.parameters()) {
    if (parameter.dim() == 2) parameter.normal_(0, 0.1);
  }
}

TEST_F(VisionNetworkTest, WithoutPositionsTheOrderOfPatchesDoesNotMatter) {
  const auto images = torch::randn({2, 3, 32, 32});
  const auto moved = torch::cat({images.slice(3, 8), images.slice(3, 0, 8)}, 3);  // by two patches
  for (const bool positions : {false, true}) {
    const auto network = make_vision({.network = "vit-tiny", .positions = positions});
    wake(*network);
    const torch::NoGradGuard no_grad;
    const auto change = difference(network->forward(images), network->forward(moved));
    if (positions) {
      EXPECT_GT(change, 1e-3);
    } else {
      EXPECT_LT(change, 1e-4);
    }
    EXPECT_EQ(network->named_parameters().contains("encoder.pos_embedding"), positions);
  }
}

TEST_F(VisionNetworkTest, EveryWeightLearnsInFloatAndBfloat16) {
  for (const char* name : {"resnet8", "vit-tiny", "convmixer-tiny", "convnext-tiny", "densenet121"}) {
    const auto network = make_vision({.network = name, .height = 16, .width = 16});
    wake(*network);
    const auto images = torch::randn({4, 3, 16, 16});
    network->eval();
    const auto exact = network->forward(images);
    network->use_bfloat16(true);
    const auto rough = network->forward(images);
    EXPECT_EQ(rough.scalar_type(), torch::kFloat32);
    EXPECT_LT(difference(exact, rough), 0.05 * (1 + exact.abs().max().item<double>())) << name;
    EXPECT_GT(difference(exact, rough), 0) << name;

    network->train();
    torch::cross_entropy_loss(network->forward(images), torch::tensor({0, 1, 2, 3})).backward();
    for (const auto& parameter : network->named_parameters()) {
      ASSERT_TRUE(parameter.value().grad().defined()) << name << ' ' << parameter.key();
      EXPECT_TRUE(parameter.value().grad().isfinite().all().item<bool>()) << name << ' ' << parameter.key();
    }
  }
}

TEST_F(VisionNetworkTest, AttentionIsThatOfLibTorch) {
  SelfAttention ours(24, 3);
  torch::nn::MultiheadAttention theirs(torch::nn::MultiheadAttentionOptions(24, 3));
  {
    const torch::NoGradGuard no_grad;
    for (const auto& parameter : theirs->named_parameters()) {
      parameter.value().normal_(0, 0.3);
      ours.named_parameters()[parameter.key()].copy_(parameter.value());
    }
  }
  EXPECT_EQ(ours.parameters().size(), theirs->parameters().size());
  auto x = torch::randn({2, 5, 24}).requires_grad_();
  const auto push = torch::randn({2, 5, 24});
  const auto mine = ours.forward(x);
  const auto my_gradient = torch::autograd::grad({mine}, {x}, {push})[0];
  const auto tokens_first = x.transpose(0, 1);
  const auto wanted = std::get<0>(theirs->forward(tokens_first, tokens_first, tokens_first)).transpose(0, 1);
  EXPECT_LT(difference(mine, wanted), 1e-5);
  EXPECT_LT(difference(my_gradient, torch::autograd::grad({wanted}, {x}, {push})[0]), 1e-5);
}

TEST_F(VisionNetworkTest, ShakesOneFactorAheadAndAnotherBack) {
  auto x = torch::randn({3, 2, 4, 4}).requires_grad_();
  const auto ahead = torch::tensor({0.5F, -1.0F, 0.0F}).view({3, 1, 1, 1});
  const auto back = torch::tensor({0.25F, 0.0F, 1.0F}).view({3, 1, 1, 1});
  const auto y = shake(x, ahead, back);
  EXPECT_EQ(difference(y, x * ahead), 0);
  const auto push = torch::randn_like(x);
  EXPECT_EQ(difference(torch::autograd::grad({y}, {x}, {push})[0], push * back), 0);
}

TEST_F(VisionNetworkTest, ShakeDropKeepsTheShareItSaysAndScalesByItOutsideTraining) {
  auto x = torch::ones({4, 1, 1, 1}).requires_grad_();
  EXPECT_LT(difference(shake_drop(x, 0.3, false), x * 0.7), 1e-6);
  EXPECT_EQ(difference(shake_drop(x, 0, true), x), 0);
  int kept = 0;
  constexpr int kRounds = 1000;
  for (int i = 0; i < kRounds; ++i) {
    const auto y = shake_drop(x, 0.3, true);
    if (difference(y, x) == 0) {
      ++kept;
      continue;
    }
    EXPECT_LE(y.abs().max().item<double>(), 1);
    EXPECT_NE(y[0].item<double>(), y[1].item<double>());  // an image its own
    const auto gradient = torch::autograd::grad({y.sum()}, {x})[0];
    EXPECT_GE(gradient.min().item<double>(), 0);
    EXPECT_LE(gradient.max().item<double>(), 1);
    EXPECT_GT(difference(gradient, y), 0);
  }
  EXPECT_NEAR(kept, 0.7 * kRounds, 75);  // five deviations
}

TEST_F(VisionNetworkTest, BlockInverseStartsAsTheIdentity) {
  const auto network = make_vision({.network = "resnet8", .adaptation = Adaptation::er_cnn, .block = 4});
  const auto adaptation = adaptation_of(*network);
  ASSERT_NE(adaptation, nullptr);
  network->use_bfloat16(true);  // not this part
  const auto images = torch::rand({2, 3, 32, 32}) * 255;
  EXPECT_LT(difference(adaptation->forward(images), images), 1e-3);
  EXPECT_GT(difference(adaptation->parameters()[0].slice(0, 0, 16).reshape({16, 16}), torch::eye(16)), 0.1);
}

TEST_F(VisionNetworkTest, BlockInverseHoldsTheInverseOfAHillKey) {
  const auto shield =
      shield::make_shield({.shield = "hill", .block = 4, .arithmetic = shield::Arithmetic::real}, shield::Seed{5});
  const auto kernel = dynamic_cast<const shield::RealHill&>(*shield).inverse_convolution(3);
  image::Image plain(3, 32, 32);
  for (std::size_t i = 0; i < plain.pixels.size(); ++i) plain.pixels[i] = static_cast<std::uint8_t>(i * 37 + i / 96);
  auto protected_picture = std::get<shield::RealImage>(shield->protect(plain).picture);

  const auto network = make_vision({.network = "resnet8", .adaptation = Adaptation::er_cnn, .block = 4});
  const auto adaptation = adaptation_of(*network);
  const torch::NoGradGuard no_grad;
  auto parameters = adaptation->named_parameters();
  parameters["conv.weight"].copy_(torch::tensor(kernel.values).view({48, 1, 4, 4}));
  parameters["deconv.weight"].copy_(torch::eye(16).view({16, 1, 4, 4}).repeat({3, 1, 1, 1}));
  const auto adapted = adaptation->forward(torch::tensor(protected_picture.values).view({1, 3, 32, 32}));
  const auto wanted =
      torch::from_blob(plain.pixels.data(), {32, 32, 3}, torch::kUInt8).permute({2, 0, 1}).to(torch::kFloat32);
  EXPECT_LT(difference(adapted[0], wanted), 0.1);
}

TEST_F(VisionNetworkTest, PaddedBlockInverseIsThePublishedOne) {
  const VisionSpec spec{.network = "resnet8", .adaptation = Adaptation::er_cnn, .block = 8, .adaptation_padding = 1};
  const auto network = make_vision(spec);
  const auto adaptation = adaptation_of(*network);
  EXPECT_EQ(adaptation->named_parameters()["conv.weight"].sizes(), (std::vector<std::int64_t>{192, 3, 8, 8}));
  EXPECT_EQ(weights_of(*adaptation), 2U * 192 * 192 + 192 + 3);
  EXPECT_EQ(adaptation->forward(torch::randn({1, 3, 32, 32})).sizes(), (std::vector<std::int64_t>{1, 3, 32, 32}));
}

TEST_F(VisionNetworkTest, AdaptationsOfBlocksGiveSixteenMaps) {
  for (const auto kind : {Adaptation::tanaka, Adaptation::madono}) {
    const auto network = make_vision({.network = "resnet8", .height = 16, .width = 24, .adaptation = kind, .block = 4});
    const auto adaptation = adaptation_of(*network);
    const auto images = torch::rand({3, 3, 16, 24});
    EXPECT_EQ(adaptation->forward(images).sizes(), (std::vector<std::int64_t>{3, 16, 16, 24}));
    EXPECT_EQ(network->named_parameters()["backbone.conv1.weight"].size(1), 16);
    network->forward(images).sum().backward();
    EXPECT_EQ(network->penalty().defined(), kind == Adaptation::madono);
    network->eval();
    // A block changes its own place alone, where no matrix mixes them.
    auto other = images.clone();
    other.slice(2, 0, 4).slice(3, 4, 8).add_(1);
    const auto change = (adaptation->forward(other) - adaptation->forward(images)).abs().sum(at::IntArrayRef{0, 1});
    const auto inside = change.slice(0, 0, 4).slice(1, 4, 8).sum().item<double>();
    EXPECT_GT(inside, 0);
    if (kind == Adaptation::tanaka) {
      EXPECT_NEAR(change.sum().item<double>(), inside, 1e-3 * inside);
    }
    EXPECT_FALSE(network->penalty().defined() && !network->is_training());
  }
  EXPECT_EQ(adaptation_of(*make_vision({.network = "resnet8"})), nullptr);
}

TEST_F(VisionNetworkTest, MadonosMapsHaveNormOne) {
  BlocksByPosition adaptation(3, 2, 3, 4);
  const torch::NoGradGuard no_grad;
  auto parameters = adaptation.named_parameters();
  for (int i = 0; i < 60; ++i) adaptation.forward(torch::rand({2, 3, 8, 12}));
  auto buffers = adaptation.named_buffers();
  const auto weight = parameters["weight"];
  const auto found = torch::bmm(buffers["left"].transpose(1, 2), torch::bmm(weight, buffers["right"])).flatten();
  const auto wanted = std::get<1>(torch::svd(weight)).select(1, 0);
  EXPECT_LT(difference(found / wanted, torch::ones_like(wanted)), 0.02);
}

TEST_F(VisionNetworkTest, PenaltiesAreZeroForPermutationsAndFlatMaps) {
  const auto permutation = torch::eye(9).index_select(0, torch::randperm(9));
  EXPECT_EQ(permutation_distance(permutation).item<double>(), 0);
  EXPECT_GT(permutation_distance(permutation + 0.1).item<double>(), 0.01);
  // All ones: each row and column has n - sqrt(n).
  EXPECT_NEAR(permutation_distance(torch::ones({4, 4})).item<double>(), 2 * 4 * (4.0 - 2.0) / 16, 1e-6);

  EXPECT_EQ(roughness(torch::full({2, 16, 8, 8}, 3.0F)).item<double>(), 0);
  // One pixel of height 2 inside a map: it differs from itself twice, and from the pixels above and left of it.
  auto maps = torch::zeros({1, 16, 8, 8});
  maps[0][2][3][4] = 2.0F;
  EXPECT_NEAR(roughness(maps).item<double>(), 4 * 4.0 / (7 * 8 * 16), 1e-6);
  maps[0][3][3][4] = 50.0F;  // only the first three count
  EXPECT_NEAR(roughness(maps).item<double>(), 4 * 4.0 / (7 * 8 * 16), 1e-6);
}

}  // namespace
}  // namespace obscura::train
