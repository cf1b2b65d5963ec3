#include "train/choosing.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace obscura::train {
namespace {

double score(const EpochResult& epoch, const BestBy& by) {
  return by.recall ? epoch.validation_recall : epoch.validation_accuracy;
}

double loss_of(const EpochResult& epoch) {
  return std::isnan(epoch.validation_loss) ? std::numeric_limits<double>::infinity() : epoch.validation_loss;
}

}  // namespace

std::size_t best_epoch(std::span<const EpochResult> epochs, const BestBy& by) {
  const EpochResult* best = nullptr;
  for (const EpochResult& epoch : epochs) {
    if (epoch.epoch < by.first) continue;
    const bool better = best == nullptr || score(epoch, by) > score(*best, by) ||
                        (score(epoch, by) == score(*best, by) && loss_of(epoch) < loss_of(*best));
    if (better) best = &epoch;
  }
  return best == nullptr ? 0 : best->epoch;
}

bool out_of_patience(std::span<const EpochResult> epochs, const BestBy& by, std::size_t patience) {
  const std::size_t best = best_epoch(epochs, by);
  return patience > 0 && best > 0 && epochs.back().epoch - best >= patience;
}

Choosing::Choosing(const Recipe& recipe, const std::vector<std::int64_t>& labels,
                   const std::vector<std::string>& classes, std::optional<std::size_t> given, std::uint64_t seed,
                   std::size_t first)
    : parts_(hold_back(labels, classes, given ? 0 : recipe.validation_share, seed)), patience_(recipe.patience) {
  if (given) {
    parts_.validate.resize(*given);
    std::iota(parts_.validate.begin(), parts_.validate.end(), 0);
  }
  const auto counts = class_counts(labels, parts_.learn, classes.size());
  const Weighting weighting = weighting_of(recipe.class_weights, counts, classes);
  choice_.learnt = parts_.learn.size();
  choice_.validated = parts_.validate.size();
  choice_.given = given.has_value();
  choice_.by_recall = !weighting.weights.empty();
  choice_.class_weights = weighting.weights;
  choice_.notes = parts_.notes;
  choice_.notes.insert(choice_.notes.end(), weighting.notes.begin(), weighting.notes.end());
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) choice_.notes.push_back("no training pictures of '" + classes[c] + "': it cannot be learnt");
  }
  if (!validates()) {
    const bool wanted = recipe.validation_share > 0 || given;
    choice_.notes.emplace_back(wanted ? "no picture can be held back for validation: the last epoch will be kept"
                                      : "no validation pictures (a share of 0): the last epoch will be kept");
  }
  by_ = {choice_.by_recall, first};
}

std::size_t Choosing::kept(std::span<const EpochResult> epochs) const {
  const std::size_t best = validates() ? best_epoch(epochs, by_) : 0;
  return best == 0 ? epochs.size() : best;
}

bool Choosing::ended_early(std::span<const EpochResult> epochs) const {
  return validates() && out_of_patience(epochs, by_, patience_);
}

void Choosing::score(EpochResult& epoch, const Figures& figures, double loss) {
  epoch.validated = figures.images;
  epoch.validation_loss = loss;
  epoch.validation_accuracy = figures.accuracy;
  epoch.validation_recall = figures.mean_recall;
}

Choice Choosing::choice(std::span<const EpochResult> epochs, std::size_t planned) const {
  Choice out = choice_;
  out.kept_epoch = kept(epochs);
  out.stopped_early = epochs.size() < planned && ended_early(epochs);
  return out;
}

std::string choice_text(const Choice& choice, std::span<const EpochResult> epochs) {
  if (choice.validated == 0) {
    return fmt::format("epoch {} of {}, the last one, is kept: there were no validation pictures to choose by",
                       choice.kept_epoch, epochs.size());
  }
  const EpochResult& kept = epochs[choice.kept_epoch - 1];
  const std::string pictures =
      fmt::format("{} {}", choice.validated, choice.given ? "validation pictures" : "pictures held back");
  std::string text = fmt::format("epoch {} of {} is the best by validation: ", choice.kept_epoch, epochs.size());
  text += choice.by_recall ? fmt::format("mean recall of the classes {:.2f} %, {:.2f} % of {}",
                                         100 * kept.validation_recall, 100 * kept.validation_accuracy, pictures)
                           : fmt::format("{:.2f} % of {}", 100 * kept.validation_accuracy, pictures);
  if (choice.stopped_early) text += "; stopped early, as none was better since";
  return text;
}

}  // namespace obscura::train
