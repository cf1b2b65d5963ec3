#include <algorithm>
#include <array>
#include <string>

#include "train/vision/families.h"
#include "train/vision/layers.h"

namespace obscura::train {
namespace {

/// G. Huang et al., "Densely Connected Convolutional Networks", CVPR 2017.
struct DenseNetForm {
  const char* name;
  std::int64_t growth;                               // maps that a layer adds
  std::array<std::int64_t, 4> layers;                // of each block; 0: there is none
  std::int64_t inner() const { return 4 * growth; }  // maps between its two convolutions
  std::int64_t first() const { return 2 * growth; }  // maps after the stem
};

constexpr std::array<DenseNetForm, 2> kDenseNetForms{{
    {"densenet22", 12, {3, 3, 3, 0}},
    {"densenet121", 32, {6, 12, 24, 16}},
}};

torch::Tensor relu(const torch::Tensor& x) {
  return torch::relu(x);
}

/// Gives what it was given and the maps it adds.
class DenseLayer : public VisionModule {
 public:
  DenseLayer(const DenseNetForm& form, std::int64_t in) {
    const auto inner = form.inner();
    first_norm_ = register_module("norm1", std::make_shared<BatchNorm>(in));
    first_ = register_module("conv1", std::make_shared<Conv>(in, inner, ConvForm{}));
    second_norm_ = register_module("norm2", std::make_shared<BatchNorm>(inner));
    second_ = register_module("conv2", std::make_shared<Conv>(inner, form.growth, ConvForm{.kernel = 3, .padding = 1}));
  }

  torch::Tensor forward(const torch::Tensor& x) override {
    const auto inner = first_->forward(first_norm_->forward(x).relu_());
    return torch::cat({x, second_->forward(second_norm_->forward(inner).relu_())}, 1);
  }

 private:
  std::shared_ptr<BatchNorm> first_norm_;
  std::shared_ptr<Conv> first_;
  std::shared_ptr<BatchNorm> second_norm_;
  std::shared_ptr<Conv> second_;
};

std::shared_ptr<Chain> make_block(const DenseNetForm& form, std::int64_t layers, std::int64_t maps) {
  auto block = std::make_shared<Chain>();
  for (std::int64_t i = 0; i < layers; ++i) {
    block->add("denselayer" + std::to_string(i + 1), std::make_shared<DenseLayer>(form, maps + i * form.growth));
  }
  return block;
}

std::shared_ptr<Chain> make_transition(std::int64_t maps) {
  auto transition = std::make_shared<Chain>();
  transition->add("norm", std::make_shared<BatchNorm>(maps));
  transition->add(relu);
  transition->add("conv", std::make_shared<Conv>(maps, maps / 2, ConvForm{}));
  transition->add([](const torch::Tensor& x) { return torch::avg_pool2d(x, 2, 2); });
  return transition;
}

void add_stem(Chain& features, const DenseNetForm& form, const VisionSpec& spec) {
  // The three blocks for 32x32 pictures have but this stem.
  const bool small = form.layers[3] == 0 || has_small_stem(spec);
  const auto conv = small ? ConvForm{.kernel = 3, .padding = 1} : ConvForm{.kernel = 7, .stride = 2, .padding = 3};
  features.add("conv0", std::make_shared<Conv>(signed_size(spec.channels), form.first(), conv));
  features.add("norm0", std::make_shared<BatchNorm>(form.first()));
  features.add(relu);
  if (!small) features.add([](const torch::Tensor& x) { return torch::max_pool2d(x, 3, 2, 1); });
}

}  // namespace

std::shared_ptr<VisionModule> make_densenet(const VisionSpec& spec) {
  const auto& form = *std::find_if(kDenseNetForms.begin(), kDenseNetForms.end(),
                                   [&](const DenseNetForm& f) { return f.name == spec.network; });
  auto features = std::make_shared<Chain>();
  add_stem(*features, form, spec);
  auto maps = form.first();
  for (std::size_t i = 0; i < form.layers.size(); ++i) {
    features->add("denseblock" + std::to_string(i + 1), make_block(form, form.layers[i], maps));
    maps += form.layers[i] * form.growth;
    if (i + 1 == form.layers.size() || form.layers[i + 1] == 0) break;
    features->add("transition" + std::to_string(i + 1), make_transition(maps));
    maps /= 2;
  }
  features->add("norm5", std::make_shared<BatchNorm>(maps));
  features->add(relu);
  auto network = std::make_shared<Chain>();
  network->add("features", features);
  network->add(pool_all);
  const auto head = network->add("classifier", std::make_shared<Head>(maps, signed_size(spec.classes)));
  start_convolutions_by_fan_in(*network);
  torch::nn::init::zeros_(head->bias);
  return network;
}

}  // namespace obscura::train
