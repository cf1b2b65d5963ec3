#include "study/learning/learnable_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace obscura::study {
namespace {

using Words = std::vector<std::string>;

/// Enough to see that all of it runs.
constexpr LearnableSizes kQuick = {2000, 500, 24}, kWhole = {0, 0, 200};
/// ER-CNN: the last 10,000 training images are what an attacker has for public ones.
constexpr LearnableSizes kWithoutPublics = {40000, 0, 200};
constexpr std::size_t kResnetEpochs = 8, kVitEpochs = 12, kMnistEpochs = 3, kRounds = 3;

Words network(const char* name, std::size_t epochs, const ReproduceOptions& options) {
  const std::size_t wanted = options.epochs != 0 ? options.epochs : options.quick ? 1 : epochs;
  return {"--network", name, "--epochs", std::to_string(wanted), "--seed", std::to_string(kLearnableSeed)};
}

Words joined(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

LearnablePlan hill(std::size_t block, const char* ending, const std::string& title, const Words& training) {
  LearnablePlan row;
  row.key = fmt::format("hill-{}{}", block, ending);
  row.title = fmt::format("hill {0}x{0}, {1}", block, title);
  row.plain = "plain";
  row.owner_key = fmt::format("hill-{}", block);
  row.shield.shield = "hill", row.shield.block = block;
  row.block = block;
  row.training = training;
  row.shown = block == 4;
  return row;
}

LearnablePlan adapted(std::size_t block, const char* ending, const std::string& title, const Words& base,
                      const Words& more) {
  LearnablePlan row = hill(block, ending, title, joined(joined(base, {"--adapt", "er-cnn"}), more));
  row.adapts = true;
  return row;
}

std::vector<LearnablePlan> er_cnn(const ReproduceOptions& options) {
  const Words base = network("resnet8", kResnetEpochs, options);
  LearnablePlan plain;
  plain.key = "plain", plain.title = "plain pictures", plain.training = base;
  std::vector<LearnablePlan> rows = {plain};
  // A guess that is exact is not to be unlearnt. Another data set may be too small to give public images away.
  Words matched = {"--adapt-start", "match", "--adapt-lr", "0.02"};
  if (options.dataset.empty()) matched = joined(matched, {"--publics", "cifar-10"});
  rows.push_back(hill(4, "", "without adaptation", base));
  rows.push_back(adapted(4, "-adapt", "adaptation (er-cnn)", base, {}));
  rows.push_back(adapted(4, "-blind", "adaptation that finds the key from protected pictures alone", base,
                         {"--adapt-start", "blind", "--adapt-lr", "0.02"}));
  rows.push_back(adapted(4, "-match", "adaptation from matched statistics", base, matched));
  rows.push_back(adapted(2, "-adapt", "adaptation", base, {}));
  rows.push_back(adapted(8, "-adapt", "adaptation", base, {}));
  rows.push_back(adapted(4, "-rounds", fmt::format("adaptation, {} rounds", kRounds), base,
                         {"--rounds", std::to_string(kRounds)}));
  rows.back().rounds = kRounds;
  rows.push_back(adapted(4, "-padding", "adaptation padded by a pixel, as published", base, {"--adapt-padding", "1"}));
  for (auto& row : rows) row.dataset = "cifar-10";
  return rows;
}

/// A random network as the key; rows with other channels have another.
LearnablePlan encoder(const char* key, const std::string& title, const char* dataset, const char* plain,
                      const char* shield, const Words& training) {
  LearnablePlan row;
  row.key = key, row.title = title, row.dataset = dataset, row.plain = plain, row.owner_key = key;
  row.shield.shield = shield, row.shield.block = 4, row.shield.depth = 4, row.shield.hidden = 192;
  row.training = training;
  row.block = 4;
  row.shown = std::string(dataset) == "cifar-10";
  return row;
}

std::vector<LearnablePlan> color_neuracrypt(const ReproduceOptions& options) {
  const Words base = network("vit-tiny", kVitEpochs, options), mnist = network("vit-tiny", kMnistEpochs, options);
  const Words unordered = {"--no-positions"};
  LearnablePlan plain, digits;
  plain.key = "plain", plain.title = "CIFAR-10, plain", plain.dataset = "cifar-10", plain.training = base;
  digits.key = "mnist-plain", digits.title = "MNIST, plain", digits.dataset = "mnist", digits.training = mnist;
  std::vector<LearnablePlan> rows = {plain};
  rows.push_back(
      encoder("color-neuracrypt", "CIFAR-10, color-neuracrypt", "cifar-10", "plain", "color-neuracrypt", base));
  rows.push_back(
      encoder("neuracrypt", "CIFAR-10, neuracrypt", "cifar-10", "plain", "neuracrypt", joined(base, unordered)));
  rows.push_back(digits);
  rows.push_back(
      encoder("mnist-neuracrypt", "MNIST, neuracrypt", "mnist", "mnist-plain", "neuracrypt", joined(mnist, unordered)));
  return rows;
}

std::vector<LearnablePlan> all_rows(const ReproduceOptions& options) {
  return options.subject == "er-cnn" ? er_cnn(options) : color_neuracrypt(options);
}

}  // namespace

LearnableSizes learnable_sizes(const ReproduceOptions& options) {
  if (options.quick) return kQuick;
  return options.subject == "er-cnn" && options.dataset.empty() ? kWithoutPublics : kWhole;
}

bool is_learnable(const std::string& subject) {
  return subject == "er-cnn" || subject == "color-neuracrypt";
}

std::vector<std::string> learnable_keys(const std::string& subject) {
  ReproduceOptions options;
  options.subject = subject;
  std::vector<std::string> keys;
  for (const auto& row : all_rows(options)) keys.push_back(row.key);
  return keys;
}

std::vector<LearnablePlan> learnable_plan(const ReproduceOptions& options) {
  const auto keys = learnable_keys(options.subject);
  for (const auto& key : options.only) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    throw UsageError(fmt::format("no row '{}': choose {}", key, fmt::join(keys, ", ")));
  }
  auto rows = all_rows(options);
  if (!options.only.empty()) {
    std::erase_if(rows, [&](const LearnablePlan& row) {
      return std::find(options.only.begin(), options.only.end(), row.key) == options.only.end();
    });
  }
  if (!options.dataset.empty()) {
    for (auto& row : rows) row.dataset = options.dataset;
  }
  return rows;
}

Words key_words(const KeyOptions& key) {
  Words words = {"--shield", key.shield, "--block", std::to_string(key.block)};
  if (key.depth != 0) words = joined(words, {"--depth", std::to_string(key.depth)});
  if (key.hidden != 0) words = joined(words, {"--hidden", std::to_string(key.hidden)});
  return words;
}

std::vector<LearnableAttackPlan> learnable_attacks(const ReproduceOptions& options,
                                                   const std::vector<LearnablePlan>& rows) {
  std::vector<LearnableAttackPlan> out;
  for (const char* key : {"hill-4", "color-neuracrypt", "neuracrypt"}) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const LearnablePlan& row) { return row.owner_key == key; });
    if (found == rows.end()) continue;
    Words words = {"--seed", std::to_string(kLearnableSeed)};
    // All of them train decoders, too, which takes minutes.
    const char* strongest = std::string(key) == "hill-4" ? "statistics" : "ridge";
    if (options.quick)
      words = joined(words, {"--attack", strongest, "--images", "300", "--publics", "1000", "--quick"});
    out.push_back({key, found->dataset, words});
  }
  return out;
}

}  // namespace obscura::study
