#include "base/error.h"
#include "train/vision_module.h"

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

/// The symmetric inverse root of a covariance: directions in which blocks hardly vary are taken as a hundred-thousandth
/// of the mean variance, so that rounding is not blown up.
torch::Tensor inverse_root(const torch::Tensor& covariance) {
  const auto [values, vectors] = torch::linalg_eigh(covariance, "L");
  const auto floor = values.mean() * 1e-5 + 1e-12;
  return vectors.matmul(torch::diag(torch::maximum(values, floor).rsqrt())).matmul(vectors.t());
}

}  // namespace

void whiten_adaptation(VisionModule& adaptation, const torch::Tensor& images) {
  const torch::NoGradGuard no_grad;
  auto parameters = adaptation.named_parameters();
  auto* weight = parameters.find("conv.weight");
  auto* bias = parameters.find("conv.bias");
  if (weight == nullptr || bias == nullptr || weight->size(1) != 1) {
    throw UnsupportedError("only the adaptation er-cnn without padding can start from uncorrelated samples");
  }
  const auto k = weight->size(2), size = k * k;
  for (std::int64_t c = 0; c < images.size(1); ++c) {
    const auto blocks = blocks_of(images, c, k);
    const auto mean = blocks.mean(0);
    const auto centred = blocks - mean;
    const auto root = inverse_root(centred.t().matmul(centred) / static_cast<double>(centred.size(0)));
    auto rows = weight->slice(0, c * size, (c + 1) * size);
    const auto map = rows.reshape({size, size}).to(torch::kFloat64).matmul(root);
    rows.copy_(map.to(torch::kFloat32).reshape(rows.sizes()));
    bias->slice(0, c * size, (c + 1) * size).copy_(-map.matmul(mean).to(torch::kFloat32));
  }
}

}  // namespace obscura::train
