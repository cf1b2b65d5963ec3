#include "train/vision/adaptation.h"

#include <cmath>

#include "train/vision/families.h"

namespace obscura::train {
namespace {

constexpr std::int64_t kMaps = 16;  // that Tanaka's and Madono's give
constexpr double kTanakaSlope = 0.1;
constexpr double kMadonoSlope = 0.2;
constexpr double kPermutationWeight = 1e-3;
constexpr double kRoughnessWeight = 0.1;

}  // namespace

BlockInverse::BlockInverse(std::int64_t channels, std::int64_t block, std::int64_t padding) {
  const auto groups = padding > 0 ? 1 : channels;
  const auto maps = channels * block * block;
  conv_ =
      register_module("conv", std::make_shared<Conv>(channels, maps, ConvForm{block, block, padding, groups, true}));
  const auto options = torch::nn::ConvTranspose2dOptions(maps, channels, block).stride(block).groups(groups);
  back_ = register_module("deconv", torch::nn::ConvTranspose2d(options));
  if (padding == 0) start_as_identity(channels, block);
}

void BlockInverse::start_as_identity(std::int64_t channels, std::int64_t block) {
  const torch::NoGradGuard no_grad;
  const auto size = block * block;
  for (std::int64_t c = 0; c < channels; ++c) {
    auto map = torch::empty({size, size});
    torch::nn::init::orthogonal_(map);
    conv_->weight.slice(0, c * size, (c + 1) * size).copy_(map.view({size, 1, block, block}));
  }
  back_->weight.copy_(conv_->weight);
  conv_->bias.zero_();
  back_->bias.zero_();
}

torch::Tensor BlockInverse::forward(const torch::Tensor& x) {
  return back_->forward(conv_->forward(x));
}

SharedBlocks::SharedBlocks(std::int64_t channels, std::int64_t block) : block_(block) {
  const auto maps = kMaps * block * block;
  conv_ = register_module("conv", std::make_shared<Conv>(channels, maps, ConvForm{.kernel = block, .stride = block}));
  norm_ = register_module("norm", std::make_shared<BatchNorm>(maps));
}

torch::Tensor SharedBlocks::forward(const torch::Tensor& x) {
  return torch::pixel_shuffle(torch::leaky_relu(norm_->forward(conv_->forward(x)), kTanakaSlope), block_);
}

BlocksByPosition::BlocksByPosition(std::int64_t channels, std::int64_t rows, std::int64_t columns, std::int64_t block)
    : rows_(rows), columns_(columns), block_(block) {
  const auto positions = rows * columns;
  const auto maps = kMaps * block * block;
  const auto samples = channels * block * block;
  const double deviation = std::sqrt(2.0 / static_cast<double>(maps * block * block));
  weight_ = register_parameter("weight", torch::empty({positions, maps, samples}).normal_(0, deviation));
  namespace F = torch::nn::functional;
  left_ = register_buffer("left", F::normalize(torch::randn({positions, maps, 1}), F::NormalizeFuncOptions().dim(1)));
  right_ =
      register_buffer("right", F::normalize(torch::randn({positions, samples, 1}), F::NormalizeFuncOptions().dim(1)));
  norm_ = register_module("norm", std::make_shared<BatchNorm>(positions * maps));
  const double bound = 1 / std::sqrt(static_cast<double>(positions));
  matrix_ = register_parameter("matrix", torch::empty({positions, positions}).uniform_(-bound, bound));
}

/// T. Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018.
torch::Tensor BlocksByPosition::normed_weight() {
  if (is_training()) {
    const torch::NoGradGuard no_grad;
    namespace F = torch::nn::functional;
    const auto unit = F::NormalizeFuncOptions().dim(1);
    right_.copy_(F::normalize(torch::bmm(weight_.transpose(1, 2), left_), unit));
    left_.copy_(F::normalize(torch::bmm(weight_, right_), unit));
  }
  // Copies: the next pass changes the vectors, and the way back of this one still wants them.
  return weight_ / torch::bmm(left_.clone().transpose(1, 2), torch::bmm(weight_, right_.clone()));
}

torch::Tensor BlocksByPosition::forward(const torch::Tensor& x) {
  const auto n = x.size(0);
  const auto positions = rows_ * columns_;
  // [positions, samples of a block, N]
  const auto blocks = x.to(torch::kFloat32)
                          .reshape({n, x.size(1), rows_, block_, columns_, block_})
                          .permute({2, 4, 1, 3, 5, 0})
                          .reshape({positions, -1, n});
  const auto mapped = torch::bmm(normed_weight(), blocks).permute({2, 0, 1}).reshape({n, -1});
  const auto active = torch::leaky_relu(norm_->forward(mapped), kMadonoSlope).view({n, positions, -1});
  const auto moved = torch::matmul(active.transpose(1, 2), matrix_).view({n, -1, rows_, columns_});
  const auto maps = torch::pixel_shuffle(moved, block_);
  penalty_.reset();
  if (is_training()) {
    penalty_ = kPermutationWeight * permutation_distance(matrix_) +
               kRoughnessWeight / static_cast<double>(n) * roughness(maps);
  }
  return maps;
}

torch::Tensor permutation_distance(const torch::Tensor& matrix) {
  const auto of = [&](std::int64_t dimension) {
    return matrix.abs().sum(dimension).sum() - matrix.norm(2, dimension).sum();
  };
  return (of(0) + of(1)) / static_cast<double>(matrix.numel());
}

torch::Tensor roughness(const torch::Tensor& maps) {
  const auto rows = maps.size(2);
  const auto columns = maps.size(3);
  const auto first = maps.slice(1, 0, 3);
  const auto part = [&](std::int64_t y, std::int64_t x) {
    return first.slice(2, y, rows - 1 + y).slice(3, x, columns - 1 + x);
  };
  const auto squares = (part(0, 0) - part(1, 0)).square() + (part(0, 0) - part(0, 1)).square();
  return squares.sum() / static_cast<double>((rows - 1) * columns * kMaps);
}

std::size_t adapted_channels(const VisionSpec& spec) {
  const bool picture = spec.adaptation == Adaptation::none || spec.adaptation == Adaptation::er_cnn;
  return picture ? spec.channels : static_cast<std::size_t>(kMaps);
}

std::shared_ptr<VisionModule> make_adaptation(const VisionSpec& spec) {
  const auto channels = signed_size(spec.channels);
  const auto block = signed_size(spec.block);
  if (spec.adaptation == Adaptation::tanaka) return std::make_shared<SharedBlocks>(channels, block);
  if (spec.adaptation == Adaptation::madono) {
    return std::make_shared<BlocksByPosition>(channels, signed_size(spec.height) / block,
                                              signed_size(spec.width) / block, block);
  }
  return std::make_shared<BlockInverse>(channels, block, signed_size(spec.adaptation_padding));
}

}  // namespace obscura::train
