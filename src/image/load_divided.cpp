// Test images that have to serve for training, too.
#include <numeric>
#include <utility>
#include <vector>

#include "image/loaders.h"
#include "image/random.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

/// Part of what the division is: another seed is another data set.
constexpr std::uint64_t kSeed = 20000;

/// By Fisher and Yates.
std::vector<std::size_t> fixed_shuffle(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  SplitMix random(kSeed);
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

}  // namespace

Dataset load_divided_set(const std::string& name, const std::string& source, Split split, const fs::path& folder,
                         std::size_t limit) {
  const Dataset all = load_idx_set(source, Split::test, folder, 0);
  const auto order = fixed_shuffle(all.count);
  const std::size_t border = all.count * 4 / 5;
  const std::size_t first = split == Split::train ? 0 : border;
  std::size_t last = split == Split::train ? border : all.count;
  if (limit != 0 && limit < last - first) last = first + limit;
  Dataset set{name, all.classes, {}, {}, last - first, all.channels, all.height, all.width, 0, {}};
  set.available = (split == Split::train ? border : all.count) - first;
  set.images.reserve(set.count * set.image_size());
  for (std::size_t i = first; i < last; ++i) {
    const auto pixels = all.pixels(order[i]);
    set.images.insert(set.images.end(), pixels.begin(), pixels.end());
    set.labels.push_back(all.labels[order[i]]);
  }
  return set;
}

}  // namespace obscura::image
