#include "train/vision/layers.h"

#include <cmath>

namespace obscura::train {
namespace {

constexpr double kBatchNormEpsilon = 1e-5;
constexpr double kBatchNormMomentum = 0.1;
constexpr double kLayerNormEpsilon = 1e-6;

/// Kaiming uniform with a = sqrt(5), as LibTorch's own layers: U(-1/sqrt(fan in), 1/sqrt(fan in)).
torch::Tensor uniform_start(std::vector<std::int64_t> shape, std::int64_t fan_in) {
  const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
  return torch::empty(shape).uniform_(-bound, bound);
}

void each_convolution(torch::nn::Module& module, const std::function<void(torch::Tensor&)>& start) {
  const torch::NoGradGuard no_grad;
  for (const auto& part : module.modules(false)) {
    if (auto* conv = dynamic_cast<Conv*>(part.get())) start(conv->weight);
  }
}

}  // namespace

void VisionModule::use_bfloat16(bool wanted) {
  bfloat16_ = wanted;
  for (const auto& child : children()) {
    if (auto* part = dynamic_cast<VisionModule*>(child.get())) part->use_bfloat16(wanted);
  }
}

Conv::Conv(std::int64_t in, std::int64_t out, const ConvForm& form) : form_(form) {
  const auto fan_in = in / form.groups * form.kernel * form.kernel;
  weight = register_parameter("weight", uniform_start({out, in / form.groups, form.kernel, form.kernel}, fan_in));
  if (form.bias) bias = register_parameter("bias", uniform_start({out}, fan_in));
}

torch::Tensor Conv::forward(const torch::Tensor& x) {
  const auto run = [&](const torch::Tensor& input, const torch::Tensor& w, const torch::Tensor& b) {
    return torch::conv2d(input, w, b, form_.stride, form_.padding, 1, form_.groups);
  };
  // oneDNN is quicker at the way back of these in float.
  const bool depthwise = form_.groups > 1 && weight.size(1) == 1;
  if (!bfloat16() || depthwise) return run(x.to(torch::kFloat32), weight, bias);
  const auto last = at::MemoryFormat::ChannelsLast;
  return run(x.to(torch::kBFloat16).contiguous(last), weight.to(torch::kBFloat16).contiguous(last),
             bias.defined() ? bias.to(torch::kBFloat16) : bias);
}

Dense::Dense(std::int64_t in, std::int64_t out) {
  weight = register_parameter("weight", uniform_start({out, in}, in));
  bias = register_parameter("bias", uniform_start({out}, in));
}

torch::Tensor Dense::forward(const torch::Tensor& x) {
  if (!bfloat16()) return torch::linear(x.to(torch::kFloat32), weight, bias);
  return torch::linear(x.to(torch::kBFloat16), weight.to(torch::kBFloat16), bias.to(torch::kBFloat16));
}

torch::Tensor Head::forward(const torch::Tensor& x) {
  return torch::linear(x.to(torch::kFloat32), weight, bias);
}

BatchNorm::BatchNorm(std::int64_t channels) {
  weight = register_parameter("weight", torch::ones({channels}));
  bias = register_parameter("bias", torch::zeros({channels}));
  mean = register_buffer("running_mean", torch::zeros({channels}));
  variance = register_buffer("running_var", torch::ones({channels}));
  batches_ = register_buffer("num_batches_tracked", torch::zeros({}, torch::kInt64));
}

torch::Tensor BatchNorm::forward(const torch::Tensor& x) {
  if (is_training()) batches_ += 1;
  return torch::batch_norm(x, weight, bias, mean, variance, is_training(), kBatchNormMomentum, kBatchNormEpsilon,
                           false);
}

LayerNorm::LayerNorm(std::int64_t size) {
  weight_ = register_parameter("weight", torch::ones({size}));
  bias_ = register_parameter("bias", torch::zeros({size}));
}

torch::Tensor LayerNorm::forward(const torch::Tensor& x) {
  return torch::layer_norm(x.to(torch::kFloat32), weight_.sizes(), weight_, bias_, kLayerNormEpsilon);
}

torch::Tensor Chain::forward(const torch::Tensor& x) {
  auto value = x;
  for (const auto& step : steps_) value = step(value);
  return value;
}

torch::Tensor pool_all(const torch::Tensor& x) {
  return x.to(torch::kFloat32).mean({2, 3});
}

void start_convolutions_by_fan_out(torch::nn::Module& module) {
  each_convolution(module,
                   [](torch::Tensor& w) { torch::nn::init::kaiming_normal_(w, 0, torch::kFanOut, torch::kReLU); });
}

void start_convolutions_by_fan_in(torch::nn::Module& module) {
  each_convolution(module,
                   [](torch::Tensor& w) { torch::nn::init::kaiming_normal_(w, 0, torch::kFanIn, torch::kReLU); });
}

void start_all_normal(torch::nn::Module& module, double deviation) {
  const torch::NoGradGuard no_grad;
  for (const auto& part : module.modules(false)) {
    auto* conv = dynamic_cast<Conv*>(part.get());
    auto* dense = dynamic_cast<Dense*>(part.get());
    if (conv == nullptr && dense == nullptr) continue;
    start_normal(conv != nullptr ? conv->weight : dense->weight, deviation);
    auto& bias = conv != nullptr ? conv->bias : dense->bias;
    if (bias.defined()) bias.zero_();
  }
}

void start_normal(torch::Tensor& weight, double deviation) {
  constexpr double kBound = 2;
  const torch::NoGradGuard no_grad;
  weight.normal_(0, deviation).clamp_(-kBound, kBound);
}

}  // namespace obscura::train
