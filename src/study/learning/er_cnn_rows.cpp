// The rows of `reproduce er-cnn`.
#include <fmt/format.h>

#include "study/learning/learnable_rows.h"

namespace obscura::study {
namespace {

constexpr std::size_t kEpochs = 8, kHalfEpochs = 5, kSweepEpochs = 5, kModelEpochs = 5, kNeuEpochs = 20;
/// The last 10,000 training images are what an attacker has for public ones.
constexpr std::size_t kWithoutPublics = 40000, kSweep = 10000, kModels = 25000;
constexpr std::size_t kNeuSide = 64;

struct Names {
  std::string key, title;
};

LearnablePlan plain_row(const Names& names, const std::string& dataset, const PlanWords& training) {
  LearnablePlan row;
  row.key = names.key, row.title = names.title, row.dataset = dataset, row.training = training;
  return row;
}

LearnablePlan hill_row(const Names& names, const LearnablePlan& plain, std::size_t block, const PlanWords& training) {
  LearnablePlan row = plain;
  row.key = names.key, row.title = names.title, row.plain = plain.key, row.training = training;
  row.owner_key = fmt::format("hill-{}", block);
  if (plain.seed != 1) row.owner_key += fmt::format("-seed-{}", plain.seed);
  row.shield.shield = "hill", row.shield.block = block;
  row.block = block;
  return row;
}

LearnablePlan adapted_row(const Names& names, const LearnablePlan& plain, std::size_t block, const PlanWords& more) {
  LearnablePlan row = hill_row(names, plain, block, joined(joined(plain.training, {"--adapt", "er-cnn"}), more));
  row.adapts = true;
  return row;
}

/// Plain against protected, and what adaptations start from.
void add_main(std::vector<LearnablePlan>& rows, const RowSizes& sizes) {
  LearnablePlan plain =
      plain_row({"plain", "plain pictures"}, sizes.dataset("cifar-10"), sizes.network("resnet8", kEpochs));
  plain.limit = sizes.pictures(kWithoutPublics);
  rows.push_back(plain);
  const auto add = [&](LearnablePlan row) {
    row.shown = row.block == 4;
    rows.push_back(std::move(row));
  };
  // A guess that is exact is not to be unlearnt. Another data set may be too small to give public images away.
  PlanWords matched = {"--adapt-start", "match", "--adapt-lr", "0.02"};
  if (sizes.has_publics()) matched = joined(matched, {"--publics", "cifar-10"});
  add(hill_row({"hill-4", "hill 4x4, without adaptation"}, plain, 4, plain.training));
  add(adapted_row({"hill-4-adapt", "hill 4x4, adaptation (er-cnn)"}, plain, 4, {}));
  add(adapted_row({"hill-4-blind", "hill 4x4, adaptation that finds the key from protected pictures alone"}, plain, 4,
                  {"--adapt-start", "blind", "--adapt-lr", "0.02"}));
  add(adapted_row({"hill-4-match", "hill 4x4, adaptation from matched statistics"}, plain, 4, matched));
  for (const std::size_t block : {2, 8, 16}) {
    add(adapted_row({fmt::format("hill-{}-adapt", block), fmt::format("hill {0}x{0}, adaptation", block)}, plain, block,
                    {}));
  }
  add(hill_row({"hill-16", "hill 16x16, without adaptation"}, plain, 16, plain.training));
  LearnablePlan rounds = adapted_row({"hill-4-rounds", "hill 4x4, adaptation, 3 rounds"}, plain, 4,
                                     {"--rounds", std::to_string(kStudyRounds)});
  rounds.rounds = kStudyRounds;
  add(rounds);
  add(adapted_row({"hill-4-padding", "hill 4x4, adaptation padded by a pixel, as published"}, plain, 4,
                  {"--adapt-padding", "1"}));
}

void add_side(std::vector<LearnablePlan>& rows, LearnablePlan row) {
  row.main = row.read = row.shown = false;
  rows.push_back(std::move(row));
}

/// Figures 4-1 to 4-4: the report's schedule on protected pictures.
void add_tuning(std::vector<LearnablePlan>& rows, const RowSizes& sizes) {
  const auto tuned = [&](const Names& names, const char* network, const PlanWords& more) {
    LearnablePlan base = plain_row(names, sizes.dataset("cifar-10"), {});
    base.limit = sizes.pictures(kSweep);
    const PlanWords words = joined(joined(sizes.network(network, kSweepEpochs), {"--recipe", "er-cnn"}), more);
    LearnablePlan row = hill_row(names, base, 4, words);
    row.plain.clear();
    add_side(rows, row);
  };
  for (const char* network : {"resnet8", "resnet20", "resnext11", "convnext-mini"}) {
    for (const std::size_t batch : kBatches) {
      tuned({fmt::format("batch-{}-{}", network, batch), fmt::format("{}, hill 4x4, batches of {}", network, batch)},
            network, {"--batch", std::to_string(batch)});
    }
  }
  for (const char* rate : kRates) {
    tuned({fmt::format("rate-{}", rate), fmt::format("resnet20, hill 4x4, learning rate {}", rate)}, "resnet20",
          {"--lr", rate});
  }
}

/// Figures 4-5 and 4-6.
void add_models(std::vector<LearnablePlan>& rows, const RowSizes& sizes) {
  for (const char* network : kBackbones) {
    LearnablePlan plain = plain_row({fmt::format("{}-plain", network), fmt::format("{}, plain pictures", network)},
                                    sizes.dataset("cifar-10"), sizes.network(network, kModelEpochs));
    plain.limit = sizes.pictures(kModels);
    add_side(rows, plain);
    add_side(rows,
             hill_row({fmt::format("{}-hill-4", network), fmt::format("{}, hill 4x4, without adaptation", network)},
                      plain, 4, plain.training));
    add_side(rows, adapted_row({fmt::format("{}-adapt", network), fmt::format("{}, hill 4x4, adaptation", network)},
                               plain, 4, {}));
    if (std::string(network) != "resnet8") continue;
    for (const std::size_t kernel : kKernels) {
      if (kernel == 4) continue;  // as resnet8-adapt
      add_side(rows, adapted_row({fmt::format("kernel-{}", kernel),
                                  fmt::format("resnet8, hill 4x4, adaptation's kernel {0}x{0}", kernel)},
                                 plain, 4, {"--adapt-block", std::to_string(kernel)}));
    }
  }
}

/// Figures 4-7 and 4-8: larger pictures and blocks of 8.
void add_large(std::vector<LearnablePlan>& rows, const RowSizes& sizes) {
  const PlanWords size = {"--resize", std::to_string(kNeuSide)};
  for (const char* network : kLargeBackbones) {
    LearnablePlan plain = plain_row({fmt::format("neu-{}-plain", network), fmt::format("{}, NEU-CLS, plain", network)},
                                    sizes.dataset("neu-cls"), joined(sizes.network(network, kNeuEpochs), size));
    plain.limit = sizes.pictures(1296);
    add_side(rows, plain);
    add_side(rows, hill_row({fmt::format("neu-{}-hill-8", network), fmt::format("{}, NEU-CLS, hill 8x8", network)},
                            plain, 8, plain.training));
    LearnablePlan adapted =
        adapted_row({fmt::format("neu-{}-adapt", network), fmt::format("{}, NEU-CLS, hill 8x8, adaptation", network)},
                    plain, 8, {});
    adapted.resize = kNeuSide;
    adapted.shown = std::string(network) == kLargeBackbones[0];
    add_side(rows, adapted);
  }
}

/// One seed of section 5.
class Halves {
 public:
  Halves(std::vector<LearnablePlan>& rows, const RowSizes& sizes, std::uint64_t seed, std::size_t block)
      : rows_(rows), seed_(seed), block_(block), half_(sizes.half()), ending_(fmt::format("-{}", seed)) {
    if (block != 4) ending_ += fmt::format("-block-{}", block);
    base_ = plain_row({"plain-half" + fmt::format("-{}", seed), "plain, the other half"}, sizes.dataset("cifar-10"),
                      sizes.network("resnet8", kHalfEpochs, seed));
    base_.seed = seed, base_.skip = base_.limit = half_;
  }

  /// The networks on plain pictures.
  void add_plain() {
    LearnablePlan first = base_;
    first.key = pretrained(), first.title = "plain, the first half: what is pretrained", first.skip = 0;
    LearnablePlan more = base_;
    more.key = "plain-pretrained" + fmt::format("-{}", seed_), more.title = "plain, the other half, pretrained";
    more.plain = base_.key, more.pretrained = pretrained();
    for (LearnablePlan row : {first, base_, more}) {
      row.series = row.title;
      add(row);
    }
  }

  /// Rounds that keep the adaptation and start the network afresh, `network` saying how.
  void add_rounds(const std::string& name, const std::string& what, bool from_pretrained, const PlanWords& network) {
    std::string before;
    for (std::size_t round = 1; round <= kStudyRounds; ++round) {
      LearnablePlan row = labelled(fmt::format("{}{}-round-{}", name, ending_, round), what, network);
      row.round = round;
      row.title += fmt::format(", round {}", round);
      row.adaptation = before;
      if (from_pretrained) row.pretrained = pretrained();
      before = row.key;
      add(row);
    }
  }

  /// After the rounds of `name`: everything learns, from the pretrained network on.
  void add_last(const std::string& name, const std::string& what) {
    LearnablePlan row = labelled(fmt::format("{}{}-last", name, ending_), what, {"--adapt-lr", "0.2"});
    row.adaptation = fmt::format("{}{}-round-{}", name, ending_, kStudyRounds);
    row.pretrained = pretrained();
    add(row);
  }

 private:
  std::string pretrained() const { return fmt::format("pretrain-{}", seed_); }

  LearnablePlan labelled(const std::string& key, const std::string& what, const PlanWords& more) const {
    const std::string title = fmt::format("hill {0}x{0}, {1}", block_, what);
    LearnablePlan row = adapted_row({key, title}, base_, block_, more);
    row.series = title;
    return row;
  }

  void add(LearnablePlan row) {
    row.main = row.read = false;
    row.shown = row.adapts && seed_ == 1;
    rows_.push_back(std::move(row));
  }

  std::vector<LearnablePlan>& rows_;
  std::uint64_t seed_;
  std::size_t block_, half_;
  std::string ending_;
  LearnablePlan base_;
};

/// The network that stands still: a large rate and a limit to the gradient serve the adaptation best.
const PlanWords& still() {
  static const PlanWords words = {"--network-lr", "0", "--adapt-lr", "5", "--clip", "1"};
  return words;
}

void add_section_5(std::vector<LearnablePlan>& rows, const RowSizes& sizes) {
  for (const std::uint64_t seed : kSeeds) {
    Halves four(rows, sizes, seed, 4);
    four.add_plain();
    four.add_rounds("scratch", "from scratch", false, {});
    four.add_rounds("pretrained", "pretrained, all learns", true, {});
    four.add_rounds("still", "pretrained, the network stands still", true, still());
    four.add_last("still", "after those rounds, all learns");
  }
  Halves sixteen(rows, sizes, 1, 16);
  sixteen.add_rounds("pretrained", "pretrained, all learns", true, {});
  sixteen.add_rounds("still", "pretrained, the network stands still", true, still());
}

}  // namespace

std::vector<LearnablePlan> er_cnn_rows(const RowSizes& sizes) {
  std::vector<LearnablePlan> rows;
  add_main(rows, sizes);
  add_section_5(rows, sizes);
  add_models(rows, sizes);
  add_tuning(rows, sizes);
  add_large(rows, sizes);
  return rows;
}

}  // namespace obscura::study
