#include "train/convert/fit_start.h"

#include <algorithm>
#include <map>

#include "train/encrypted/layers.h"

namespace obscura::train {
namespace {

constexpr std::int64_t kBatch = 128;
constexpr double kTiny = 1e-6;  // of a variance of 1: no information

/// [C, values of all images] in double precision.
torch::Tensor by_channel(const torch::Tensor& x) {
  return x.transpose(0, 1).flatten(1);
}

/// Of a channel each; means are over all images.
struct Moments2 {
  torch::Tensor mean, variance;
};

Moments2 moments(const torch::Tensor& x) {
  const auto rows = by_channel(x);
  const auto mean = rows.mean(1);
  return {mean, (rows - mean.unsqueeze(1)).square().mean(1)};
}

/// What goes into the original's layers, by node of the original.
struct Before {
  torch::Tensor sum, squares;  // [C]
  double least = 0, largest = 0, count = 0, values = 0;

  void add(const torch::Tensor& x) {
    const auto rows = by_channel(x).to(torch::kFloat64);
    if (!sum.defined()) {
      sum = torch::zeros({rows.size(0)}, torch::kFloat64);
      squares = torch::zeros_like(sum);
      least = largest = rows[0][0].item<double>();
    }
    sum += rows.sum(1);
    squares += rows.square().sum(1);
    least = std::min(least, rows.min().item<double>());
    largest = std::max(largest, rows.max().item<double>());
    count += static_cast<double>(rows.size(1));
    values += static_cast<double>(rows.numel());
  }
  torch::Tensor mean() const { return sum / count; }
  torch::Tensor deviation() const { return torch::sqrt(torch::clamp(squares / count - mean().square(), 0)); }
  double rms() const { return std::sqrt(squares.sum().item<double>() / values); }
};

std::map<std::size_t, Before> measure_original(const Surgery& surgery, const torch::Tensor& images) {
  Network network(surgery.original);
  network.set_weights(surgery.original);
  std::map<std::size_t, Before> found;
  for (const auto& one : surgery.originals) {
    if (one) found[one->node] = {};
  }
  for (std::int64_t first = 0; first < images.size(0); first += kBatch) {
    network.walk(images.slice(0, first, std::min(first + kBatch, images.size(0))),
                 [&](std::size_t i, torch::Tensor& x) {
                   const auto at = found.find(i);
                   if (at != found.end()) at->second.add(x);
                 });
  }
  return found;
}

double explained_share(const torch::Tensor& wanted, const torch::Tensor& made) {
  const auto all = (wanted - wanted.mean(1, true)).square().sum().item<double>();
  return all > 0 ? 1 - (wanted - made).square().sum().item<double>() / all : 1;
}

class Fit {
 public:
  Fit(Network& network, const Surgery& surgery, std::map<std::size_t, Before> before)
      : network_(network), surgery_(surgery), before_(std::move(before)) {}

  void visit(std::size_t i, torch::Tensor& x) {
    const nn::Node& node = surgery_.converted.nodes[i];
    if (std::holds_alternative<nn::BatchNorm>(node.layer)) {
      const auto [mean, variance] = moments(x);
      network_.set_statistics(i, mean, variance);
      if (network_.is_normaliser(i)) normal_[i] = {mean, variance};
    } else if (network_.is_normalised(i)) {
      quadratic(i, x);
    } else if (surgery_.originals[i]) {
      pool(i, x);
    }
  }

  std::vector<FittedLayer> take() { return std::move(layers_); }

 private:
  /// Gram and Schmidt over 1, z and z^2, a channel at a time.
  void quadratic(std::size_t i, const torch::Tensor& x) {
    const auto& [mean, variance] = normal_.at(network_.normaliser_of(i));
    const auto z = (by_channel(x) - mean.unsqueeze(1)) * torch::rsqrt(variance + kNormEpsilon).unsqueeze(1);
    const auto wanted = wanted_of(i, z);
    const auto z2 = z.square();
    const auto s2 = z2.mean(1), s3 = (z2 * z).mean(1), s4 = z2.square().mean(1);
    const auto t0 = wanted.mean(1);
    const auto b1 = torch::where(s2 > kTiny, (wanted * z).mean(1) / torch::clamp(s2, kTiny), torch::zeros_like(s2));
    const auto tilt = s3 / torch::clamp(s2, kTiny);
    const auto size = s4 - s2.square() - s3 * tilt;
    const auto second = z2 - s2.unsqueeze(1) - tilt.unsqueeze(1) * z;
    const auto a =
        torch::where(size > kTiny, (wanted * second).mean(1) / torch::clamp(size, kTiny), torch::zeros_like(size));
    const auto b = b1 - a * tilt, c = t0 - a * s2;
    network_.set_quadratic(i, {c, b, a, s2, torch::clamp(s4 - s2.square(), 0)});
    const auto made = c.unsqueeze(1) + b.unsqueeze(1) * z + a.unsqueeze(1) * z2;
    note(i, explained_share(wanted, made));
  }

  /// What the layer should make of normalised values.
  torch::Tensor wanted_of(std::size_t i, const torch::Tensor& z) const {
    const auto& original = surgery_.originals[i];
    if (original) {
      const Before& before = before_.at(original->node);
      const auto moved =
          z * before.deviation().to(torch::kFloat32).unsqueeze(1) + before.mean().to(torch::kFloat32).unsqueeze(1);
      return activate(std::get<nn::Activation>(original->layer), moved);
    }
    // A quadratic that was there already: of what its norm made, which is the normaliser's input by its scale and
    // shift.
    const auto& norm = std::get<nn::BatchNorm>(surgery_.converted.nodes[network_.normaliser_of(i)].layer);
    const auto& [mean, variance] = normal_.at(network_.normaliser_of(i));
    const auto x = z * torch::sqrt(variance + kNormEpsilon).unsqueeze(1) + mean.unsqueeze(1);
    const auto y = x * torch::tensor(norm.scale).unsqueeze(1) + torch::tensor(norm.shift).unsqueeze(1);
    const auto& rows = std::get<nn::Polynomial>(surgery_.converted.nodes[i].layer).coefficients;
    std::vector<float> flat;
    for (const auto& row : rows) flat.insert(flat.end(), row.begin(), row.end());
    const auto k = torch::tensor(flat).reshape({-1, 3});
    return k.select(1, 0).unsqueeze(1) + k.select(1, 1).unsqueeze(1) * y + k.select(1, 2).unsqueeze(1) * y.square();
  }

  void pool(std::size_t i, torch::Tensor& x) {
    const nn::Node& node = surgery_.converted.nodes[i];
    const auto wanted = by_channel(maximum(std::get<nn::MaxPool>(surgery_.originals[i]->layer), x));
    auto made = by_channel(average(std::get<nn::AvgPool>(node.layer), x));
    const std::size_t input = node.inputs[0];
    if (network_.is_normalised(input) && network_.is_read_once(input)) {
      const auto mean = made.mean(1, true), target = wanted.mean(1, true);
      const auto variance = (made - mean).square().mean(1);
      const auto slope =
          torch::where(variance > kTiny, ((made - mean) * (wanted - target)).mean(1) / torch::clamp(variance, kTiny),
                       torch::ones_like(variance));
      const auto shift = target.squeeze(1) - slope * mean.squeeze(1);
      network_.scale_quadratic(input, slope, shift);
      std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
      shape[1] = -1;
      x = x * slope.reshape(shape) + shift.reshape(shape);
      made = made * slope.unsqueeze(1) + shift.unsqueeze(1);
    }
    note(i, explained_share(wanted, made));
  }

  void note(std::size_t i, double explained) {
    const auto& original = surgery_.originals[i];
    if (!original) return;
    const Before& before = before_.at(original->node);
    layers_.push_back({surgery_.converted.nodes[i].name, nn::layer_name(original->layer), before.least, before.largest,
                       before.rms(), explained});
  }

  Network& network_;
  const Surgery& surgery_;
  std::map<std::size_t, Before> before_;
  std::map<std::size_t, Moments2> normal_;
  std::vector<FittedLayer> layers_;
};

}  // namespace

std::vector<FittedLayer> fit_start(Network& network, const Surgery& surgery, const torch::Tensor& images) {
  const torch::NoGradGuard no_grad;
  network.set_weights(surgery.converted);
  network.blend(1);
  Fit fit(network, surgery, measure_original(surgery, images));
  network.walk(images, [&](std::size_t i, torch::Tensor& x) { fit.visit(i, x); });
  return fit.take();
}

}  // namespace obscura::train
