#include "train/vision/attention.h"

#include <cmath>

namespace obscura::train {

SelfAttention::SelfAttention(std::int64_t width, std::int64_t heads) : heads_(heads) {
  weight_ = register_parameter("in_proj_weight", torch::empty({3 * width, width}));
  bias_ = register_parameter("in_proj_bias", torch::zeros({3 * width}));
  torch::nn::init::xavier_uniform_(weight_);
  out_ = register_module("out_proj", std::make_shared<Dense>(width, width));
  torch::nn::init::zeros_(out_->bias);
}

torch::Tensor SelfAttention::forward(const torch::Tensor& x) {
  const auto n = x.size(0);
  const auto tokens = x.size(1);
  const auto width = x.size(2) / heads_;
  const auto type = bfloat16() ? torch::kBFloat16 : torch::kFloat32;
  const auto all = torch::linear(x.to(type), weight_.to(type), bias_.to(type));
  // Queries, keys and values, each [N heads, tokens, width of a head].
  const auto parts = all.view({n, tokens, 3, heads_, width})
                         .permute({2, 0, 3, 1, 4})
                         .reshape({3, n * heads_, tokens, width})
                         .unbind(0);
  const auto scores = torch::bmm(parts[0] * (1 / std::sqrt(static_cast<double>(width))), parts[1].transpose(1, 2));
  const auto shares = torch::softmax(scores, -1, torch::kFloat32).to(type);
  const auto mixed = torch::bmm(shares, parts[2]).view({n, heads_, tokens, width}).transpose(1, 2);
  return out_->forward(mixed.reshape({n, tokens, heads_ * width}));
}

}  // namespace obscura::train
