#include "cli/training_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

constexpr const char* kPictures = "Pictures";
constexpr const char* kChoice = "Validation";

void check_names(const image::Dataset& set) {
  for (const std::string& name : set.classes) {
    if (name.find('\n') == std::string::npos) continue;
    throw UnsupportedError(
        fmt::format("a class of {} has a line break in its name, which the network's file cannot hold", set.name));
  }
}

/// Classes that the test will say nothing about.
void note_untested(const image::Dataset& test, std::vector<std::string>& notes) {
  const auto counts = image::class_histogram(test);
  std::vector<std::string> none;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) none.push_back("'" + test.classes[c] + "'");
  }
  if (!none.empty()) notes.push_back(fmt::format("{} has no test pictures of {}", test.name, fmt::join(none, ", ")));
}

/// The others are made as the training pictures are.
image::PictureForm form_like(const image::Dataset& set, image::PictureForm form) {
  form.width = set.width;
  form.height = set.height;
  form.channels = set.channels;
  return form;
}

}  // namespace

void add_picture_wishes(CLI::App& verb, PictureWishes& wishes) {
  verb.add_option(
          "--size", wishes.size,
          "Make pictures so many pixels a side, or WIDTHxHEIGHT (folders; default: the model's usual size, with "
          "--network the first picture's)")
      ->group(kPictures);
  verb.add_option("--fit", wishes.fit, "How, where proportions differ: stretch, crop (the middle) or letterbox (bars)")
      ->capture_default_str()
      ->group(kPictures);
  verb.add_option("--colour,--color", wishes.colour,
                  "Make pictures grey or rgb (default: grey if all training pictures are; without a word: rgb)")
      ->expected(0, 1)
      ->group(kPictures);
}

void add_choice_wishes(CLI::App& verb, ChoiceWishes& wishes) {
  verb.add_option(
          "--validation-share", wishes.validation_share,
          "Share of the training pictures held back to choose the epoch that is kept, where the data set has no "
          "validation pictures (0.1); 0: none, the last epoch is kept")
      ->group(kChoice);
  verb.add_option("--patience", wishes.patience, "End after so many epochs without a better one; 0: never (default)")
      ->group(kChoice);
  verb.add_option(
          "--class-weights", wishes.class_weights,
          "none; balanced: all classes count alike; automatic (default): balanced where the largest class has 3 "
          "times the pictures of the smallest or more")
      ->group(kChoice);
}

std::string command_of(const PictureWishes& wishes) {
  std::string line;
  if (!wishes.size.empty()) line += " --size " + wishes.size;
  if (wishes.fit != PictureWishes{}.fit) line += " --fit " + wishes.fit;
  if (!wishes.colour.empty()) line += " --colour " + wishes.colour;
  return line;
}

std::string command_of(const ChoiceWishes& wishes) {
  std::string line;
  if (wishes.validation_share) line += fmt::format(" --validation-share {}", *wishes.validation_share);
  if (wishes.patience) line += fmt::format(" --patience {}", *wishes.patience);
  if (wishes.class_weights) line += " --class-weights " + *wishes.class_weights;
  return line;
}

image::PictureForm form_of(const PictureWishes& wishes) {
  image::PictureForm form;
  if (!wishes.size.empty()) image::parse_size(wishes.size, form);
  form.fit = image::parse_fit(wishes.fit);
  if (!wishes.colour.empty()) form.channels = image::parse_colour(wishes.colour);
  return form;
}

void put_wishes(train::Recipe& recipe, const ChoiceWishes& wishes) {
  if (wishes.validation_share) recipe.validation_share = *wishes.validation_share;
  if (wishes.patience) recipe.patience = *wishes.patience;
  if (wishes.class_weights) recipe.class_weights = train::parse_class_weights(*wishes.class_weights);
}

bool has_validation(bool validation, bool test, const std::string& dataset, std::vector<std::string>& notes) {
  if (validation && !test) {
    notes.push_back(dataset +
                    " has validation pictures and no test pictures: those are the test, and what chooses the epoch is "
                    "held back from the training pictures");
  }
  return validation && test;
}

void note_share(const ChoiceWishes& wishes, bool validation, std::vector<std::string>& notes) {
  if (!wishes.validation_share || !validation) return;
  notes.push_back("the data set has validation pictures, which choose the epoch: --validation-share changes nothing");
}

void add_new(std::vector<std::string>& notes, const std::vector<std::string>& more) {
  for (const std::string& line : more) {
    if (std::find(notes.begin(), notes.end(), line) == notes.end()) notes.push_back(line);
  }
}

TrainingSets load_training_sets(const std::string& dataset, const fs::path& data, const image::PictureForm& form,
                                std::size_t limit, std::size_t test_limit) {
  image::require_classes_to_train(dataset);
  TrainingSets sets;
  sets.train = image::load_pictures(dataset, image::Split::train, data, limit, form);
  check_names(sets.train);
  const auto others = form_like(sets.train, form);
  const bool own = has_validation(image::has_split(dataset, image::Split::validation),
                                  image::has_split(dataset, image::Split::test), dataset, sets.notes);
  if (own) sets.validation = image::load_pictures(dataset, image::Split::validation, data, 0, others);
  sets.test = image::load_pictures(dataset, image::Split::test, data, test_limit, others);
  add_new(sets.notes, sets.train.notes);
  if (own) add_new(sets.notes, sets.validation->notes);
  add_new(sets.notes, sets.test.notes);
  note_untested(sets.test, sets.notes);
  return sets;
}

}  // namespace obscura::cli
