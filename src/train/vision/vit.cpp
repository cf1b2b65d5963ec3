#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "train/vision/attention.h"
#include "train/vision/families.h"
#include "train/vision/layers.h"

namespace obscura::train {
namespace {

/// A. Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021.
struct ViTForm {
  const char* name;
  std::int64_t depth;
  std::int64_t width;
  std::int64_t heads;
  std::int64_t hidden;  // of the two-layer networks
};

constexpr std::array<ViTForm, 3> kForms{{
    {"vit-tiny", 6, 96, 3, 192},
    {"vit-small", 6, 192, 3, 384},
    {"vit-b16", 12, 768, 12, 3072},
}};

constexpr double kPositionDeviation = 0.02;
constexpr double kHiddenBiasDeviation = 1e-6;

std::shared_ptr<Chain> make_hidden_network(const ViTForm& form) {
  auto network = std::make_shared<Chain>();
  const auto first = network->add("0", std::make_shared<Dense>(form.width, form.hidden));
  network->add([](const torch::Tensor& x) { return torch::gelu(x); });
  const auto second = network->add("3", std::make_shared<Dense>(form.hidden, form.width));
  for (const auto& layer : {first, second}) {
    torch::nn::init::xavier_uniform_(layer->weight);
    torch::nn::init::normal_(layer->bias, 0, kHiddenBiasDeviation);
  }
  return network;
}

/// [N, tokens, width] -> the same.
class EncoderLayer : public VisionModule {
 public:
  explicit EncoderLayer(const ViTForm& form) {
    first_norm_ = register_module("ln_1", std::make_shared<LayerNorm>(form.width));
    attention_ = register_module("self_attention", std::make_shared<SelfAttention>(form.width, form.heads));
    second_norm_ = register_module("ln_2", std::make_shared<LayerNorm>(form.width));
    hidden_ = register_module("mlp", make_hidden_network(form));
  }

  torch::Tensor forward(const torch::Tensor& x) override {
    const auto y = x + attention_->forward(first_norm_->forward(x));
    return y + hidden_->forward(second_norm_->forward(y));
  }

 private:
  std::shared_ptr<LayerNorm> first_norm_;
  std::shared_ptr<SelfAttention> attention_;
  std::shared_ptr<LayerNorm> second_norm_;
  std::shared_ptr<Chain> hidden_;
};

class Encoder : public VisionModule {
 public:
  Encoder(const ViTForm& form, std::int64_t tokens, bool positions) {
    if (positions) {
      positions_ =
          register_parameter("pos_embedding", torch::empty({1, tokens, form.width}).normal_(0, kPositionDeviation));
    }
    layers_ = register_module("layers", std::make_shared<Chain>());
    for (std::int64_t i = 0; i < form.depth; ++i) {
      layers_->add("encoder_layer_" + std::to_string(i), std::make_shared<EncoderLayer>(form));
    }
    norm_ = register_module("ln", std::make_shared<LayerNorm>(form.width));
  }

  torch::Tensor forward(const torch::Tensor& x) override {
    const auto y = layers_->forward(positions_.defined() ? x + positions_ : x);
    return norm_->forward(y.select(1, 0));  // the norm looks at one token at a time, and one is read
  }

 private:
  torch::Tensor positions_;
  std::shared_ptr<Chain> layers_;
  std::shared_ptr<LayerNorm> norm_;
};

class VisionTransformer : public VisionModule {
 public:
  VisionTransformer(const ViTForm& form, const VisionSpec& spec) {
    const auto patch = signed_size(patch_of(spec));
    const auto channels = signed_size(spec.channels);
    const auto patches = signed_size(spec.height) / patch * (signed_size(spec.width) / patch);
    class_token_ = register_parameter("class_token", torch::zeros({1, 1, form.width}));
    projection_ = register_module(
        "conv_proj",
        std::make_shared<Conv>(channels, form.width, ConvForm{.kernel = patch, .stride = patch, .bias = true}));
    encoder_ = register_module("encoder", std::make_shared<Encoder>(form, patches + 1, spec.positions));
    heads_ = register_module("heads", std::make_shared<Chain>());
    const auto head = heads_->add("head", std::make_shared<Head>(form.width, signed_size(spec.classes)));
    start_normal(projection_->weight, std::sqrt(1.0 / static_cast<double>(channels * patch * patch)));
    torch::nn::init::zeros_(projection_->bias);
    torch::nn::init::zeros_(head->weight);
    torch::nn::init::zeros_(head->bias);
  }

  torch::Tensor forward(const torch::Tensor& images) override {
    const auto patches = projection_->forward(images).flatten(2).transpose(1, 2).to(torch::kFloat32);
    const auto tokens = torch::cat({class_token_.expand({images.size(0), -1, -1}), patches}, 1);
    return heads_->forward(encoder_->forward(tokens));
  }

 private:
  torch::Tensor class_token_;
  std::shared_ptr<Conv> projection_;
  std::shared_ptr<Encoder> encoder_;
  std::shared_ptr<Chain> heads_;
};

}  // namespace

std::shared_ptr<VisionModule> make_vit(const VisionSpec& spec) {
  const auto form =
      std::find_if(kForms.begin(), kForms.end(), [&](const ViTForm& f) { return f.name == spec.network; });
  return std::make_shared<VisionTransformer>(*form, spec);
}

}  // namespace obscura::train
