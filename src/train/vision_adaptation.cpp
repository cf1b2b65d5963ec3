#include "train/vision_families.h"
#include "train/vision_layers.h"

namespace obscura::train {
namespace {

/// ER-CNN: a convolution with a map for each value of a block, and a transposed one back. Both are linear, so that they
/// can hold the inverse of any shield that is linear in blocks, as the Hill cipher is.
class BlockInverse : public VisionModule {
 public:
  explicit BlockInverse(const VisionSpec& spec)
      : block_(signed_size(spec.block)), padding_(signed_size(spec.adaptation_padding)) {
    const auto channels = signed_size(spec.channels);
    // Published code mixes channels and has windows a pixel off the blocks; keys are a channel.
    groups_ = padding_ > 0 ? 1 : channels;
    const auto maps = channels * block_ * block_;
    conv_ = register_module("conv",
                            std::make_shared<Conv>(channels, maps, ConvForm{block_, block_, padding_, groups_, true}));
    back_ = register_module(
        "deconv", std::make_shared<torch::nn::ConvTranspose2dImpl>(
                      torch::nn::ConvTranspose2dOptions(maps, channels, block_).stride(block_).groups(groups_)));
    if (padding_ == 0) start_as_identity(channels);
  }

  torch::Tensor forward(const torch::Tensor& x) override { return back_->forward(conv_->forward(x)); }

 private:
  /// A random orthogonal map for each channel, and its transpose.
  void start_as_identity(std::int64_t channels) {
    const torch::NoGradGuard no_grad;
    const auto size = block_ * block_;
    for (std::int64_t c = 0; c < channels; ++c) {
      auto map = torch::empty({size, size});
      torch::nn::init::orthogonal_(map);
      conv_->weight.slice(0, c * size, (c + 1) * size).copy_(map.view({size, 1, block_, block_}));
    }
    back_->weight.copy_(conv_->weight);
    conv_->bias.zero_();
    back_->bias.zero_();
  }

  std::int64_t block_;
  std::int64_t padding_;
  std::int64_t groups_ = 1;
  std::shared_ptr<Conv> conv_;
  torch::nn::ConvTranspose2d back_ = nullptr;
};

}  // namespace

std::shared_ptr<VisionModule> make_adaptation(const VisionSpec& spec) {
  if (spec.adaptation == Adaptation::er_cnn) return std::make_shared<BlockInverse>(spec);
  return nullptr;
}

}  // namespace obscura::train
