#include "study/learning/chunked_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace obscura::study {
namespace {

constexpr std::size_t kQuickImages = 60, kQuickEpochs = 5;

std::vector<ChunkedNetworkPlan> all_networks() {
  return {{"seed", "the paper's network of a chunk, squares", "chunk-seed", "chunk-seed-neu.onnx"},
          {"relu", "the same with ReLU", "chunk-seed-relu", "chunk-seed-relu-neu.onnx"},
          {"original", "the paper's network for whole pictures", "chunk-original", "chunk-original-neu.onnx"},
          {"concat", "the paper's network of a chunk, concatenated", "chunk-seed-concat", "chunk-seed-concat-neu.onnx"},
          {"own", "Obscura's own, by chunks", "chunk-own", "chunk-own-neu.onnx", true},
          {"whole-own", "Obscura's own, whole pictures", "whole-own", "whole-neu.onnx", true}};
}

std::vector<ChunkedRowPlan> all_rows() {
  return {{"seed-features", "the paper's network, feature chunks", "seed", "features"},
          {"seed-all", "the paper's network, all chunks", "seed", "all"},
          {"seed-whole", "the paper's network, the picture as one", "seed", "whole"},
          {"seed-hidden", "the paper's network, hidden", "seed", "hidden"},
          {"seed-batched", "the paper's network, many pictures together", "seed", "whole", "batched"},
          {"relu", "its ReLU twin", "relu", "plain"},
          {"original", "the unencrypted original", "original", "plain"},
          {"concat-whole", "the paper's network, concatenated", "concat", "whole"},
          {"own-features", "chunk-own, feature chunks", "own", "features"},
          {"own-all", "chunk-own, all chunks", "own", "all"},
          {"own-whole", "chunk-own, the picture as one", "own", "whole"},
          {"own-hidden", "chunk-own, hidden", "own", "hidden"},
          {"whole-own", "whole-own", "whole-own", ""}};
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

std::string chunked_dataset(const ReproduceOptions& options) {
  return options.dataset.empty() ? "neu-cls" : options.dataset;
}

std::size_t chunked_images(const ReproduceOptions& options) {
  return options.images != 0 ? options.images : options.quick ? kQuickImages : 0;
}

std::size_t chunked_epochs(const ReproduceOptions& options) {
  return options.epochs != 0 ? options.epochs : options.quick ? kQuickEpochs : 0;
}

std::vector<std::string> chunked_keys() {
  std::vector<std::string> keys;
  for (const auto& row : all_rows()) keys.push_back(row.key);
  return keys;
}

std::vector<ChunkedRowPlan> chunked_plan(const ReproduceOptions& options) {
  const auto keys = chunked_keys();
  for (const auto& key : options.only) {
    if (!contains(keys, key)) throw UsageError(fmt::format("no row '{}': choose {}", key, fmt::join(keys, ", ")));
  }
  auto rows = all_rows();
  if (!options.only.empty()) {
    std::erase_if(rows, [&](const ChunkedRowPlan& row) { return !contains(options.only, row.key); });
  }
  return rows;
}

std::vector<ChunkedNetworkPlan> chunked_networks(const std::vector<ChunkedRowPlan>& rows) {
  auto networks = all_networks();
  std::erase_if(networks, [&](const ChunkedNetworkPlan& network) {
    return std::none_of(rows.begin(), rows.end(),
                        [&](const ChunkedRowPlan& row) { return row.network == network.key; });
  });
  return networks;
}

}  // namespace obscura::study
