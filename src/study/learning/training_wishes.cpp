#include "study/learning/training_wishes.h"

#include "base/error.h"

namespace obscura::study {
namespace {

template <typename T>
void replace(T& value, const std::optional<T>& wish) {
  if (wish) value = *wish;
}

bool is_bfloat16(const std::string& word) {
  if (word == "float" || word == "bfloat16") return word == "bfloat16";
  throw UsageError("unknown precision '" + word + "': choose float or bfloat16");
}

}  // namespace

image::PictureForm form_of(const PictureWishes& wishes) {
  image::PictureForm form;
  if (!wishes.size.empty()) image::parse_size(wishes.size, form);
  form.fit = image::parse_fit(wishes.fit);
  if (!wishes.colour.empty()) form.channels = image::parse_colour(wishes.colour);
  return form;
}

train::Recipe wished_recipe(train::Recipe recipe, const RecipeWishes& wishes, const ChoiceWishes& choice) {
  replace(recipe.epochs, wishes.epochs);
  replace(recipe.batch, wishes.batch);
  replace(recipe.plain_epochs, wishes.plain_epochs);
  replace(recipe.learning_rate, wishes.learning_rate);
  replace(recipe.muon_rate, wishes.muon_rate);
  replace(recipe.warm_up, wishes.warm_up);
  replace(recipe.weight_decay, wishes.weight_decay);
  replace(recipe.range_weight, wishes.range_weight);
  replace(recipe.range_limit, wishes.range_limit);
  replace(recipe.range_bound, wishes.range_bound);
  replace(recipe.freeze_norms, wishes.freeze_norms);
  replace(recipe.weight_average, wishes.weight_average);
  replace(recipe.chunk_dropout, wishes.chunk_dropout);
  replace(recipe.teacher_share, wishes.teacher_share);
  replace(recipe.teacher_temperature, wishes.teacher_temperature);
  replace(recipe.label_smoothing, wishes.label_smoothing);
  replace(recipe.clip_norm, wishes.clip_norm);
  if (wishes.optimiser) recipe.optimiser = train::parse_optimiser(*wishes.optimiser);
  if (wishes.schedule) recipe.schedule = train::parse_schedule(*wishes.schedule);
  if (wishes.precision) recipe.bfloat16 = is_bfloat16(*wishes.precision);
  replace(recipe.validation_share, choice.validation_share);
  replace(recipe.patience, choice.patience);
  if (choice.class_weights) recipe.class_weights = train::parse_class_weights(*choice.class_weights);
  if (wishes.augment) recipe.augmentation = train::parse_augmentation(*wishes.augment);
  train::check_recipe(recipe);
  return recipe;
}

}  // namespace obscura::study
