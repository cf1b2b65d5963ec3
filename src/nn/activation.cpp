#include "nn/activation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace obscura::nn {
namespace {

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

double gelu_tanh(double x) {
  // Hendrycks and Gimpel, 2016.
  const double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
  return x / 2 * (1 + std::tanh(inner));
}

}  // namespace

double activate(const Activation& activation, double x) {
  const double alpha = activation.alpha;
  const double beta = activation.beta;
  switch (activation.kind) {
    case Activation::Kind::relu:
      return std::max(x, 0.0);
    case Activation::Kind::leaky_relu:
      return x < 0 ? alpha * x : x;
    case Activation::Kind::clip:
      return std::min(std::max(x, alpha), beta);
    case Activation::Kind::sigmoid:
      return sigmoid(x);
    case Activation::Kind::silu:
      return x * sigmoid(x);
    case Activation::Kind::tanh:
      return std::tanh(x);
    case Activation::Kind::erf:
      return std::erf(x);
    case Activation::Kind::gelu:
      return x / 2 * std::erfc(-x / std::numbers::sqrt2);
    case Activation::Kind::gelu_tanh:
      return gelu_tanh(x);
    case Activation::Kind::hard_sigmoid:
      return std::clamp(alpha * x + beta, 0.0, 1.0);
    case Activation::Kind::hard_swish:
      return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
    case Activation::Kind::elu:
      return x < 0 ? alpha * std::expm1(x) : x;
    case Activation::Kind::softplus:
      return softplus(x);
    case Activation::Kind::mish:
      return x * std::tanh(softplus(x));
  }
  return x;
}

std::string activation_name(const Activation& activation) {
  if (!activation.spelling.empty()) return activation.spelling;
  switch (activation.kind) {
    case Activation::Kind::relu:
      return "ReLU";
    case Activation::Kind::leaky_relu:
      return "LeakyReLU";
    case Activation::Kind::clip:
      return activation.alpha == 0.0F && activation.beta == 6.0F ? "ReLU6" : "Clip";
    case Activation::Kind::sigmoid:
      return "Sigmoid";
    case Activation::Kind::silu:
      return "SiLU";
    case Activation::Kind::tanh:
      return "Tanh";
    case Activation::Kind::erf:
      return "Erf";
    case Activation::Kind::gelu:
      return "GELU";
    case Activation::Kind::gelu_tanh:
      return "GELU (tanh)";
    case Activation::Kind::hard_sigmoid:
      return "HardSigmoid";
    case Activation::Kind::hard_swish:
      return "HardSwish";
    case Activation::Kind::elu:
      return "ELU";
    case Activation::Kind::softplus:
      return "Softplus";
    case Activation::Kind::mish:
      return "Mish";
  }
  return "Activation";
}

}  // namespace obscura::nn
