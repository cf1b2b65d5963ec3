#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "image/picture_form.h"
#include "train/recipe.h"

/// What people say of a training; what they leave out is the model's own, or the recipe's.
namespace obscura::study {

/// Of how pictures are made to fit.
struct PictureWishes {
  std::string size, colour;
  std::string fit = "stretch";
};

/// Of what validates and what pictures count.
struct ChoiceWishes {
  std::optional<double> validation_share;
  std::optional<std::size_t> patience;
  std::optional<std::string> class_weights;
};

/// Of the recipe.
struct RecipeWishes {
  std::optional<std::size_t> epochs, batch, plain_epochs;
  std::optional<double> learning_rate, muon_rate, warm_up, weight_decay, label_smoothing, clip_norm;
  std::optional<double> range_weight, range_limit, range_bound, freeze_norms;  ///< networks that run on ciphertexts
  std::optional<double> weight_average;
  std::optional<double> chunk_dropout;
  std::optional<double> teacher_share, teacher_temperature;  ///< the same
  std::optional<std::string> optimiser, schedule, augment, precision;
};

/// Throws UsageError for words that are none.
image::PictureForm form_of(const PictureWishes& wishes);

/// The recipe with all that is wished. Throws UsageError for words that are none, and as train::check_recipe.
train::Recipe wished_recipe(train::Recipe recipe, const RecipeWishes& wishes, const ChoiceWishes& choice);

}  // namespace obscura::study
