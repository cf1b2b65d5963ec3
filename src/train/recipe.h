#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "image/augment.h"

namespace obscura::train {

enum class Optimiser { adam, adamw, rmsprop, sgd, muon };
enum class Schedule { constant, one_cycle, cosine, steps, mild_steps };
/// What a picture counts in the loss. balanced: n / (k n_c) for one of a class of n_c of all n training pictures, k
/// being the number of classes, so that all classes count alike; automatic: balanced where the largest class has at
/// least kImbalance times the pictures of the smallest, else none.
enum class ClassWeights { automatic, none, balanced };
inline constexpr double kImbalance = 3;

/// What is done to training images, drawn anew for every image of every epoch.
struct Augmentation {
  bool affine = false;
  bool flip = false;       ///< mirror left to right, half of the time
  bool flip_rows = false;  ///< mirror top to bottom, half of the time
  image::AffineLimits limits;
  std::size_t crop = 0;    ///< shift by up to that many pixels each way, what comes from outside mirrored at the edge
  std::size_t cutout = 0;  ///< side of a square that is painted over with the mean colour; 0: none
  bool one_of_eight = false;  ///< before all of these: image::augment_one_of_eight
};

/// How a network is trained; together with the seed it decides the result. A regular type.
struct Recipe {
  std::size_t epochs = 10;
  std::size_t batch = 64;
  double learning_rate = 0.001;
  /// sgd: Nesterov momentum 0.9. muon: that method for the weights of convolutions, by muon_rate, and sgd with
  /// momentum 0.85 for the rest, with the weight decay on dense layers only.
  Optimiser optimiser = Optimiser::adam;
  double muon_rate = 0.03;
  /// one_cycle: linear up over the first `warm_up`, then linear to zero; cosine: the same, down by half a cosine;
  /// steps: a tenth from half of the run on, a hundredth from three quarters; mild_steps: a half from 60 % of the run
  /// on, 0.3 from 80 %.
  Schedule schedule = Schedule::constant;
  double warm_up = 0.15;       ///< share of the run
  double weight_decay = 0;     ///< added to the gradient (L2); adamw: taken from the weights
  double label_smoothing = 0;  ///< 0 to 1
  double clip_norm = 0;        ///< largest global norm of a gradient; 0: no limit
  /// range_weight * mean(max(|x| - range_limit, 0)^2) over the input of every activation is added to the loss: keeps
  /// the numbers that are squared under encryption small. 0: off.
  double range_weight = 0;
  double range_limit = 10;
  /// Degree-2 polynomials after batch norms are trained with a normalised square (quadratic.h), and then the penalty is
  /// on the normalised inputs, its gradient added in the backward pass and no longer part of the loss.
  bool normalised_squares = false;
  /// With normalised squares, in training only: what is squared is clamped to +- this; 0: not.
  double range_bound = 0;
  /// Share of the run, at its end, in which the statistics of norms stand still: only then does training see the
  /// outliers that inference will see.
  double freeze_norms = 0;
  /// The network that is validated, kept and tested has weights that are averaged over the steps: after each, this
  /// times what they were and the rest of what they are now. 0: it has the weights of its last step.
  double weight_average = 0;
  /// Convolutions and normalised quadratics are computed in bfloat16 in training, where the processor is quick at that;
  /// the last test and the result are in float.
  bool bfloat16 = false;
  /// With a teacher (trainer.h): the loss is teacher_share of what its answers at this temperature say, and the rest of
  /// the labels.
  double teacher_share = 0.9;
  double teacher_temperature = 4;
  Augmentation augmentation;
  /// Epochs at the end that see the images as they are.
  std::size_t plain_epochs = 0;
  /// Share of the training pictures that is held back to choose the epoch to be kept (held_back.h), where no validation
  /// pictures are given. 0: none, and the last epoch is kept.
  double validation_share = 0.1;
  /// Epochs without a better one after which training ends; 0: it does not end early. Schedules are those of all
  /// epochs.
  std::size_t patience = 0;
  /// Networks of chunks: the chance that training leaves a chunk of a picture out (at least one stays), so that a
  /// picture can be told from some of its chunks as well.
  double chunk_dropout = 0;
  /// In training only: the share of the values behind each maximum pool, from the first on, that is set to zero at
  /// random, the others being divided by what is left of one (N. Srivastava et al., JMLR 15, 2014). Empty: none.
  std::vector<double> pool_dropout;
  ClassWeights class_weights = ClassWeights::automatic;
};

/// "adam", "adamw", "rmsprop", "sgd", "muon" and "constant", "one-cycle", "cosine", "steps",
/// "mild-steps".
std::string to_string(Optimiser optimiser);
std::string to_string(Schedule schedule);

/// "automatic", "none", "balanced".
std::string to_string(ClassWeights weights);

/// The inverse of to_string; throws UsageError that lists the words.
ClassWeights parse_class_weights(const std::string& text);
Optimiser parse_optimiser(const std::string& text);
Schedule parse_schedule(const std::string& text);

/// "none", "affine" (image::AffineLimits' defaults), "affine-strong" (about 1.5 times those), "flip", "affine+flip",
/// "shift+flip" (one pixel, nothing else), "crop+flip" (four pixels, mirrored at the edge), "crop+flip+cutout" (the
/// same with a square of 8 pixels painted over), "rotate+shift+flip" (15 degrees, a tenth of the side, mirrored at the
/// edge: for pictures that fill their frame), "rotate+shift+flips" (flipped both ways, a fifth of the side, 15 % of
/// size), "one-of-eight" (image/transforms.h).
/// Throws UsageError that lists the words.
Augmentation parse_augmentation(const std::string& text);

/// Throws UsageError if a number is out of range (zero batch, negative rate, no epoch, ...).
void check_recipe(const Recipe& recipe);

/// One line that differs whenever a setting differs: checkpoints are bound to it.
std::string describe(const Recipe& recipe);

/// What the schedule leaves of the learning rates at `progress` (0 to 1 of the run).
double rate_share_at(const Recipe& recipe, double progress);

/// Learning rate at `progress`.
double learning_rate_at(const Recipe& recipe, double progress);

}  // namespace obscura::train
