#include "audit/chunk_network.h"

#include "train/vision/quick_classifier.h"

namespace obscura::audit {
namespace {

constexpr float kGrey = 127.5F;

/// Both channels of one picture, planar.
void append_input(std::vector<float>& inputs, const Chunking& cut, const ServerView& view) {
  const std::vector<bool> plain = plain_chunks(cut, view);
  const image::Image seen = seen_picture(cut, view);
  std::vector<float> unknown;
  for (std::size_t y = 0; y < seen.height; ++y) {
    for (std::size_t x = 0; x < seen.width; ++x) {
      const bool known = plain[y / cut.height * cut.columns() + x / cut.width];
      inputs.push_back(known ? (static_cast<float>(seen.at(y, x)) - kGrey) / kGrey : 0);
      unknown.push_back(known ? 0.0F : 1.0F);
    }
  }
  inputs.insert(inputs.end(), unknown.begin(), unknown.end());
}

std::vector<float> inputs_of(const Chunking& cut, std::span<const ServerView> views,
                             std::span<const std::size_t> numbers) {
  std::vector<float> inputs;
  inputs.reserve(2 * cut.picture.size() * numbers.size());
  for (const std::size_t n : numbers) append_input(inputs, cut, views[n]);
  return inputs;
}

}  // namespace

Guesser network_guesser(const Chunking& cut, std::span<const ServerView> views, const ChunkNetworkOptions& options) {
  return [cut, views, options](std::span<const std::size_t> learn, std::span<const std::int64_t> labels,
                               std::span<const std::size_t> guess) {
    train::QuickTask task;
    task.shape = {2, cut.picture.height, cut.picture.width};
    task.classes = options.classes, task.epochs = options.epochs;
    task.seed = options.seed, task.threads = options.threads;
    return train::QuickClassifier(task, inputs_of(cut, views, learn), labels).predict(inputs_of(cut, views, guess));
  };
}

}  // namespace obscura::audit
