#include <algorithm>
#include <array>
#include <string>

#include "train/vision/families.h"
#include "train/vision/layers.h"
#include "train/vision/shakedrop.h"

namespace obscura::train {
namespace {

struct PyramidForm {
  const char* name;
  std::int64_t blocks;    // a stage: depth = 6 * blocks + 2
  std::int64_t widening;  // maps that all blocks together add
};

constexpr std::array<PyramidForm, 2> kPyramidForms{{
    {"pyramid-shakedrop-mini", 3, 48},
    {"pyramid-shakedrop", 18, 270},
}};

constexpr std::int64_t kFirst = 16;  // maps
constexpr std::int64_t kStages = 3;
constexpr double kLastDropped = 0.5;  // of the last block; earlier ones in proportion

class PyramidBlock : public VisionModule {
 public:
  PyramidBlock(std::int64_t in, std::int64_t out, std::int64_t stride, double dropped)
      : stride_(stride), widening_(out - in), dropped_(dropped) {
    branch_ = register_module("branch", std::make_shared<Chain>());
    branch_->add("0", std::make_shared<BatchNorm>(in));
    branch_->add("1", std::make_shared<Conv>(in, out, ConvForm{.kernel = 3, .stride = stride, .padding = 1}));
    branch_->add("2", std::make_shared<BatchNorm>(out));
    branch_->add([](const torch::Tensor& x) { return torch::relu(x); });
    branch_->add("4", std::make_shared<Conv>(out, out, ConvForm{.kernel = 3, .padding = 1}));
    branch_->add("5", std::make_shared<BatchNorm>(out));
  }

  torch::Tensor forward(const torch::Tensor& x) override {
    const auto added = shake_drop(branch_->forward(x), dropped_, is_training());
    const auto kept = stride_ == 1 ? x : torch::avg_pool2d(x, stride_, stride_);
    return added + torch::constant_pad_nd(kept, {0, 0, 0, 0, 0, widening_});
  }

 private:
  std::int64_t stride_;
  std::int64_t widening_;
  double dropped_;
  std::shared_ptr<Chain> branch_;
};

}  // namespace

/// D. Han et al., "Deep Pyramidal Residual Networks", CVPR 2017, with ShakeDrop; parameters named as in published code.
std::shared_ptr<VisionModule> make_pyramid(const VisionSpec& spec) {
  const auto& form = *std::find_if(kPyramidForms.begin(), kPyramidForms.end(),
                                   [&](const PyramidForm& f) { return f.name == spec.network; });
  auto network = std::make_shared<Chain>();
  network->add("c_in", std::make_shared<Conv>(signed_size(spec.channels), kFirst,
                                              ConvForm{.kernel = 3, .padding = 1, .bias = true}));
  network->add("bn_in", std::make_shared<BatchNorm>(kFirst));
  const auto all = kStages * form.blocks;
  const auto maps_after = [&](std::int64_t block) { return kFirst + (form.widening * block + all - 1) / all; };
  for (std::int64_t stage = 0; stage < kStages; ++stage) {
    auto blocks = std::make_shared<Chain>();
    for (std::int64_t i = 0; i < form.blocks; ++i) {
      const auto before = stage * form.blocks + i;
      const double dropped = kLastDropped * static_cast<double>(before + 1) / static_cast<double>(all);
      blocks->add(std::to_string(i), std::make_shared<PyramidBlock>(maps_after(before), maps_after(before + 1),
                                                                    stage > 0 && i == 0 ? 2 : 1, dropped));
    }
    network->add("layer" + std::to_string(stage + 1), blocks);
  }
  network->add("bn_out", std::make_shared<BatchNorm>(maps_after(all)));
  network->add([](const torch::Tensor& x) { return torch::relu(x); });
  network->add(pool_all);
  const auto head = network->add("fc_out", std::make_shared<Head>(maps_after(all), signed_size(spec.classes)));
  start_convolutions_by_fan_out(*network);
  torch::nn::init::zeros_(head->bias);
  return network;
}

}  // namespace obscura::train
