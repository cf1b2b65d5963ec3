// The rows of `reproduce color-neuracrypt`, and what stands for each line of its table.
#include <fmt/format.h>

#include "study/learning/learnable_rows.h"

namespace obscura::study {
namespace {

constexpr std::size_t kVitEpochs = 10, kVitHalfEpochs = 6, kMnistEpochs = 3, kShakeDropEpochs = 10;
constexpr std::size_t kAll = 50000, kMnist = 20000;

struct Scheme {
  const char* key;
  const char* shield;
  const char* what;
  PlanWords more;
  bool partial;  // a pretrained network fits in part only
};

/// The ways to protect that are read by transformers.
const std::vector<Scheme>& schemes() {
  static const std::vector<Scheme> all = {
      {"color-neuracrypt", "color-neuracrypt", "color-neuracrypt", {}, false},
      {"neuracrypt", "neuracrypt", "neuracrypt, without positions", {"--no-positions"}, true},
      {"neuracrypt-positions", "neuracrypt", "neuracrypt, with positions", {}, true},
  };
  return all;
}

LearnablePlan base_row(const std::string& key, const std::string& title, const std::string& dataset,
                       const PlanWords& training) {
  LearnablePlan row;
  row.key = key, row.title = title, row.dataset = dataset, row.training = training;
  return row;
}

/// A random network as the key. Rows of one shield, seed and data set share it.
LearnablePlan encoder_row(const std::string& key, const std::string& title, const LearnablePlan& plain,
                          const std::string& shield, const PlanWords& more) {
  LearnablePlan row = plain;
  row.key = key, row.title = title, row.plain = plain.key, row.owner_key = shield;
  row.training = joined(plain.training, more);
  row.shield.shield = shield, row.shield.block = 4, row.shield.depth = 4, row.shield.hidden = 192;
  row.block = 4;
  if (plain.key == "mnist-plain") row.owner_key += "-mnist";
  if (plain.seed != 1) row.owner_key += fmt::format("-seed-{}", plain.seed);
  return row;
}

/// Table 1, its transformers.
void add_transformers(std::vector<LearnablePlan>& rows, const RowSizes& sizes) {
  LearnablePlan plain = base_row("plain", "CIFAR-10, plain, transformer", sizes.dataset("cifar-10"),
                                 sizes.network("vit-tiny", kVitEpochs));
  plain.limit = sizes.pictures(kAll);
  rows.push_back(plain);
  for (const Scheme& scheme : schemes()) {
    rows.push_back(
        encoder_row(scheme.key, fmt::format("CIFAR-10, {}", scheme.what), plain, scheme.shield, scheme.more));
    rows.back().shown = true;
  }
  LearnablePlan digits = base_row("mnist-plain", "MNIST, plain, transformer", sizes.dataset("mnist"),
                                  sizes.network("vit-tiny", kMnistEpochs));
  digits.limit = sizes.pictures(kMnist);
  rows.push_back(digits);
  rows.push_back(encoder_row("mnist-neuracrypt", "MNIST, neuracrypt", digits, "neuracrypt", {"--no-positions"}));
}

/// Table 1, its convolutional networks behind adaptations.
void add_convolutions(std::vector<LearnablePlan>& rows, const RowSizes& sizes) {
  LearnablePlan plain = base_row("plain-shakedrop", "CIFAR-10, plain, ShakeDrop", sizes.dataset("cifar-10"),
                                 sizes.network("pyramid-shakedrop-mini", kShakeDropEpochs));
  plain.limit = sizes.pictures(kAll);
  rows.push_back(plain);
  for (const char* shield : {"etc", "ele"}) {
    LearnablePlan row = plain;
    row.key = row.owner_key = row.shield.shield = shield;
    row.title = fmt::format("CIFAR-10, {}, adaptation (madono) and ShakeDrop", shield);
    row.plain = plain.key;
    row.shield.block = row.block = 4;
    row.training = joined(plain.training, {"--adapt", "madono"});
    row.shown = true;
    rows.push_back(row);
  }
}

/// With and without pretraining on the other half: one seed.
void add_halves(std::vector<LearnablePlan>& rows, const RowSizes& sizes, std::uint64_t seed) {
  const PlanWords words = sizes.network("vit-tiny", kVitHalfEpochs, seed);
  LearnablePlan first = base_row(fmt::format("pretrain-{}", seed), "plain, the first half: what is pretrained",
                                 sizes.dataset("cifar-10"), words);
  first.seed = seed, first.limit = sizes.half();
  const auto add = [&](LearnablePlan row, const std::string& series) {
    row.series = series;
    row.main = row.read = false;
    rows.push_back(std::move(row));
  };
  add(first, first.title);
  const auto both = [&](LearnablePlan row, bool partial, const std::string& plain) {
    const std::string key = row.key, title = row.title;
    for (const bool pretrained : {false, true}) {
      row.key = fmt::format("{}-{}-{}", key, pretrained ? "pretrained" : "scratch", seed);
      row.plain = plain.empty() ? "" : fmt::format("{}-{}-{}", plain, pretrained ? "pretrained" : "scratch", seed);
      if (pretrained) row.pretrained = first.key, row.partial = partial;
      add(row, fmt::format("{}, {}", title, pretrained ? "pretrained" : "from scratch"));
      rows.back().title = rows.back().series;
    }
  };
  LearnablePlan other = first;
  other.key = "plain", other.title = "plain", other.skip = sizes.half();
  both(other, false, "");
  for (const Scheme& scheme : schemes()) {
    both(encoder_row(scheme.key, scheme.what, other, scheme.shield, scheme.more), scheme.partial, "plain");
  }
}

std::vector<std::string> half_keys() {
  std::vector<std::string> keys;
  for (const std::uint64_t seed : kSeeds) keys.push_back(fmt::format("pretrain-{}", seed));
  for (const char* what : {"plain", "color-neuracrypt", "neuracrypt", "neuracrypt-positions"}) {
    for (const char* start : {"scratch", "pretrained"}) {
      for (const std::uint64_t seed : kSeeds) keys.push_back(fmt::format("{}-{}-{}", what, start, seed));
    }
  }
  return keys;
}

}  // namespace

std::vector<LearnablePlan> color_neuracrypt_rows(const RowSizes& sizes) {
  std::vector<LearnablePlan> rows;
  add_transformers(rows, sizes);
  for (const std::uint64_t seed : kSeeds) add_halves(rows, sizes, seed);
  add_convolutions(rows, sizes);
  return rows;
}

std::vector<report::LearnableFigure> color_neuracrypt_figures() {
  return {
      {"1",
       "Figures 1 and 2: framework and architectures",
       "drawings",
       "nothing is measured in them. What they draw is what neuracrypt and color-neuracrypt are (shields.md).",
       {}},
      {"3",
       "Figure 3: a picture plain and encrypted",
       "one picture of CIFAR-10",
       "the strips of report.html, of the run's own test pictures; none of a data set is kept here.",
       {}},
      {"table-1",
       "Table 1: accuracy",
       "96.20 % against 99.10 % plain, 70.60 % with NeuraCrypt; EtC 89.09, ELE 83.06 %",
       "a small transformer on patches of 4 pixels of 32x32 in place of ViT-B_16 at 224x224, and a small ShakeDrop "
       "network behind Madono's adaptation; all from nothing.",
       {"etc", "ele", "neuracrypt", "neuracrypt-positions", "color-neuracrypt", "plain-shakedrop", "plain",
        "mnist-neuracrypt", "mnist-plain"},
       true},
      {"pretraining", "The reason of the 25 points: pretraining",
       "all transformers start from ImageNet-21k weights, but NeuraCrypt \"cannot be directly applied to a standard "
       "pre-trained ViT\"",
       "own pretraining on half of the training pictures stands for ImageNet's. Each scheme learns from the other "
       "half, "
       "from nothing and from those weights; of neuracrypt's pictures they fit all but the patch embedding, which is "
       "of "
       "another shape, and positions that say nothing of shuffled patches. If pretraining is the reason, it helps "
       "color-neuracrypt more than neuracrypt.",
       half_keys(), false},
  };
}

}  // namespace obscura::study
