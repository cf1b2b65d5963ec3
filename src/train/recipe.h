#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "image/augment.h"

namespace obscura::train {

enum class Optimiser { adam, rmsprop, sgd };
enum class Schedule { constant, one_cycle };

/// What is done to training images, drawn anew for every image of every epoch.
struct Augmentation {
  bool affine = false;
  bool flip = false;  ///< mirror left to right, half of the time
  image::AffineLimits limits;
};

/// How a network is trained; together with the seed it decides the result. A regular type.
struct Recipe {
  std::size_t epochs = 10;
  std::size_t batch = 64;
  double learning_rate = 0.001;
  Optimiser optimiser = Optimiser::adam;   ///< sgd: Nesterov momentum 0.9
  Schedule schedule = Schedule::constant;  ///< one_cycle: linear up over the first 15 %, then linear to zero
  double weight_decay = 0;                 ///< added to the gradient (L2)
  double label_smoothing = 0;              ///< 0 to 1
  double clip_norm = 0;                    ///< largest global norm of a gradient; 0: no limit
  /// range_weight * mean(max(|x| - range_limit, 0)^2) over the input of every activation is added to the loss: keeps
  /// the numbers that are squared under encryption small. 0: off.
  double range_weight = 0;
  double range_limit = 10;
  Augmentation augmentation;
  /// Epochs at the end that see the images as they are.
  std::size_t plain_epochs = 0;
};

/// "adam", "rmsprop", "sgd" and "constant", "one-cycle".
std::string to_string(Optimiser optimiser);
std::string to_string(Schedule schedule);

/// The inverse of to_string; throws UsageError that lists the words.
Optimiser parse_optimiser(const std::string& text);
Schedule parse_schedule(const std::string& text);

/// "none", "affine" (image::AffineLimits' defaults), "affine-strong" (about 1.5 times those), "flip", "affine+flip".
/// Throws UsageError that lists the words.
Augmentation parse_augmentation(const std::string& text);

/// Throws UsageError if a number is out of range (zero batch, negative rate, no epoch, ...).
void check_recipe(const Recipe& recipe);

/// One line that differs whenever a setting differs: checkpoints are bound to it.
std::string describe(const Recipe& recipe);

/// Learning rate at `progress` (0 to 1 of the run).
double learning_rate_at(const Recipe& recipe, double progress);

}  // namespace obscura::train
