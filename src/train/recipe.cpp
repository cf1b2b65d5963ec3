#include "train/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace obscura::train {

std::string to_string(Optimiser optimiser) {
  switch (optimiser) {
    case Optimiser::adam:
      return "adam";
    case Optimiser::rmsprop:
      return "rmsprop";
    case Optimiser::sgd:
      return "sgd";
  }
  return "unknown";
}

std::string to_string(Schedule schedule) {
  return schedule == Schedule::constant ? "constant" : "one-cycle";
}

Optimiser parse_optimiser(const std::string& text) {
  for (const Optimiser optimiser : {Optimiser::adam, Optimiser::rmsprop, Optimiser::sgd}) {
    if (to_string(optimiser) == text) return optimiser;
  }
  throw UsageError("unknown optimiser '" + text + "': choose adam, rmsprop or sgd");
}

Schedule parse_schedule(const std::string& text) {
  for (const Schedule schedule : {Schedule::constant, Schedule::one_cycle}) {
    if (to_string(schedule) == text) return schedule;
  }
  throw UsageError("unknown schedule '" + text + "': choose constant or one-cycle");
}

Augmentation parse_augmentation(const std::string& text) {
  Augmentation augmentation;
  if (text == "none") return augmentation;
  augmentation.flip = text == "flip" || text == "affine+flip";
  augmentation.affine = text == "affine" || text == "affine-strong" || text == "affine+flip";
  if (text == "affine-strong") {
    augmentation.limits = {.rotation_degrees = 18, .shift_pixels = 3, .scale = 0.15, .shear = 0.25};
  }
  if (augmentation.flip || augmentation.affine) return augmentation;
  throw UsageError("unknown augmentation '" + text + "': choose none, affine, affine-strong, flip or affine+flip");
}

void check_recipe(const Recipe& recipe) {
  const auto expect = [](bool good, const char* problem) {
    if (!good) throw UsageError(problem);
  };
  const auto at_least_zero = [](double value) { return std::isfinite(value) && value >= 0; };
  expect(recipe.epochs >= 1 && recipe.epochs <= 100000, "epochs must be 1 to 100000");
  expect(recipe.batch >= 1 && recipe.batch <= 65536, "the batch must be 1 to 65536 images");
  expect(at_least_zero(recipe.learning_rate) && recipe.learning_rate > 0, "the learning rate must be above zero");
  expect(at_least_zero(recipe.weight_decay), "the weight decay must not be negative");
  expect(at_least_zero(recipe.clip_norm), "the gradient limit must not be negative");
  expect(at_least_zero(recipe.range_weight) && at_least_zero(recipe.range_limit), "the range must not be negative");
  expect(recipe.label_smoothing >= 0 && recipe.label_smoothing < 1, "label smoothing must be in [0, 1)");
  expect(recipe.plain_epochs <= recipe.epochs, "more plain epochs than epochs");
}

std::string describe(const Recipe& r) {
  const auto& limits = r.augmentation.limits;
  std::string augmentation = r.augmentation.flip ? "flip" : "none";
  if (r.augmentation.affine) {
    augmentation +=
        fmt::format(" affine({},{},{},{})", limits.rotation_degrees, limits.shift_pixels, limits.scale, limits.shear);
  }
  return fmt::format("epochs {} batch {} lr {} {} {} decay {} smoothing {} clip {} range {}@{} augment {} plain {}",
                     r.epochs, r.batch, r.learning_rate, to_string(r.optimiser), to_string(r.schedule), r.weight_decay,
                     r.label_smoothing, r.clip_norm, r.range_weight, r.range_limit, augmentation, r.plain_epochs);
}

double learning_rate_at(const Recipe& recipe, double progress) {
  if (recipe.schedule == Schedule::constant) return recipe.learning_rate;
  constexpr double kWarmUp = 0.15;
  const double share = progress < kWarmUp ? progress / kWarmUp : (1 - progress) / (1 - kWarmUp);
  // Never quite zero, so that the first and the last step count.
  return recipe.learning_rate * std::clamp(share, 0.01, 1.0);
}

}  // namespace obscura::train
