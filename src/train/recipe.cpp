#include "train/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "base/error.h"

namespace obscura::train {

namespace {

constexpr std::array<std::pair<Optimiser, const char*>, 5> kOptimisers{{{Optimiser::adam, "adam"},
                                                                        {Optimiser::adamw, "adamw"},
                                                                        {Optimiser::rmsprop, "rmsprop"},
                                                                        {Optimiser::sgd, "sgd"},
                                                                        {Optimiser::muon, "muon"}}};

}  // namespace

std::string to_string(Optimiser optimiser) {
  for (const auto& [value, name] : kOptimisers) {
    if (value == optimiser) return name;
  }
  return "unknown";
}

std::string to_string(Schedule schedule) {
  switch (schedule) {
    case Schedule::constant:
      return "constant";
    case Schedule::one_cycle:
      return "one-cycle";
    case Schedule::cosine:
      return "cosine";
    case Schedule::mild_steps:
      return "mild-steps";
    case Schedule::steps:
      break;
  }
  return "steps";
}

std::string to_string(ClassWeights weights) {
  switch (weights) {
    case ClassWeights::none:
      return "none";
    case ClassWeights::balanced:
      return "balanced";
    case ClassWeights::automatic:
      break;
  }
  return "automatic";
}

ClassWeights parse_class_weights(const std::string& text) {
  for (const ClassWeights weights : {ClassWeights::automatic, ClassWeights::none, ClassWeights::balanced}) {
    if (to_string(weights) == text) return weights;
  }
  throw UsageError("unknown class weights '" + text + "': choose automatic, none or balanced");
}

Optimiser parse_optimiser(const std::string& text) {
  for (const auto& [value, name] : kOptimisers) {
    if (text == name) return value;
  }
  throw UsageError("unknown optimiser '" + text + "': choose adam, adamw, rmsprop, sgd or muon");
}

Schedule parse_schedule(const std::string& text) {
  for (const Schedule schedule :
       {Schedule::constant, Schedule::one_cycle, Schedule::cosine, Schedule::steps, Schedule::mild_steps}) {
    if (to_string(schedule) == text) return schedule;
  }
  throw UsageError("unknown schedule '" + text + "': choose constant, one-cycle, cosine, steps or mild-steps");
}

Augmentation parse_augmentation(const std::string& text) {
  Augmentation augmentation;
  if (text == "none") return augmentation;
  augmentation.one_of_eight = text == "one-of-eight";
  augmentation.flip = text == "flip" || text.find("+flip") != std::string::npos;
  augmentation.affine = text == "affine" || text == "affine-strong" || text == "affine+flip" || text == "shift+flip";
  if (text == "affine-strong") {
    augmentation.limits = {.rotation_degrees = 18, .shift_pixels = 3, .scale = 0.15, .shear = 0.25};
  }
  if (text == "shift+flip") {
    augmentation.limits = {.rotation_degrees = 0, .shift_pixels = 1, .scale = 0, .shear = 0};
  }
  if (text == "rotate+shift+flip" || text == "rotate+shift+flips") {
    augmentation.affine = true;
    augmentation.flip_rows = text == "rotate+shift+flips";
    augmentation.limits = {
        .rotation_degrees = 15, .shift_pixels = 0, .scale = 0, .shear = 0, .shift_share = 0.1, .mirrored = true};
    if (augmentation.flip_rows) augmentation.limits.scale = 0.15, augmentation.limits.shift_share = 0.2;
  }
  if (text == "crop+flip" || text == "crop+flip+cutout") augmentation.crop = 4;
  if (text == "crop+flip+cutout") augmentation.cutout = 8;
  if (text == "flip" || augmentation.affine || augmentation.crop > 0 || augmentation.one_of_eight) return augmentation;
  throw UsageError("unknown augmentation '" + text +
                   "': choose none, affine, affine-strong, flip, affine+flip, shift+flip, crop+flip, "
                   "crop+flip+cutout, rotate+shift+flip, rotate+shift+flips or one-of-eight");
}

void check_recipe(const Recipe& recipe) {
  const auto expect = [](bool good, const char* problem) {
    if (!good) throw UsageError(problem);
  };
  const auto at_least_zero = [](double value) { return std::isfinite(value) && value >= 0; };
  expect(recipe.epochs >= 1 && recipe.epochs <= 100000, "epochs must be 1 to 100000");
  expect(recipe.batch >= 1 && recipe.batch <= 65536, "the batch must be 1 to 65536 images");
  expect(at_least_zero(recipe.learning_rate) && recipe.learning_rate > 0, "the learning rate must be above zero");
  expect(at_least_zero(recipe.muon_rate), "muon's learning rate must not be negative");
  expect(recipe.warm_up > 0 && recipe.warm_up < 1, "the warm-up must be between 0 and 1");
  expect(recipe.freeze_norms >= 0 && recipe.freeze_norms <= 1, "the frozen share must be 0 to 1");
  expect(recipe.teacher_share >= 0 && recipe.teacher_share <= 1, "the teacher's share must be 0 to 1");
  expect(at_least_zero(recipe.teacher_temperature) && recipe.teacher_temperature > 0,
         "the teacher's temperature must be above zero");
  expect(at_least_zero(recipe.range_bound), "the clamp must not be negative");
  expect(at_least_zero(recipe.weight_decay), "the weight decay must not be negative");
  expect(at_least_zero(recipe.clip_norm), "the gradient limit must not be negative");
  expect(at_least_zero(recipe.range_weight) && at_least_zero(recipe.range_limit), "the range must not be negative");
  expect(recipe.label_smoothing >= 0 && recipe.label_smoothing < 1, "label smoothing must be in [0, 1)");
  expect(at_least_zero(recipe.validation_share) && recipe.validation_share <= 0.5,
         "the validation share must be 0 to 0.5 of the training pictures");
  expect(recipe.weight_average >= 0 && recipe.weight_average < 1, "the decay of averaged weights must be in [0, 1)");
  expect(recipe.chunk_dropout >= 0 && recipe.chunk_dropout < 1, "the share of chunks left out must be in [0, 1)");
  for (const double share : recipe.pool_dropout) {
    expect(share >= 0 && share < 1, "the shares of values left out behind pools must be in [0, 1)");
  }
  expect(recipe.plain_epochs <= recipe.epochs, "more plain epochs than epochs");
}

std::string describe(const Recipe& r) {
  const auto& limits = r.augmentation.limits;
  std::string augmentation = r.augmentation.flip ? "flip" : "none";
  if (r.augmentation.affine) {
    augmentation +=
        fmt::format(" affine({},{},{},{})", limits.rotation_degrees, limits.shift_pixels, limits.scale, limits.shear);
  }
  if (limits.shift_share > 0) augmentation += fmt::format(" share {}", limits.shift_share);
  if (limits.mirrored) augmentation += " mirrored";
  if (r.augmentation.flip_rows) augmentation += " rows";
  if (r.augmentation.crop > 0) augmentation += fmt::format(" crop {}", r.augmentation.crop);
  if (r.augmentation.cutout > 0) augmentation += fmt::format(" cutout {}", r.augmentation.cutout);
  if (r.augmentation.one_of_eight) augmentation += " one-of-eight";
  std::string optimiser = to_string(r.optimiser);
  if (r.optimiser == Optimiser::muon) optimiser += fmt::format("({})", r.muon_rate);
  std::string line =
      fmt::format("epochs {} batch {} lr {} {} {} decay {} smoothing {} clip {} range {}@{} augment {} plain {}",
                  r.epochs, r.batch, r.learning_rate, optimiser, to_string(r.schedule), r.weight_decay,
                  r.label_smoothing, r.clip_norm, r.range_weight, r.range_limit, augmentation, r.plain_epochs);
  if (r.warm_up != Recipe{}.warm_up) line += fmt::format(" warm-up {}", r.warm_up);
  if (r.normalised_squares) line += " normalised-squares";
  if (r.range_bound > 0) line += fmt::format(" clamp {}", r.range_bound);
  if (r.freeze_norms > 0) line += fmt::format(" freeze {}", r.freeze_norms);
  if (r.bfloat16) line += " bfloat16";
  line += fmt::format(" validation {}", r.validation_share);
  if (r.weight_average > 0) line += fmt::format(" weight-average {}", r.weight_average);
  if (r.chunk_dropout > 0) line += fmt::format(" chunk-dropout {}", r.chunk_dropout);
  if (!r.pool_dropout.empty()) line += fmt::format(" pool-dropout {}", fmt::join(r.pool_dropout, ","));
  if (r.patience > 0) line += fmt::format(" patience {}", r.patience);
  if (r.class_weights != ClassWeights::automatic) line += " class-weights " + to_string(r.class_weights);
  return line;
}

double rate_share_at(const Recipe& recipe, double progress) {
  if (recipe.schedule == Schedule::constant) return 1;
  if (recipe.schedule == Schedule::mild_steps) return progress < 0.6 ? 1 : progress < 0.8 ? 0.5 : 0.3;
  if (recipe.schedule == Schedule::steps) return progress < 0.5 ? 1 : progress < 0.75 ? 0.1 : 0.01;
  const double up = recipe.warm_up;
  double share = progress < up ? progress / up : (1 - progress) / (1 - up);
  if (recipe.schedule == Schedule::cosine && progress >= up) share = (1 - std::cos(share * std::numbers::pi)) / 2;
  // Never quite zero, so that the first and the last step count.
  return std::clamp(share, 0.01, 1.0);
}

double learning_rate_at(const Recipe& recipe, double progress) {
  return recipe.learning_rate * rate_share_at(recipe, progress);
}

}  // namespace obscura::train
