#include "train/network.h"

#include <cmath>
#include <string>

#include "base/error.h"

namespace obscura::train {
namespace {

namespace F = torch::nn::functional;
constexpr double kBatchNormEpsilon = 1e-5;
constexpr double kBatchNormMomentum = 0.1;

std::int64_t dim(std::size_t value) {
  return static_cast<std::int64_t>(value);
}

std::vector<float> values_of(const torch::Tensor& tensor) {
  if (!tensor.defined()) return {};
  const auto flat = tensor.detach().to(torch::kFloat32).contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

torch::Tensor convolve(const nn::Conv2d& conv, const torch::Tensor& x, const torch::Tensor& weight,
                       const torch::Tensor& bias) {
  const auto& p = conv.padding;
  const bool symmetric = p[0] == p[2] && p[1] == p[3];
  const auto padded = symmetric ? x : torch::constant_pad_nd(x, {dim(p[1]), dim(p[3]), dim(p[0]), dim(p[2])});
  const std::vector<std::int64_t> padding = symmetric ? std::vector{dim(p[0]), dim(p[1])} : std::vector{dim(0), dim(0)};
  return torch::conv2d(padded, weight, bias, {dim(conv.stride[0]), dim(conv.stride[1])}, padding,
                       {dim(conv.dilation[0]), dim(conv.dilation[1])}, dim(conv.groups));
}

torch::Tensor average(const nn::AvgPool& pool, const torch::Tensor& x) {
  const auto& p = pool.padding;
  return torch::avg_pool2d(x, {dim(pool.kernel[0]), dim(pool.kernel[1])}, {dim(pool.stride[0]), dim(pool.stride[1])},
                           {dim(p[0]), dim(p[1])}, false, pool.count_include_pad);
}

/// Horner; coefficients [rows, degree + 1], a row a channel or one for all.
torch::Tensor evaluate(const torch::Tensor& coefficients, const torch::Tensor& x) {
  const auto degree = coefficients.size(1) - 1;
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[1] = coefficients.size(0);
  const auto coefficient = [&](std::int64_t i) { return coefficients.select(1, i).reshape(shape); };
  auto sum = coefficient(degree) * x + coefficient(degree - 1);
  for (auto i = degree - 1; i-- > 0;) sum = sum * x + coefficient(i);
  return sum;
}

}  // namespace

Network::Network(const nn::Graph& skeleton) : skeleton_(skeleton), parts_(skeleton.nodes.size()) {
  for (std::size_t i = 0; i < skeleton_.nodes.size(); ++i) add_parts(i);
}

/// Kaiming uniform with a = sqrt(5), as LibTorch's own layers: U(-1/sqrt(fan in), 1/sqrt(fan in)).
void Network::add_uniform(std::size_t i, std::vector<std::int64_t> dims, bool has_bias) {
  std::int64_t fan_in = 1;
  for (std::size_t d = 1; d < dims.size(); ++d) fan_in *= dims[d];
  const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
  const auto name = std::to_string(i);
  parts_[i].weight = register_parameter("weight" + name, torch::empty(dims).uniform_(-bound, bound));
  if (has_bias) parts_[i].bias = register_parameter("bias" + name, torch::empty({dims[0]}).uniform_(-bound, bound));
}

void Network::add_parts(std::size_t i) {
  const nn::Node& node = skeleton_.nodes[i];
  const auto name = std::to_string(i);
  if (const auto* conv = std::get_if<nn::Conv2d>(&node.layer)) {
    const auto in = skeleton_.nodes[node.inputs[0]].shape.channels / conv->groups;
    add_uniform(i, {dim(conv->out_channels), dim(in), dim(conv->kernel[0]), dim(conv->kernel[1])}, !conv->bias.empty());
  } else if (const auto* linear = std::get_if<nn::Linear>(&node.layer)) {
    const auto in = skeleton_.nodes[node.inputs[0]].shape.size();
    add_uniform(i, {dim(linear->out_features), dim(in)}, !linear->bias.empty());
  } else if (std::holds_alternative<nn::BatchNorm>(node.layer)) {
    const auto channels = dim(node.shape.channels);
    parts_[i].weight = register_parameter("weight" + name, torch::ones({channels}));
    parts_[i].bias = register_parameter("bias" + name, torch::zeros({channels}));
    parts_[i].mean = register_buffer("mean" + name, torch::zeros({channels}));
    parts_[i].variance = register_buffer("variance" + name, torch::ones({channels}));
  } else if (const auto* polynomial = std::get_if<nn::Polynomial>(&node.layer)) {
    std::vector<float> flat;
    for (const auto& row : polynomial->coefficients) flat.insert(flat.end(), row.begin(), row.end());
    const auto rows = dim(polynomial->coefficients.size());
    parts_[i].weight = register_parameter("weight" + name, torch::tensor(flat).reshape({rows, -1}));
  } else if (const auto* pool = std::get_if<nn::AvgPool>(&node.layer)) {
    const auto& p = pool->padding;
    if (p[0] != p[2] || p[1] != p[3]) {
      throw UnsupportedError("layer '" + node.name + "' cannot be trained: its pooling is padded unevenly");
    }
  }
}

torch::Tensor Network::run(std::size_t i, const std::vector<torch::Tensor>& values) {
  const nn::Node& node = skeleton_.nodes[i];
  const Part& part = parts_[i];
  const torch::Tensor& x = values[node.inputs[0]];
  if (const auto* conv = std::get_if<nn::Conv2d>(&node.layer)) return convolve(*conv, x, part.weight, part.bias);
  if (const auto* pool = std::get_if<nn::AvgPool>(&node.layer)) return average(*pool, x);
  if (std::holds_alternative<nn::BatchNorm>(node.layer)) {
    return torch::batch_norm(x, part.weight, part.bias, part.mean, part.variance, is_training(), kBatchNormMomentum,
                             kBatchNormEpsilon, false);
  }
  if (std::holds_alternative<nn::Flatten>(node.layer)) return x.flatten(1);
  if (std::holds_alternative<nn::Linear>(node.layer)) return F::linear(x.flatten(1), part.weight, part.bias);
  if (std::holds_alternative<nn::Square>(node.layer)) return x * x;
  if (std::holds_alternative<nn::Polynomial>(node.layer)) return evaluate(part.weight, x);
  return x + values[node.inputs[1]];
}

torch::Tensor Network::forward(const torch::Tensor& images, std::vector<torch::Tensor>* observed) {
  std::vector<torch::Tensor> values{images};
  for (std::size_t i = 1; i < skeleton_.nodes.size(); ++i) {
    const nn::Node& node = skeleton_.nodes[i];
    const bool activation =
        std::holds_alternative<nn::Square>(node.layer) || std::holds_alternative<nn::Polynomial>(node.layer);
    if (observed != nullptr && activation) observed->push_back(values[node.inputs[0]]);
    values.push_back(run(i, values));
  }
  return values.back().flatten(1);
}

std::vector<std::string> Network::observed_names() const {
  std::vector<std::string> names;
  for (const nn::Node& node : skeleton_.nodes) {
    if (std::holds_alternative<nn::Square>(node.layer) || std::holds_alternative<nn::Polynomial>(node.layer)) {
      names.push_back(node.name);
    }
  }
  return names;
}

nn::Graph Network::to_graph() const {
  nn::Graph graph = skeleton_;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    nn::Layer& layer = graph.nodes[i].layer;
    const Part& part = parts_[i];
    if (auto* conv = std::get_if<nn::Conv2d>(&layer)) {
      conv->weights = values_of(part.weight);
      conv->bias = values_of(part.bias);
    } else if (auto* linear = std::get_if<nn::Linear>(&layer)) {
      linear->weights = values_of(part.weight);
      linear->bias = values_of(part.bias);
    } else if (auto* norm = std::get_if<nn::BatchNorm>(&layer)) {
      const auto scale = part.weight.detach() / torch::sqrt(part.variance + kBatchNormEpsilon);
      norm->scale = values_of(scale);
      norm->shift = values_of(part.bias.detach() - part.mean * scale);
    } else if (auto* polynomial = std::get_if<nn::Polynomial>(&layer)) {
      for (std::size_t r = 0; r < polynomial->coefficients.size(); ++r) {
        polynomial->coefficients[r] = values_of(part.weight.select(0, dim(r)));
      }
    }
  }
  return graph;
}

}  // namespace obscura::train
