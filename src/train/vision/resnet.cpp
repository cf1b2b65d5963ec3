#include <algorithm>
#include <array>
#include <string>

#include "train/vision/families.h"
#include "train/vision/layers.h"

namespace obscura::train {
namespace {

/// K. He et al., "Deep Residual Learning for Image Recognition", CVPR 2016; S. Xie et al., "Aggregated Residual
/// Transformations", CVPR 2017 (groups).
struct ResNetForm {
  const char* name;
  bool bottleneck;
  std::int64_t width;  // of the first stage; each later one doubles it
  std::array<std::size_t, 4> blocks;
  std::int64_t groups;
  std::int64_t group_width;  // maps a group of the first stage's 3x3 convolution in a bottleneck
};

constexpr std::array<ResNetForm, 7> kForms{{
    {"resnet8", false, 16, {1, 1, 1, 0}, 1, 0},
    {"resnet20", false, 16, {3, 3, 3, 0}, 1, 0},
    {"resnext11", true, 16, {1, 1, 1, 0}, 8, 4},
    {"resnet18", false, 64, {2, 2, 2, 2}, 1, 0},
    {"resnet34", false, 64, {3, 4, 6, 3}, 1, 0},
    {"resnet50", true, 64, {3, 4, 6, 3}, 1, 64},
    {"resnext50", true, 64, {3, 4, 6, 3}, 32, 4},
}};

constexpr std::int64_t kExpansion = 4;  // outputs of a bottleneck for each of its inner maps

class ResidualBlock : public VisionModule {
 public:
  ResidualBlock(const ResNetForm& form, std::int64_t in, std::int64_t width, std::int64_t stride) {
    const auto out = form.bottleneck ? width * kExpansion : width;
    if (form.bottleneck) {
      const auto inner = width * form.group_width * form.groups / form.width;
      add("1", in, inner, {});
      add("2", inner, inner, {.kernel = 3, .stride = stride, .padding = 1, .groups = form.groups});
      add("3", inner, out, {});
    } else {
      add("1", in, width, {.kernel = 3, .stride = stride, .padding = 1});
      add("2", width, width, {.kernel = 3, .padding = 1});
    }
    if (stride == 1 && in == out) return;
    shortcut_ = register_module("downsample", std::make_shared<Chain>());
    shortcut_->add("0", std::make_shared<Conv>(in, out, ConvForm{.stride = stride}));
    shortcut_->add("1", std::make_shared<BatchNorm>(out));
  }

  torch::Tensor forward(const torch::Tensor& x) override {
    auto y = x;
    for (std::size_t i = 0; i < convs_.size(); ++i) {
      if (i > 0) y = y.relu_();
      y = norms_[i]->forward(convs_[i]->forward(y));
    }
    return y.add_(shortcut_ ? shortcut_->forward(x) : x).relu_();
  }

 private:
  void add(const std::string& number, std::int64_t in, std::int64_t out, const ConvForm& form) {
    convs_.push_back(register_module("conv" + number, std::make_shared<Conv>(in, out, form)));
    norms_.push_back(register_module("bn" + number, std::make_shared<BatchNorm>(out)));
  }

  std::vector<std::shared_ptr<Conv>> convs_;
  std::vector<std::shared_ptr<BatchNorm>> norms_;
  std::shared_ptr<Chain> shortcut_;
};

std::shared_ptr<Chain> make_stage(const ResNetForm& form, std::size_t stage, std::int64_t in) {
  auto blocks = std::make_shared<Chain>();
  const auto width = form.width << stage;
  for (std::size_t i = 0; i < form.blocks[stage]; ++i) {
    blocks->add(std::to_string(i), std::make_shared<ResidualBlock>(form, in, width, stage > 0 && i == 0 ? 2 : 1));
    in = form.bottleneck ? width * kExpansion : width;
  }
  return blocks;
}

void add_stem(Chain& network, const ResNetForm& form, const VisionSpec& spec) {
  // The three stages for 32x32 pictures have but this stem.
  const bool small = form.blocks[3] == 0 || has_small_stem(spec);
  const auto conv = small ? ConvForm{.kernel = 3, .padding = 1} : ConvForm{.kernel = 7, .stride = 2, .padding = 3};
  network.add("conv1", std::make_shared<Conv>(signed_size(spec.channels), form.width, conv));
  network.add("bn1", std::make_shared<BatchNorm>(form.width));
  network.add([](const torch::Tensor& x) { return torch::relu(x); });
  if (!small) network.add([](const torch::Tensor& x) { return torch::max_pool2d(x, 3, 2, 1); });
}

const ResNetForm& form_of(const std::string& name) {
  return *std::find_if(kForms.begin(), kForms.end(), [&](const ResNetForm& form) { return form.name == name; });
}

}  // namespace

std::shared_ptr<VisionModule> make_resnet(const VisionSpec& spec) {
  const ResNetForm& form = form_of(spec.network);
  auto network = std::make_shared<Chain>();
  add_stem(*network, form, spec);
  auto maps = form.width;
  for (std::size_t stage = 0; stage < form.blocks.size() && form.blocks[stage] > 0; ++stage) {
    network->add("layer" + std::to_string(stage + 1), make_stage(form, stage, maps));
    maps = (form.width << stage) * (form.bottleneck ? kExpansion : 1);
  }
  network->add(pool_all);
  network->add("fc", std::make_shared<Head>(maps, signed_size(spec.classes)));
  start_convolutions_by_fan_out(*network);
  return network;
}

}  // namespace obscura::train
