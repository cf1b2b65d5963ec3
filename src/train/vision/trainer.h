#pragma once

#include <optional>
#include <string>
#include <vector>

#include "train/encrypted/trainer.h"
#include "train/vision/file.h"
#include "train/vision/pictures.h"

namespace obscura::train {

/// A guess at what a shield did to the blocks of one channel: with a protected block as a row vector y of k^2 samples,
/// the plain one was (y - protected_mean) inverse + plain_mean, in pixels 0 to 255.
struct BlockGuess {
  std::vector<double> inverse;  ///< [k^2][k^2], row after row
  std::vector<double> plain_mean;
  std::vector<double> protected_mean;
};

/// What is trained, and how.
struct VisionTask {
  VisionSpec spec;
  Recipe recipe;
  /// Each round has all of the recipe's epochs, keeps the adaptation and starts from a fresh network behind it: the
  /// scheme of ER-CNN.
  std::size_t rounds = 1;
  double adaptation_rate = 1;  ///< learning rate of the adaptation, in terms of the recipe's
  /// The same of the network behind the adaptation. 0: it stays as it is loaded, but for the statistics of its norms,
  /// which follow the pictures: then the adaptation alone learns to make pictures that this network can read.
  double network_rate = 1;
  bool whiten = true;               ///< er_cnn: start from blocks whose samples are uncorrelated
  bool whiten_patches = true;       ///< vit: train on patches whose samples are uncorrelated (patch_whitening.h)
  std::vector<BlockGuess> guesses;  ///< er_cnn: start from these instead, one a channel
  /// Start from the adaptation of this trained network instead, and normalise pictures as it did.
  std::optional<VisionFile> adaptation_from;
  std::optional<weights::WeightFile> pretrained;  ///< where each round's network starts
  bool pretrained_partial = false;                ///< also if tensors of the backbone stay as they were drawn
};

struct VisionResult {
  VisionFile network;
  std::vector<EpochResult> epochs;  ///< of all rounds, counted through
  std::string loaded;               ///< what matched of the pretrained weights, for people
  Choice choice;
  Figures test;  ///< of the kept epoch; without pictures if not `finished`
  std::size_t resumed_from = 0;
  std::size_t skipped_steps = 0;
  bool finished = true;
};

/// How such a network is trained unless told otherwise: one CPU core has to be enough for the small ones.
Recipe vision_recipe(const std::string& network);
/// The published schedules: er-cnn, color-neuracrypt, neuracrypt, ele. Throws UsageError that lists them.
Recipe published_recipe(const std::string& name);

/// Trains by cross entropy and keeps the weights of the best epoch of the last round: the best on `validation_set`, or
/// without one on a share of the training pictures that is held back (Recipe::validation_share). The test pictures are
/// read once, at the end, and decide nothing. With the same seed, machine, BLAS and threads the result is the same bit
/// for bit, also when resumed. Throws UsageError, MismatchError if pictures or pretrained weights do not fit,
/// UnsupportedError, FormatError for a damaged checkpoint, IoError, and Error if the loss stops being a number. On a
/// card (RunOptions::device) the next batch is drawn while one is learnt from, and the last bits differ from run to
/// run. Not for two threads at once.
VisionResult train_vision(const VisionTask& task, const Pictures& train_set, const Pictures& test_set,
                          const RunOptions& options, const Pictures* validation_set = nullptr);

}  // namespace obscura::train
