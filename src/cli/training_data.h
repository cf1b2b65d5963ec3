#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/labelled_images.h"
#include "image/picture_form.h"
#include "train/recipe.h"

/// The pictures that both kinds of training learn from, choose by and are tested with.
namespace obscura::cli {

/// What the user typed of how pictures are made to fit.
struct PictureWishes {
  std::string size, colour;
  std::string fit = "stretch";
};

/// Of what validates and what pictures count; nothing typed: the recipe's own.
struct ChoiceWishes {
  std::optional<double> validation_share;
  std::optional<std::size_t> patience;
  std::optional<std::string> class_weights;
};

void add_picture_wishes(CLI::App& verb, PictureWishes& wishes);
void add_choice_wishes(CLI::App& verb, ChoiceWishes& wishes);
/// The options that were typed, as they were.
std::string command_of(const PictureWishes& wishes);
std::string command_of(const ChoiceWishes& wishes);
/// Throws UsageError for words that are none.
image::PictureForm form_of(const PictureWishes& wishes);
void put_wishes(train::Recipe& recipe, const ChoiceWishes& wishes);

/// The three sets, of one shape and with the same classes.
struct TrainingSets {
  image::Dataset train, test;
  std::optional<image::Dataset> validation;  ///< nothing: to be held back from `train`
  std::vector<std::string> notes;            ///< what people should know, a line each
};

/// Reads them. A data set's validation pictures are taken where it has test pictures as well: where it has none, they
/// are the test. `limit` and `test_limit` > 0 take the first that many. Throws as image::load_pictures, MismatchError
/// for classes without training pictures, UnsupportedError for class names that no network file can hold.
TrainingSets load_training_sets(const std::string& dataset, const std::filesystem::path& data,
                                const image::PictureForm& form, std::size_t limit, std::size_t test_limit);

/// True if the data set's validation pictures can choose; else a note says why not, where it has any.
bool has_validation(bool validation, bool test, const std::string& dataset, std::vector<std::string>& notes);

/// Says that a share was typed for nothing, where validation pictures are there.
void note_share(const ChoiceWishes& wishes, bool validation, std::vector<std::string>& notes);

/// Adds the lines that are not there yet.
void add_new(std::vector<std::string>& notes, const std::vector<std::string>& more);

}  // namespace obscura::cli
