#include "train/batches.h"

#include <numeric>

#include "image/augment.h"

namespace obscura::train {
namespace {

std::int64_t dim(std::size_t value) {
  return static_cast<std::int64_t>(value);
}

/// splitmix64's finaliser (Steele, Lea, Flood 2014): unrelated streams from neighbouring seeds.
std::uint64_t mix(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

Batches::Batches(const image::Dataset& set, const nn::Preprocessing& preprocessing) : set_(set) {
  const std::vector<std::int64_t> dims{dim(set.count), dim(set.channels), dim(set.height), dim(set.width)};
  // from_blob wants a mutable pointer; nothing is ever written through these views.
  images_ = torch::from_blob(const_cast<std::uint8_t*>(set.images.data()), dims, torch::kUInt8);
  labels_ = torch::from_blob(const_cast<std::int64_t*>(set.labels.data()), {dim(set.count)}, torch::kInt64);
  mean_ = torch::tensor(preprocessing.mean).reshape({-1, 1, 1});
  std_ = torch::tensor(preprocessing.std).reshape({-1, 1, 1});
}

std::vector<std::int64_t> Batches::shuffled(std::uint64_t seed, std::size_t epoch) const {
  std::vector<std::int64_t> order(set_.count);
  std::iota(order.begin(), order.end(), 0);
  std::uint64_t state = mix(mix(seed) ^ epoch);
  for (std::size_t i = order.size(); i > 1; --i) {  // Fisher and Yates; the bias of % is below 2^-40 here
    state = mix(state);
    std::swap(order[i - 1], order[state % i]);
  }
  return order;
}

torch::Tensor Batches::normalised(const torch::Tensor& pixels) const {
  return pixels.div(255.0).sub_(mean_).div_(std_);
}

Batch Batches::plain(std::size_t first, std::size_t count) const {
  const auto end = dim(first + count);
  return {normalised(images_.slice(0, dim(first), end).to(torch::kFloat32)), labels_.slice(0, dim(first), end)};
}

Batch Batches::augmented(const std::vector<std::int64_t>& order, std::size_t first, std::size_t count,
                         const Augmentation& augmentation, std::uint64_t seed, std::size_t epoch) const {
  const auto index = torch::from_blob(const_cast<std::int64_t*>(order.data() + first), {dim(count)}, torch::kInt64);
  auto pixels = images_.index_select(0, index).to(torch::kFloat32);
  const image::BatchShape shape{count, set_.channels, set_.height, set_.width};
  const std::uint64_t stream = mix(mix(seed + 1) ^ epoch);
  if (augmentation.affine) {
    auto moved = torch::empty_like(pixels);
    image::augment_affine({pixels.data_ptr<float>(), shape.size()}, {moved.data_ptr<float>(), shape.size()}, shape,
                          augmentation.limits, stream, first);
    pixels = moved;
  }
  if (augmentation.crop > 0) {
    auto moved = torch::empty_like(pixels);
    image::augment_crop({pixels.data_ptr<float>(), shape.size()}, {moved.data_ptr<float>(), shape.size()}, shape,
                        augmentation.crop, stream, first);
    pixels = moved;
  }
  if (augmentation.flip) image::augment_flip({pixels.data_ptr<float>(), shape.size()}, shape, mix(stream), first);
  if (augmentation.cutout > 0) {
    const auto fill = (mean_ * 255).contiguous();
    image::augment_cutout({pixels.data_ptr<float>(), shape.size()}, shape, augmentation.cutout,
                          {fill.data_ptr<float>(), shape.channels}, mix(stream), first);
  }
  return {normalised(pixels), labels_.index_select(0, index)};
}

}  // namespace obscura::train
