#include <algorithm>
#include <array>
#include <string>

#include "train/vision/families.h"
#include "train/vision/layers.h"

namespace obscura::train {
namespace {

/// Z. Liu et al., "A ConvNet for the 2020s", CVPR 2022.
struct ConvNextForm {
  const char* name;
  std::array<std::int64_t, 4> widths;
  std::array<std::int64_t, 4> blocks;
  double dropped;  // share of images whose last block is left out in training
};

constexpr std::array<ConvNextForm, 5> kForms{{
    {"convnext-mini", {16, 32, 64, 128}, {1, 1, 3, 1}, 0},
    {"convnext-tiny", {96, 192, 384, 768}, {3, 3, 9, 3}, 0.1},
    {"convnext-small", {96, 192, 384, 768}, {3, 3, 27, 3}, 0.4},
    {"convnext-base", {128, 256, 512, 1024}, {3, 3, 27, 3}, 0.5},
    {"convnext-large", {192, 384, 768, 1536}, {3, 3, 27, 3}, 0.5},
}};

constexpr double kFirstScale = 1e-6;
constexpr double kWeightDeviation = 0.02;

/// LayerNorm of each pixel over channels of [N, C, H, W].
class PixelNorm : public LayerNorm {
 public:
  using LayerNorm::LayerNorm;
  torch::Tensor forward(const torch::Tensor& x) override {
    return LayerNorm::forward(x.permute({0, 2, 3, 1})).permute({0, 3, 1, 2});
  }
};

/// Adds to each image, but those that are left out, what a chain of layers makes of it.
class ConvNextBlock : public VisionModule {
 public:
  ConvNextBlock(std::int64_t width, double dropped) : dropped_(dropped) {
    chain_ = register_module("block", std::make_shared<Chain>());
    chain_->add(
        "0", std::make_shared<Conv>(width, width, ConvForm{.kernel = 7, .padding = 3, .groups = width, .bias = true}));
    chain_->add([](const torch::Tensor& x) { return x.permute({0, 2, 3, 1}); });
    chain_->add("2", std::make_shared<LayerNorm>(width));
    chain_->add("3", std::make_shared<Dense>(width, 4 * width));
    chain_->add([](const torch::Tensor& x) { return torch::gelu(x); });
    chain_->add("5", std::make_shared<Dense>(4 * width, width));
    chain_->add([](const torch::Tensor& x) { return x.permute({0, 3, 1, 2}); });
    scale_ = register_parameter("layer_scale", torch::full({width, 1, 1}, kFirstScale));
  }

  torch::Tensor forward(const torch::Tensor& x) override {
    auto added = scale_ * chain_->forward(x);
    if (is_training() && dropped_ > 0) {
      const auto kept = torch::empty({x.size(0), 1, 1, 1}, x.device()).bernoulli_(1 - dropped_);
      added = added * (kept / (1 - dropped_));
    }
    return x + added;
  }

 private:
  double dropped_;
  std::shared_ptr<Chain> chain_;
  torch::Tensor scale_;
};

std::shared_ptr<Chain> make_stem(const ConvNextForm& form, const VisionSpec& spec) {
  const auto conv = has_small_stem(spec) ? ConvForm{.kernel = 3, .padding = 1, .bias = true}
                                         : ConvForm{.kernel = 4, .stride = 4, .bias = true};
  auto stem = std::make_shared<Chain>();
  stem->add("0", std::make_shared<Conv>(signed_size(spec.channels), form.widths[0], conv));
  stem->add("1", std::make_shared<PixelNorm>(form.widths[0]));
  return stem;
}

std::shared_ptr<Chain> make_downsampling(std::int64_t in, std::int64_t out) {
  auto layers = std::make_shared<Chain>();
  layers->add("0", std::make_shared<PixelNorm>(in));
  layers->add("1", std::make_shared<Conv>(in, out, ConvForm{.kernel = 2, .stride = 2, .bias = true}));
  return layers;
}

/// Blocks are left out the more often the later they stand.
std::shared_ptr<Chain> make_features(const ConvNextForm& form, const VisionSpec& spec) {
  auto features = std::make_shared<Chain>();
  features->add("0", make_stem(form, spec));
  const auto total = form.blocks[0] + form.blocks[1] + form.blocks[2] + form.blocks[3];
  std::int64_t done = 0;
  for (std::size_t stage = 0; stage < form.widths.size(); ++stage) {
    auto blocks = std::make_shared<Chain>();
    for (std::int64_t i = 0; i < form.blocks[stage]; ++i, ++done) {
      const double dropped = form.dropped * static_cast<double>(done) / static_cast<double>(total - 1);
      blocks->add(std::to_string(i), std::make_shared<ConvNextBlock>(form.widths[stage], dropped));
    }
    features->add(std::to_string(2 * stage + 1), blocks);
    if (stage + 1 == form.widths.size()) break;
    features->add(std::to_string(2 * stage + 2), make_downsampling(form.widths[stage], form.widths[stage + 1]));
  }
  return features;
}

}  // namespace

std::shared_ptr<VisionModule> make_convnext(const VisionSpec& spec) {
  const auto* form =
      std::find_if(kForms.begin(), kForms.end(), [&](const ConvNextForm& f) { return f.name == spec.network; });
  auto network = std::make_shared<Chain>();
  network->add("features", make_features(*form, spec));
  network->add(pool_all);
  auto classifier = std::make_shared<Chain>();
  classifier->add("0", std::make_shared<LayerNorm>(form->widths.back()));
  classifier->add("2", std::make_shared<Head>(form->widths.back(), signed_size(spec.classes)));
  network->add("classifier", classifier);
  start_all_normal(*network, kWeightDeviation);
  return network;
}

}  // namespace obscura::train
