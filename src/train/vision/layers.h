#pragma once

// Internal to src/train.
#include <functional>
#include <string>
#include <vector>

#include "train/vision/module.h"

namespace obscura::train {

inline std::int64_t signed_size(std::size_t value) {
  return static_cast<std::int64_t>(value);
}

/// Shape of a square convolution beside its channels.
struct ConvForm {
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  std::int64_t groups = 1;
  bool bias = false;
};

/// Parameters weight [out, in / groups, kernel, kernel] and bias. In bfloat16 its output is bfloat16 with channels
/// last.
class Conv : public VisionModule {
 public:
  Conv(std::int64_t in, std::int64_t out, const ConvForm& form);
  torch::Tensor forward(const torch::Tensor& x) override;

  torch::Tensor weight;
  torch::Tensor bias;

 private:
  ConvForm form_;
};

/// Parameters weight [out, in] and bias. In bfloat16 its output is bfloat16.
class Dense : public VisionModule {
 public:
  Dense(std::int64_t in, std::int64_t out);
  torch::Tensor forward(const torch::Tensor& x) override;

  torch::Tensor weight;
  torch::Tensor bias;
};

/// The last layer: parameters as Dense, float whatever the rest is.
class Head : public Dense {
 public:
  using Dense::Dense;
  torch::Tensor forward(const torch::Tensor& x) override;
};

/// Over images and pixels of [N, C, H, W] or images of [N, C]; output of the input's type.
class BatchNorm : public VisionModule {
 public:
  explicit BatchNorm(std::int64_t channels);
  torch::Tensor forward(const torch::Tensor& x) override;

  torch::Tensor weight;
  torch::Tensor bias;
  torch::Tensor mean;
  torch::Tensor variance;

 private:
  torch::Tensor batches_;
};

/// Over the last dimension, with epsilon 1e-6; output in float.
class LayerNorm : public VisionModule {
 public:
  explicit LayerNorm(std::int64_t size);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  torch::Tensor weight_;
  torch::Tensor bias_;
};

/// Layers and functions one after another.
class Chain : public VisionModule {
 public:
  using Function = std::function<torch::Tensor(const torch::Tensor&)>;
  /// Returns the layer.
  template <typename T>
  std::shared_ptr<T> add(const std::string& name, std::shared_ptr<T> layer) {
    register_module(name, layer);
    steps_.push_back([raw = layer.get()](const torch::Tensor& x) { return raw->forward(x); });
    return layer;
  }
  void add(Function function) { steps_.push_back(std::move(function)); }
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  std::vector<Function> steps_;
};

/// Mean over pixels: [N, C, H, W] -> [N, C], in float.
torch::Tensor pool_all(const torch::Tensor& x);

/// Starts of weights. He et al. 2015, as torchvision: normal with variance 2 / (out * kernel^2), all convolutions
/// inside.
void start_convolutions_by_fan_out(torch::nn::Module& module);
/// Normal with variance 2 / fan in.
void start_convolutions_by_fan_in(torch::nn::Module& module);
/// Normal with this deviation, none beyond 2 (not 2 deviations: torchvision's bound).
void start_normal(torch::Tensor& weight, double deviation);
/// So for all convolutions and dense layers inside, with biases at zero.
void start_all_normal(torch::nn::Module& module, double deviation);

}  // namespace obscura::train
