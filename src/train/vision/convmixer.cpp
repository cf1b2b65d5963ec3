#include <algorithm>
#include <array>
#include <string>

#include "train/vision/families.h"
#include "train/vision/layers.h"

namespace obscura::train {
namespace {

/// A. Trockman, J. Z. Kolter, "Patches Are All You Need?", TMLR 2023; parameters named as in its published code.
struct ConvMixerForm {
  const char* name;
  std::int64_t width;
  std::int64_t depth;
  std::int64_t kernel;  // odd
};

constexpr std::array<ConvMixerForm, 2> kForms{{
    {"convmixer-tiny", 128, 6, 5},
    {"convmixer", 256, 8, 5},
}};

/// oneDNN is many times slower at it with strides, which channels last have.
torch::Tensor gelu(const torch::Tensor& x) {
  return torch::gelu(x.permute({0, 2, 3, 1}).contiguous()).permute({0, 3, 1, 2});
}

void add_convolution(Chain& chain, std::int64_t in, std::int64_t out, const ConvForm& form) {
  chain.add("0", std::make_shared<Conv>(in, out, form));
  chain.add(gelu);
  chain.add("2", std::make_shared<BatchNorm>(out));
}

/// Mixes pixels a channel, and adds what came in.
class Mixer : public VisionModule {
 public:
  explicit Mixer(const ConvMixerForm& form) {
    chain_ = register_module("fn", std::make_shared<Chain>());
    add_convolution(*chain_, form.width, form.width,
                    {.kernel = form.kernel, .padding = form.kernel / 2, .groups = form.width, .bias = true});
  }
  torch::Tensor forward(const torch::Tensor& x) override { return x + chain_->forward(x); }

 private:
  std::shared_ptr<Chain> chain_;
};

std::shared_ptr<Chain> make_layer(const ConvMixerForm& form) {
  auto layer = std::make_shared<Chain>();
  layer->add("0", std::make_shared<Mixer>(form));
  layer->add("1", std::make_shared<Conv>(form.width, form.width, ConvForm{.bias = true}));
  layer->add(gelu);
  layer->add("3", std::make_shared<BatchNorm>(form.width));
  return layer;
}

}  // namespace

std::shared_ptr<VisionModule> make_convmixer(const VisionSpec& spec) {
  const auto* form =
      std::find_if(kForms.begin(), kForms.end(), [&](const ConvMixerForm& f) { return f.name == spec.network; });
  const auto patch = signed_size(patch_of(spec));
  auto network = std::make_shared<Chain>();
  add_convolution(*network, signed_size(spec.channels), form->width, {.kernel = patch, .stride = patch, .bias = true});
  for (std::int64_t i = 0; i < form->depth; ++i) network->add(std::to_string(3 + i), make_layer(*form));
  network->add(pool_all);
  network->add(std::to_string(form->depth + 5), std::make_shared<Head>(form->width, signed_size(spec.classes)));
  return network;
}

}  // namespace obscura::train
