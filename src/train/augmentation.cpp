#include "train/augmentation.h"

#include <numeric>
#include <utility>

#include "image/transforms.h"

namespace obscura::train {

std::uint64_t mix(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::vector<std::int64_t> shuffled(std::size_t count, std::uint64_t seed, std::size_t epoch) {
  std::vector<std::int64_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::uint64_t state = mix(mix(seed) ^ epoch);
  for (std::size_t i = order.size(); i > 1; --i) {  // Fisher and Yates; the bias of % is below 2^-40 here
    state = mix(state);
    std::swap(order[i - 1], order[state % i]);
  }
  return order;
}

std::uint64_t epoch_stream(std::uint64_t seed, std::size_t epoch) {
  return mix(mix(seed + 1) ^ epoch);
}

void augment(std::vector<float>& pixels, const image::BatchShape& shape, const Augmentation& augmentation,
             std::span<const float> fill, std::uint64_t stream, std::uint64_t first) {
  if (augmentation.one_of_eight) image::augment_one_of_eight(pixels, shape, stream, first);
  if (augmentation.affine) {
    std::vector<float> moved(pixels.size());
    image::augment_affine(pixels, moved, shape, augmentation.limits, stream, first);
    pixels = std::move(moved);
  }
  if (augmentation.crop > 0) {
    std::vector<float> moved(pixels.size());
    image::augment_crop(pixels, moved, shape, augmentation.crop, stream, first);
    pixels = std::move(moved);
  }
  if (augmentation.flip) image::augment_flip(std::span(pixels), shape, mix(stream), first);
  if (augmentation.flip_rows) image::augment_flip_rows(std::span(pixels), shape, mix(stream), first);
  if (augmentation.cutout > 0) {
    image::augment_cutout(pixels, shape, augmentation.cutout, fill, mix(stream), first);
  }
}

}  // namespace obscura::train
