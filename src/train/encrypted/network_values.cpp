// A network's weights and statistics: put in, and taken out as a graph.
#include "train/encrypted/network.h"

namespace obscura::train {
namespace {

std::vector<float> values_of(const torch::Tensor& tensor) {
  if (!tensor.defined()) return {};
  const auto flat = tensor.detach().to(torch::kFloat32).contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

}  // namespace

void Network::set_statistics(std::size_t node, const torch::Tensor& mean, const torch::Tensor& variance) {
  const torch::NoGradGuard no_grad;
  Part& part = parts_[node];
  if (part.weight.defined()) {
    const auto scale = part.weight * torch::rsqrt(part.variance + kNormEpsilon);
    part.bias.add_((mean - part.mean) * scale);
    part.weight.copy_(scale * torch::sqrt(variance + kNormEpsilon));
  }
  part.mean.copy_(mean);
  part.variance.copy_(variance);
}

void Network::set_quadratic(std::size_t node, const QuadraticStart& start) {
  const torch::NoGradGuard no_grad;
  Part& part = parts_[node];
  part.mean.copy_(start.square_mean);
  part.variance.copy_(start.square_variance);
  part.weight[0].copy_(start.linear);
  part.weight[1].copy_(start.quadratic * torch::sqrt(part.variance + kNormEpsilon));
  if (part.bias.defined()) part.bias.copy_(start.constant + start.quadratic * start.square_mean);
}

void Network::scale_quadratic(std::size_t node, const torch::Tensor& scale, const torch::Tensor& shift) {
  const torch::NoGradGuard no_grad;
  parts_[node].weight.mul_(scale);
  if (parts_[node].bias.defined()) parts_[node].bias.mul_(scale).add_(shift);
}

void Network::set_weights(const nn::Graph& trained) {
  const torch::NoGradGuard no_grad;
  const auto fill = [](const torch::Tensor& tensor, const std::vector<float>& values) {
    if (tensor.defined()) tensor.copy_(torch::tensor(values).reshape(tensor.sizes()));
  };
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const nn::Layer& layer = trained.nodes[i].layer;
    const Part& part = parts_[i];
    if (const auto* conv = std::get_if<nn::Conv2d>(&layer)) {
      fill(part.weight, conv->weights);
      fill(part.bias, conv->bias);
    } else if (const auto* linear = std::get_if<nn::Linear>(&layer)) {
      fill(part.weight, linear->weights);
      fill(part.bias, linear->bias);
    } else if (const auto* norm = std::get_if<nn::BatchNorm>(&layer)) {
      fill(part.weight, norm->scale);
      fill(part.bias, norm->shift);
      part.variance.fill_(1 - kNormEpsilon);
    }  // polynomials start from the graph's coefficients
  }
}

void Network::export_polynomial(const Part& part, nn::Polynomial& polynomial) const {
  auto rows = part.weight.detach();
  if (part.norm) {
    const auto a = rows[1] * torch::rsqrt(part.variance.to(torch::kFloat64) + kNormEpsilon);
    auto constant = -a * part.mean;
    if (part.bias.defined()) constant = constant + part.bias.detach();
    rows = torch::stack({constant, rows[0].to(torch::kFloat64), a}, 1);
  }
  for (std::size_t r = 0; r < polynomial.coefficients.size(); ++r) {
    const auto row = values_of(rows.select(0, static_cast<std::int64_t>(r)));
    polynomial.coefficients[r].assign(row.begin(), row.end());
  }
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
      const auto inverse = torch::rsqrt(part.variance.to(torch::kFloat64) + kNormEpsilon);
      const auto scale = part.weight.defined() ? part.weight.detach() * inverse : inverse;
      norm->scale = values_of(scale);
      norm->shift = values_of(part.weight.defined() ? part.bias.detach() - part.mean * scale : -part.mean * scale);
    } else if (auto* polynomial = std::get_if<nn::Polynomial>(&layer)) {
      export_polynomial(part, *polynomial);
    }
  }
  return graph;
}

}  // namespace obscura::train
