#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "train/encrypted/trainer.h"
#include "train/held_back.h"

/// Which epoch's weights a training keeps.
namespace obscura::train {

/// What makes an epoch the best.
struct BestBy {
  bool recall = false;    ///< the mean recall of the classes; else the accuracy
  std::size_t first = 1;  ///< the first epoch that can be it
};

/// The number of the epoch with the highest score on the validation pictures; of several the one with the lowest loss
/// there, then the earliest. 0 if none can be it yet.
std::size_t best_epoch(std::span<const EpochResult> epochs, const BestBy& by);

/// True if the last `patience` epochs have brought no better one. Never for a patience of 0.
bool out_of_patience(std::span<const EpochResult> epochs, const BestBy& by, std::size_t patience);

/// The training pictures of a run and what chooses among its epochs: the same for every kind of training.
class Choosing {
 public:
  /// `given` validation pictures of the data set, or none: a share of the training pictures is held back. `first` is
  /// the first epoch that can be kept.
  Choosing(const Recipe& recipe, const std::vector<std::int64_t>& labels, const std::vector<std::string>& classes,
           std::optional<std::size_t> given, std::uint64_t seed, std::size_t first);

  const std::vector<std::int64_t>& learn() const { return parts_.learn; }
  /// Of the validation pictures that are given, or of the training pictures.
  const std::vector<std::int64_t>& validate() const { return parts_.validate; }
  bool validates() const { return !parts_.validate.empty(); }
  const std::vector<double>& class_weights() const { return choice_.class_weights; }
  const std::vector<std::string>& notes() const { return choice_.notes; }

  /// Until one can be the best, and without validation, the last.
  std::size_t kept(std::span<const EpochResult> epochs) const;
  /// True if there is no use in going on.
  bool ended_early(std::span<const EpochResult> epochs) const;
  /// Fills in an epoch's figures on the validation pictures.
  static void score(EpochResult& epoch, const Figures& figures, double loss);
  Choice choice(std::span<const EpochResult> epochs, std::size_t planned) const;

 private:
  HeldBack parts_;
  BestBy by_;
  std::size_t patience_;
  Choice choice_;
};

/// "epoch 7 of 12 is the best by validation: 91.20 % of 640 pictures held back"
std::string choice_text(const Choice& choice, std::span<const EpochResult> epochs);

}  // namespace obscura::train
