#include "train/muon.h"

#include <cmath>
#include <string>

namespace obscura::train {
namespace {

constexpr double kMomentum = 0.6;
constexpr int kSteps = 3;
// The quintic of K. Jordan's Muon: steep at zero, so that few steps suffice.
constexpr double kLinear = 3.4445;
constexpr double kCubic = -4.775;
constexpr double kQuintic = 2.0315;
constexpr double kTiny = 1e-7;

}  // namespace

torch::Tensor orthogonalised(const torch::Tensor& matrix) {
  const bool tall = matrix.size(0) > matrix.size(1);
  const auto wide = tall ? matrix.t() : matrix;
  const auto x = wide / (wide.norm() + kTiny);
  // Every step multiplies X from the left by a polynomial of X X^T, and these commute: so only the small square
  // matrices are iterated, and X is touched twice.
  auto gram = torch::mm(x, x.t());
  auto product = torch::Tensor();
  for (int i = 0; i < kSteps; ++i) {
    auto factor = torch::mm(gram, gram).mul_(kQuintic).add_(gram, kCubic);
    factor.diagonal().add_(kLinear);
    product = i == 0 ? factor : torch::mm(factor, product);
    if (i + 1 < kSteps) gram = torch::mm(torch::mm(factor, gram), factor);
  }
  const auto result = torch::mm(product, x);
  return tall ? result.t() : result;
}

Muon::Muon(std::vector<torch::Tensor> weights) : weights_(std::move(weights)) {
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    momenta_.push_back(register_buffer("momentum" + std::to_string(i), torch::zeros_like(weights_[i])));
  }
}

void Muon::step(double rate) {
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    auto& weight = weights_[i];
    const auto& gradient = weight.grad();
    if (!gradient.defined()) continue;
    auto momentum = momenta_[i];
    momentum.mul_(kMomentum).add_(gradient);
    const auto ahead = gradient.add(momentum, kMomentum);
    const auto direction = orthogonalised(ahead.reshape({weight.size(0), -1})).reshape(weight.sizes());
    const double norm = weight.norm().item<double>();
    if (norm > 0) weight.mul_(std::sqrt(static_cast<double>(weight.size(0))) / norm);
    weight.add_(direction, -rate);
  }
}

}  // namespace obscura::train
