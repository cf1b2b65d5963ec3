#include "study/learning/rcnn_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "study/rcnn/feature_study.h"

namespace obscura::study {
namespace {

std::vector<RcnnGalleryPlan> all_galleries() {
  const std::string selected = std::to_string(kSelectedFeatures);
  return {{"numbers", "all features", "rcnn", {"--vectors", "features"}},
          {"gini", "600 features as bits, Gini impurity", "rcnn", {"--vectors", "features", "--features", selected}},
          {"entropy",
           "600 features as bits, entropy",
           "rcnn",
           {"--vectors", "features", "--features", selected, "--impurity", "entropy"}},
          {"embed", "our embedding", "embed", {"--vectors", "output"}},
          {"embed-codes", "our embedding as bits", "embed", {"--vectors", "output", "--codes"}}};
}

std::vector<RcnnRowPlan> all_rows() {
  std::vector<RcnnRowPlan> rows = {
      {"literal", "all features, share of unequal numbers: the paper to the letter", "numbers", "unequal"},
      {"bits-gini", "600 features as bits, selected by Gini impurity: the paper read kindly", "gini"},
      {"bits-entropy", "the same, selected by entropy", "entropy"},
      {"bits-random", "600 random features as bits", "", "bits_random"},
      {"bits-all", "all features as bits", "", "bits_all"},
      {"cosine", "all features, cosine", "numbers"},
      {"embed-cosine", "our embedding, cosine", "embed"},
      {"embed-codes", "our embedding as bits", "embed-codes"}};
  rows.push_back({"trusted", "trusted (the paper's protocol), 600 bits", "gini", "", "trusted", true});
  rows.push_back({"blind-bits", "blind-features, 600 bits", "gini", "", "blind-features"});
  rows.push_back({"blind-embed", "blind-features, our embedding", "embed", "", "blind-features", true});
  // Compiles the network with the gallery in it for each search.
  rows.push_back({"blind", "blind, our embedding", "embed", "", "blind", false, 1});
  return rows;
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

RcnnSizes rcnn_sizes(const ReproduceOptions& options) {
  RcnnSizes sizes{0, 1000, 0, 0, 0, 4};
  if (options.quick) sizes = {2000, 100, 1000, 10000, 2, 2};
  if (options.images != 0) sizes.queries = options.images;
  if (options.epochs != 0) sizes.epochs = options.epochs;
  return sizes;
}

std::string rcnn_dataset(const ReproduceOptions& options) {
  return options.dataset.empty() ? "cifar-10" : options.dataset;
}

std::vector<std::string> rcnn_keys() {
  std::vector<std::string> keys;
  for (const auto& row : all_rows()) keys.push_back(row.key);
  return keys;
}

std::vector<RcnnRowPlan> rcnn_plan(const ReproduceOptions& options) {
  const auto keys = rcnn_keys();
  for (const auto& key : options.only) {
    if (!contains(keys, key)) throw UsageError(fmt::format("no row '{}': choose {}", key, fmt::join(keys, ", ")));
  }
  auto rows = all_rows();
  if (!options.only.empty()) {
    std::erase_if(rows, [&](const RcnnRowPlan& row) { return !contains(options.only, row.key); });
  }
  return rows;
}

std::vector<RcnnGalleryPlan> rcnn_galleries(const std::vector<RcnnRowPlan>& rows) {
  auto galleries = all_galleries();
  std::erase_if(galleries, [&](const RcnnGalleryPlan& gallery) {
    return std::none_of(rows.begin(), rows.end(), [&](const RcnnRowPlan& row) { return row.gallery == gallery.key; });
  });
  return galleries;
}

}  // namespace obscura::study
