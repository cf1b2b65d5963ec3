#include "train/vision/start.h"

#include <string_view>

#include "base/error.h"
#include "train/vision/load_weights.h"
#include "train/vision/patch_whitening.h"

namespace obscura::train {
namespace {

/// Blocks of one channel as rows of k^2 values.
torch::Tensor blocks_of(const torch::Tensor& images, std::int64_t channel, std::int64_t k) {
  const auto rows = images.size(2) / k, columns = images.size(3) / k;
  return images.select(1, channel)
      .reshape({images.size(0), rows, k, columns, k})
      .permute({0, 1, 3, 2, 4})
      .reshape({-1, k * k})
      .to(torch::kFloat64);
}

/// Blocks hardly vary in some directions; what is below this share of the mean variance is rounding.
constexpr double kFloor = 1e-5;

/// The parts of an er-cnn adaptation that a start is written into.
struct Parts {
  torch::Tensor weight;  // [channels * k^2, 1, k, k]
  torch::Tensor bias;
  torch::Tensor back;  // the same shape
};

Parts parts_of(VisionModule& adaptation) {
  auto parameters = adaptation.named_parameters();
  auto* weight = parameters.find("conv.weight");
  auto* bias = parameters.find("conv.bias");
  auto* back = parameters.find("deconv.weight");
  if (weight == nullptr || bias == nullptr || back == nullptr || weight->size(1) != 1) {
    throw UnsupportedError("only the adaptation er-cnn without padding can start from what pictures show");
  }
  return {*weight, *bias, *back};
}

}  // namespace

void whiten_adaptation(VisionModule& adaptation, const torch::Tensor& images) {
  const torch::NoGradGuard no_grad;
  const Parts parts = parts_of(adaptation);
  const auto k = parts.weight.size(2), size = k * k;
  for (std::int64_t c = 0; c < images.size(1); ++c) {
    const auto blocks = blocks_of(images, c, k);
    const auto mean = blocks.mean(0);
    const auto centred = blocks - mean;
    const auto root = inverse_root(centred.t().matmul(centred) / static_cast<double>(centred.size(0)), kFloor);
    auto rows = parts.weight.slice(0, c * size, (c + 1) * size);
    const auto map = rows.reshape({size, size}).to(torch::kFloat64).matmul(root);
    rows.copy_(map.to(torch::kFloat32).reshape(rows.sizes()));
    parts.bias.slice(0, c * size, (c + 1) * size).copy_(-map.matmul(mean).to(torch::kFloat32));
  }
}

void start_adaptation(VisionModule& adaptation, const std::vector<BlockGuess>& guesses, const std::vector<float>& mean,
                      const std::vector<float>& std) {
  constexpr double kMiddle = 127.5, kScale = 64;  // pixels become numbers about 0
  const torch::NoGradGuard no_grad;
  const Parts parts = parts_of(adaptation);
  const auto k = parts.weight.size(2), size = k * k;
  const auto n = static_cast<std::size_t>(size);
  if (guesses.size() * n != static_cast<std::size_t>(parts.weight.size(0))) {
    throw MismatchError("the guess at the key is one of other channels than the pictures'");
  }
  for (const BlockGuess& guess : guesses) {
    if (guess.inverse.size() != n * n || guess.plain_mean.size() != n || guess.protected_mean.size() != n) {
      throw MismatchError("the guess at the key is one of other blocks than the adaptation's");
    }
  }
  for (std::size_t c = 0; c < guesses.size(); ++c) {
    const BlockGuess& guess = guesses[c];
    for (std::size_t j = 0; j < n; ++j) {
      double left = guess.plain_mean.at(j) - kMiddle;
      const auto row = static_cast<std::int64_t>(c * n + j);
      for (std::size_t i = 0; i < n; ++i) {
        const double w = guess.inverse.at(i * n + j);
        left += (static_cast<double>(mean[c]) - guess.protected_mean.at(i)) * w;
        const auto y = static_cast<std::int64_t>(i) / k, x = static_cast<std::int64_t>(i) % k;
        parts.weight[row][0][y][x] = static_cast<float>(w * static_cast<double>(std[c]) / kScale);
      }
      parts.bias[row] = static_cast<float>(left / kScale);
    }
  }
  parts.back.copy_(torch::eye(size).repeat({static_cast<std::int64_t>(guesses.size()), 1}).view(parts.back.sizes()));
}

void continue_adaptation(VisionModule& adaptation, const VisionFile& network) {
  constexpr std::string_view kPrefix = "adaptation.";
  weights::WeightFile part;
  for (const auto& [name, tensor] : network.tensors) {
    if (name.starts_with(kPrefix)) part.tensors.emplace(name.substr(kPrefix.size()), tensor);
  }
  const LoadReport report = load_weights(adaptation, part);
  if (!report.missing.empty() || !report.unexpected.empty() || !report.other_shape.empty()) {
    throw MismatchError("the adaptation to start from is another: " + to_text(report));
  }
}

}  // namespace obscura::train
