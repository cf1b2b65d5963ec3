#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "image/dataset.h"
#include "nn/graph.h"
#include "train/convert/surgery.h"
#include "train/figures.h"
#include "train/recipe.h"

namespace obscura::train {

/// One line of the training curve. Accuracies are shares of 1; those of validation are 0 where there is none.
struct EpochResult {
  std::size_t epoch = 0;  ///< from 1
  double train_loss = 0;  ///< mean over the epoch, penalty included
  double train_accuracy = 0;
  std::size_t validated = 0;   ///< validation pictures
  double validation_loss = 0;  ///< mean cross entropy, every picture counting alike
  double validation_accuracy = 0;
  double validation_recall = 0;  ///< mean over the classes
  double seconds = 0;
  double images_per_second = 0;
  friend bool operator==(const EpochResult&, const EpochResult&) = default;
};

/// How the epoch was chosen whose weights are kept, and what was learnt from.
struct Choice {
  std::size_t kept_epoch = 0;  ///< from 1
  std::size_t learnt = 0;      ///< pictures that were learnt from
  std::size_t validated = 0;   ///< pictures that chose; 0: the last epoch is kept
  bool given = false;          ///< those were validation pictures of the data set, not held back from training
  bool by_recall = false;  ///< chosen by the mean recall of the classes, as these are weighted; else by the accuracy
  bool stopped_early = false;
  std::vector<double> class_weights;  ///< what a picture of each class counted; empty: all alike
  std::vector<std::string> notes;     ///< what people should know of it, as on_note was told
};

/// What goes into an activation, over all test images: what the encrypted run must have room for. With normalised
/// squares it is the normalised input.
struct ActivationRange {
  std::string layer;
  double max_abs = 0;
  double rms = 0;
  double p999 = 0;  ///< 99.9 % of the images stay below this everywhere in the layer
};

/// Test images that go beyond `limit` in any activation: accuracy does not show them, an encrypted run does.
struct Outliers {
  double limit = 0;
  std::size_t images = 0;
};

/// A training that starts from a network as people have it.
struct Conversion {
  /// The skeleton is its `converted`; weights, statistics and quadratics start as fit_start.h says, on the first
  /// kFitImages of a shuffle of the pictures that are learnt from.
  Surgery surgery;
  double gradual = 0;  ///< share of the run, at its start, over which quadratics and averages are blended in
  /// The run ends after the first epoch that can be kept and has this accuracy on the validation pictures; 0: never.
  double agreement = 0;
  static constexpr std::size_t kFitImages = 512;
};

/// What does not change the result, except the seed, the teacher and the conversion.
struct RunOptions {
  std::uint64_t seed = 1;
  std::size_t threads = 1;
  std::string device = "cpu";  ///< see device.h; networks for pictures only
  /// Rewritten after every epoch; a run that finds one of the same model, recipe, seed and data goes on from there.
  /// Empty: none.
  std::filesystem::path checkpoint;
  bool progress = true;
  /// A trained network whose answers count as well as the labels (Recipe::teacher_share). None: the labels alone.
  std::shared_ptr<const nn::Graph> teacher;
  std::shared_ptr<const Conversion> conversion;      ///< none: weights start at random
  std::function<void(const EpochResult&)> on_epoch;  ///< after every epoch
  std::function<void(const std::string&)> on_note;   ///< one line for people: resumed, starting afresh
  /// Stop after this epoch as if interrupted (0: never); the checkpoint then holds the state. For tests.
  std::size_t stop_after = 0;
};

struct TrainResult {
  nn::Graph graph;  ///< trained, batch norms folded, preprocessing stated
  std::vector<EpochResult> epochs;
  std::vector<ActivationRange> activations;
  std::vector<Outliers> outliers;  ///< for limits 8, 10 and 16
  std::size_t skipped_steps = 0;   ///< whose gradient was not finite, since the start or the last resumption
  Choice choice;
  Figures test;                  ///< of the kept epoch; without images if not `finished`
  std::size_t resumed_from = 0;  ///< epochs that a checkpoint had done before
  bool finished = true;
};

/// Trains `skeleton` (see zoo.h) by cross entropy. The graph's preprocessing says how pixels become numbers.
/// The weights of the best epoch are kept: the best on `validation_set`, or without one on a share of the training
/// images that is held back (Recipe::validation_share). Where a recipe freezes norms, only epochs with frozen norms can
/// be it: before, training does not see the outliers that an encrypted run will see. The test images are read once, at
/// the end, and decide nothing. With the same seed, machine, BLAS and threads the result is the same bit for bit, also
/// when resumed; elsewhere the last bits differ. Throws UsageError for a bad recipe, MismatchError if images or the
/// teacher do not fit the graph or sets have other classes, FormatError for a damaged checkpoint, IoError, and Error if
/// the loss stops being a number. Not for two threads at once (LibTorch's settings).
TrainResult train(const nn::Graph& skeleton, const Recipe& recipe, const image::Dataset& train_set,
                  const image::Dataset& test_set, const RunOptions& options,
                  const image::Dataset* validation_set = nullptr);

}  // namespace obscura::train
