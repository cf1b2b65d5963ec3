#include "train/vision/patch_whitening.h"

#include "base/error.h"

namespace obscura::train {
namespace {

/// Directions of natural patches below a thousandth of the mean variance are mostly noise.
constexpr double kFloor = 1e-3;

/// [N, C, H, W] -> [N, patches, C * p * p].
torch::Tensor patches_of(const torch::Tensor& x, std::int64_t p) {
  const auto rows = x.size(2) / p, columns = x.size(3) / p;
  return x.reshape({x.size(0), x.size(1), rows, p, columns, p})
      .permute({0, 2, 4, 1, 3, 5})
      .reshape({x.size(0), rows * columns, x.size(1) * p * p});
}

torch::Tensor pictures_of(const torch::Tensor& patches, torch::IntArrayRef shape, std::int64_t p) {
  const auto rows = shape[2] / p, columns = shape[3] / p;
  return patches.reshape({shape[0], rows, columns, shape[1], p, p}).permute({0, 3, 1, 4, 2, 5}).reshape(shape);
}

torch::Tensor tensor_of(const weights::WeightTensor& w) {
  return torch::tensor(w.values).reshape(w.shape).to(torch::kFloat64);
}

void store(const torch::Tensor& t, weights::WeightTensor& w) {
  const auto flat = t.to(torch::kFloat32).contiguous();
  w.values.assign(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
}

weights::WeightTensor& find(std::map<std::string, weights::WeightTensor>& tensors, const std::string& name) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw FormatError("the network has no weights " + name);
  return found->second;
}

}  // namespace

torch::Tensor inverse_root(const torch::Tensor& covariance, double floor) {
  const auto [values, vectors] = torch::linalg_eigh(covariance, "L");
  const auto least = values.mean() * floor + 1e-12;
  return vectors.matmul(torch::diag(torch::maximum(values, least).rsqrt())).matmul(vectors.t());
}

PatchWhitening::PatchWhitening(const torch::Tensor& images, std::int64_t patch, bool by_position)
    : patch_(patch), by_position_(by_position) {
  const torch::NoGradGuard no_grad;
  const auto all = patches_of(images, patch);
  const auto n = all.size(2);
  const auto mean =
      by_position ? all.mean(std::vector<std::int64_t>{0}, true) : all.mean(std::vector<std::int64_t>{0, 1}, true);
  const auto rows = (all - mean).reshape({-1, n}).to(torch::kFloat64);
  map_ = inverse_root(rows.t().matmul(rows) / static_cast<double>(rows.size(0)), kFloor).to(torch::kFloat32);
  const std::vector<std::int64_t> shape = {1, images.size(1), images.size(2), images.size(3)};
  mean_ = pictures_of(mean.expand({1, all.size(1), n}), shape, patch)[0].clone();
}

void PatchWhitening::move_to(torch::Device device) {
  mean_ = mean_.to(device);
  map_ = map_.to(device);
}

torch::Tensor PatchWhitening::apply(const torch::Tensor& images) const {
  const torch::NoGradGuard no_grad;
  return pictures_of(patches_of(images - mean_, patch_).matmul(map_), images.sizes(), patch_);
}

void PatchWhitening::merge(std::map<std::string, weights::WeightTensor>& tensors) const {
  const torch::NoGradGuard no_grad;
  auto& weight = find(tensors, "conv_proj.weight");
  auto& bias = find(tensors, "conv_proj.bias");
  const auto map = map_.to(torch::kCPU, torch::kFloat64), mean = mean_.to(torch::kCPU, torch::kFloat64);
  const auto n = map.size(0);
  const auto width = static_cast<std::int64_t>(bias.values.size());
  if (static_cast<std::int64_t>(weight.values.size()) != width * n) {
    throw FormatError("the network's first layer reads other patches than those that were whitened");
  }
  const auto merged = tensor_of(weight).reshape({width, n}).matmul(map);
  // [patches, width]: what the mean picture alone would give.
  const auto shift = patches_of(mean.unsqueeze(0), patch_)[0].matmul(merged.t());
  store(merged, weight);
  if (by_position_) {
    auto& positions = find(tensors, "encoder.pos_embedding");
    auto moved = tensor_of(positions);
    moved[0].slice(0, 1).sub_(shift);
    store(moved, positions);
  } else {
    store(tensor_of(bias) - shift[0], bias);
  }
}

}  // namespace obscura::train
