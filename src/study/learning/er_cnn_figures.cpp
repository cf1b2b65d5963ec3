// What stands for each figure of ER-CNN's report.
#include <fmt/format.h>

#include "study/learning/learnable_rows.h"

namespace obscura::study {
namespace {

using report::LearnableFigure;
using Keys = std::vector<std::string>;

Keys batches_of(const Keys& networks) {
  Keys keys;
  for (const auto& network : networks) {
    for (const std::size_t batch : kBatches) keys.push_back(fmt::format("batch-{}-{}", network, batch));
  }
  return keys;
}

Keys rates() {
  Keys keys;
  for (const char* rate : kRates) keys.push_back(fmt::format("rate-{}", rate));
  return keys;
}

Keys models() {
  Keys keys;
  for (const char* network : kBackbones) {
    for (const char* what : {"plain", "hill-4", "adapt"}) keys.push_back(fmt::format("{}-{}", network, what));
  }
  return keys;
}

Keys large() {
  Keys keys;
  for (const char* network : kLargeBackbones) {
    for (const char* what : {"plain", "hill-8", "adapt"}) keys.push_back(fmt::format("neu-{}-{}", network, what));
  }
  return keys;
}

Keys rounds_of(const std::string& name, const std::string& ending) {
  Keys keys;
  for (std::size_t round = 1; round <= kStudyRounds; ++round) {
    keys.push_back(fmt::format("{}{}-round-{}", name, ending, round));
  }
  return keys;
}

/// In the order in which they are compared: seed by seed within each.
Keys section_5() {
  Keys keys;
  for (const char* name : {"pretrain", "plain-half", "plain-pretrained"}) {
    for (const std::uint64_t seed : kSeeds) keys.push_back(fmt::format("{}-{}", name, seed));
  }
  for (const char* name : {"scratch", "pretrained", "still"}) {
    for (const std::uint64_t seed : kSeeds) {
      const Keys rounds = rounds_of(name, fmt::format("-{}", seed));
      keys.insert(keys.end(), rounds.begin(), rounds.end());
    }
  }
  for (const std::uint64_t seed : kSeeds) keys.push_back(fmt::format("still-{}-last", seed));
  return keys;
}

Keys sixteen() {
  Keys keys = {"hill-16", "hill-16-adapt"};
  for (const char* name : {"pretrained", "still"}) {
    const Keys rounds = rounds_of(name, "-1-block-16");
    keys.insert(keys.end(), rounds.begin(), rounds.end());
  }
  return keys;
}

constexpr const char* kSmaller =
    "smaller networks of the same families on the first 10,000 pictures, with the report's schedule (SGD, momentum "
    "0.9, "
    "constant rate), from nothing, not from ImageNet weights. A larger batch is fewer steps at the same rate.";

}  // namespace

std::vector<LearnableFigure> er_cnn_figures() {
  return {
      {"1-1",
       "Figures 1-1 to 3-2, 5-1, 5-3, 5-5, 5-6 and Table 3-1: drawings",
       "diagrams of the method",
       "nothing is measured in them. What they draw is what hill, --adapt and --rounds are (shields.md, learnable.md).",
       {}},
      {"4-1", "Figure 4-1: batch sizes, ResNets", "ResNet-50 is best with 32, ResNet-34 worse with every larger batch",
       kSmaller, batches_of({"resnet8", "resnet20"}), true},
      {"4-2", "Figure 4-2: batch sizes, ResNeXt", "32 is best", kSmaller, batches_of({"resnext11"}), true},
      {"4-3", "Figure 4-3: batch sizes, ConvNeXt", "32 is best", kSmaller, batches_of({"convnext-mini"}), true},
      {"4-4", "Figure 4-4: learning rates", "0.002 is best, with ResNet-50",
       "resnet20, batches of 32; from nothing, where a larger rate is better than for fine-tuning.", rates(), true},
      {"4-5",
       "Figure 4-5: kernel of the adaptation",
       "of 2, 4 and 8, 4 is best on cipher blocks of 4",
       "resnet8. A kernel of 2 sees a quarter of a block and cannot undo the key; one of 8 sees four blocks and has to "
       "learn the key four times over. (The size of the cipher's blocks is another question: rows hill-2-adapt, "
       "hill-4-adapt, hill-8-adapt and hill-16-adapt.)",
       {"kernel-2", "resnet8-adapt", "kernel-8"},
       true},
      {"4-6", "Figure 4-6: networks on dataset 1",
       "84.25 % at best (ConvNeXt-Base); adaptations make every network worse",
       "five smaller networks of the same families, plain, protected, and with an adaptation whose windows lie on the "
       "blocks; our schedule.",
       models(), false},
      {"4-7", "Figures 4-7 and 4-8: networks on dataset 2, with and without adaptation",
       "50 classes at 224x224, hill 8x8: 96.04 % at best, adaptations help",
       "NEU-CLS, 6 classes of 1,296 training pictures at 64x64 pixels, hill 8x8: 64 blocks a picture, where 32x32 with "
       "blocks of 4 has as many.",
       large(), true},
      {"5", "Section 5: the network as the one that breaks the cipher (figures 5-2, 5-4, 5-7, 5-8)",
       "a network pretrained on other classes, adapted in rounds: 56.60 %, pictures \"still quite identifiable\", by "
       "eye",
       "pretrained on one half of the training pictures, adapted to the other half from labels alone. In each round "
       "the "
       "adaptation stays and the network starts afresh: from nothing, from the pretrained weights, or from those and "
       "standing still (--network-lr 0), so that the adaptation alone can make it right. Last, all learns, from there. "
       "The pictures of each round are in report.html of the run; no picture of a data set is kept here.",
       section_5(), true},
      {"5-16", "Section 5.2.1: keys of 16x16", "one key size there, 16: 57.46 % plain, 56.60 % adapted",
       "a matrix of 256 x 256 a channel, four blocks a picture of 32x32.", sixteen(), true},
      {"5-9",
       "Figures 5-9 and 5-10: approach two, ImageNet-21k",
       "52.31 %, no pictures revealed; two rounds for want of time",
       "no counterpart: it is the scheme of section 5 once more with ImageNet weights and other classes, which are "
       "neither small nor free to be handed on. Section 5 here has the halves of one data set in their place.",
       {}},
  };
}

}  // namespace obscura::study
