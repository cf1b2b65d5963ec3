#include "train/encrypted/layers.h"

#include <algorithm>
#include <limits>

namespace obscura::train {
namespace {

namespace F = torch::nn::functional;

std::int64_t extent(std::size_t value) {
  return static_cast<std::int64_t>(value);
}

}  // namespace

torch::Tensor activate(const nn::Activation& activation, const torch::Tensor& x) {
  using Kind = nn::Activation::Kind;
  const auto alpha = static_cast<double>(activation.alpha);
  const auto beta = static_cast<double>(activation.beta);
  switch (activation.kind) {
    case Kind::relu:
      return torch::relu(x);
    case Kind::leaky_relu:
      return torch::leaky_relu(x, alpha);
    case Kind::clip:
      return torch::clamp(x, alpha, beta);
    case Kind::sigmoid:
      return torch::sigmoid(x);
    case Kind::silu:
      return torch::silu(x);
    case Kind::tanh:
      return torch::tanh(x);
    case Kind::erf:
      return torch::erf(x);
    case Kind::gelu:
      return torch::gelu(x);
    case Kind::gelu_tanh:
      return torch::gelu(x, "tanh");
    case Kind::hard_sigmoid:
      return torch::clamp(x * alpha + beta, 0, 1);
    case Kind::hard_swish:
      return x * torch::clamp(x / 6 + 0.5, 0, 1);
    case Kind::elu:
      return torch::elu(x, alpha);
    case Kind::softplus:
      return torch::softplus(x);
    case Kind::mish:
      return torch::mish(x);
  }
  return x;
}

namespace {

using Sides = std::array<std::int64_t, 2>;

Sides sides(const std::array<std::size_t, 2>& of) {
  return {extent(of[0]), extent(of[1])};
}

/// LibTorch pads both sides alike, and by half a kernel at most; this is by any of them.
torch::Tensor padded(const std::array<std::size_t, 4>& p, double value, const torch::Tensor& x) {
  if (p == std::array<std::size_t, 4>{0, 0, 0, 0}) return x;
  return F::pad(x, F::PadFuncOptions({extent(p[1]), extent(p[3]), extent(p[0]), extent(p[2])}).value(value));
}

}  // namespace

torch::Tensor average(const nn::AvgPool& pool, const torch::Tensor& x) {
  const auto mean = [&](const torch::Tensor& of) {
    return torch::avg_pool2d(padded(pool.padding, 0, of), sides(pool.kernel), sides(pool.stride));
  };
  const bool pads = pool.padding != std::array<std::size_t, 4>{0, 0, 0, 0};
  if (!pads || pool.count_include_pad) return mean(x);
  return mean(x) / mean(torch::ones({1, 1, x.size(2), x.size(3)}, x.options()));  // the share of a window that counts
}

torch::Tensor maximum(const nn::MaxPool& pool, const torch::Tensor& x) {
  constexpr double least = -std::numeric_limits<double>::infinity();
  return torch::max_pool2d(padded(pool.padding, least, x), sides(pool.kernel), sides(pool.stride));
}

torch::Tensor pad(const nn::Pad& pad, const torch::Tensor& x) {
  const auto& p = pad.padding;
  auto options = F::PadFuncOptions({extent(p[1]), extent(p[3]), extent(p[0]), extent(p[2])});
  if (pad.mode == nn::Pad::Mode::reflect) return F::pad(x, options.mode(torch::kReflect));
  if (pad.mode == nn::Pad::Mode::edge) return F::pad(x, options.mode(torch::kReplicate));
  return F::pad(x, options.mode(torch::kConstant).value(static_cast<double>(pad.value)));
}

torch::Tensor rearranged_places(const nn::Rearrange& layer, std::size_t inputs) {
  std::vector<std::int64_t> places(layer.source.begin(), layer.source.end());
  std::ranges::replace(places, std::int64_t{nn::Rearrange::kFill}, extent(inputs));
  return torch::tensor(places);
}

torch::Tensor rearrange(const nn::Rearrange& layer, const torch::Tensor& places, const torch::Tensor& x) {
  auto values = x.flatten(1);
  const bool fills = std::ranges::find(layer.source, nn::Rearrange::kFill) != layer.source.end();
  if (fills) values = F::pad(values, F::PadFuncOptions({0, 1}).value(static_cast<double>(layer.fill)));
  values = values.index_select(1, places);
  const Shape& to = layer.output;
  const bool flat = x.dim() == 2 && to.height == 1 && to.width == 1;
  return flat ? values : values.reshape({x.size(0), extent(to.channels), extent(to.height), extent(to.width)});
}

std::vector<torch::Tensor> alike(std::vector<torch::Tensor> values) {
  const bool same = std::ranges::all_of(values, [&](const auto& x) { return x.dim() == values[0].dim(); });
  if (same) return values;
  for (torch::Tensor& x : values) x = x.flatten(1);
  return values;
}

}  // namespace obscura::train
