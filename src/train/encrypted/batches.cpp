#include "train/encrypted/batches.h"

#include "train/augmentation.h"

namespace obscura::train {
namespace {

std::int64_t dim(std::size_t value) {
  return static_cast<std::int64_t>(value);
}

}  // namespace

Batches::Batches(const image::Dataset& set, const Preprocessing& preprocessing) : set_(set) {
  const std::vector<std::int64_t> dims{dim(set.count), dim(set.channels), dim(set.height), dim(set.width)};
  if (preprocessing.equalise) {
    equalised_.reserve(set.images.size());
    for (std::size_t n = 0; n < set.count; ++n) {
      const auto spread = equalised(set.pixels(n));
      equalised_.insert(equalised_.end(), spread.begin(), spread.end());
    }
  }
  // from_blob wants a mutable pointer; nothing is ever written through these views.
  const auto& pixels = preprocessing.equalise ? equalised_ : set.images;
  images_ = torch::from_blob(const_cast<std::uint8_t*>(pixels.data()), dims, torch::kUInt8);
  labels_ = torch::from_blob(const_cast<std::int64_t*>(set.labels.data()), {dim(set.count)}, torch::kInt64);
  const Preprocessing unit = in_unit_range(preprocessing);
  mean_ = torch::tensor(unit.mean).reshape({-1, 1, 1});
  std_ = torch::tensor(unit.std).reshape({-1, 1, 1});
  backward_ = unit.colour == "bgr";
}

torch::Tensor Batches::in_order(const torch::Tensor& channels, std::int64_t axis) const {
  return backward_ ? channels.flip(axis) : channels;
}

torch::Tensor Batches::normalised(const torch::Tensor& pixels) const {
  return in_order(pixels, 1).div(255.0).sub_(mean_).div_(std_);
}

Batch Batches::plain(std::span<const std::int64_t> index) const {
  const auto at = torch::from_blob(const_cast<std::int64_t*>(index.data()), {dim(index.size())}, torch::kInt64);
  return {normalised(images_.index_select(0, at).to(torch::kFloat32)), labels_.index_select(0, at)};
}

Batch Batches::augmented(const std::vector<std::int64_t>& order, std::size_t first, std::size_t count,
                         const Augmentation& augmentation, std::uint64_t seed, std::size_t epoch) const {
  const auto index = torch::from_blob(const_cast<std::int64_t*>(order.data() + first), {dim(count)}, torch::kInt64);
  const auto chosen = images_.index_select(0, index).to(torch::kFloat32);
  std::vector<float> pixels(chosen.data_ptr<float>(), chosen.data_ptr<float>() + chosen.numel());
  const auto fill = in_order(mean_ * 255, 0).contiguous();
  augment(pixels, {count, set_.channels, set_.height, set_.width}, augmentation,
          {fill.data_ptr<float>(), set_.channels}, epoch_stream(seed, epoch), first);
  const auto all = torch::from_blob(pixels.data(), chosen.sizes(), torch::kFloat32);
  return {normalised(all), labels_.index_select(0, index)};
}

}  // namespace obscura::train
