#include "study/learning/training_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

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

/// Without the first pictures.
void leave_out(image::Dataset& set, std::size_t skip) {
  if (skip == 0) return;
  if (skip >= set.count) {
    throw UsageError(
        fmt::format("{} training pictures of {} cannot be left out: it has {}", skip, set.name, set.count));
  }
  set.images.erase(set.images.begin(), set.images.begin() + static_cast<std::ptrdiff_t>(skip * set.image_size()));
  set.labels.erase(set.labels.begin(), set.labels.begin() + static_cast<std::ptrdiff_t>(skip));
  set.count -= skip;
}

/// The others are made as the training pictures are.
image::PictureForm form_like(const image::Dataset& set, image::PictureForm form) {
  form.width = set.width;
  form.height = set.height;
  form.channels = set.channels;
  return form;
}

}  // namespace

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
                                const PictureCounts& counts) {
  image::require_classes_to_train(dataset);
  TrainingSets sets;
  const std::size_t wanted = counts.limit == 0 ? 0 : counts.skip + counts.limit;
  sets.train = image::load_pictures(dataset, image::Split::train, data, wanted, form);
  leave_out(sets.train, counts.skip);
  check_names(sets.train);
  const auto others = form_like(sets.train, form);
  const bool own = has_validation(image::has_split(dataset, image::Split::validation),
                                  image::has_split(dataset, image::Split::test), dataset, sets.notes);
  if (own) sets.validation = image::load_pictures(dataset, image::Split::validation, data, 0, others);
  sets.test = image::load_pictures(dataset, image::Split::test, data, counts.test_limit, others);
  add_new(sets.notes, sets.train.notes);
  if (own) add_new(sets.notes, sets.validation->notes);
  add_new(sets.notes, sets.test.notes);
  note_untested(sets.test, sets.notes);
  return sets;
}

}  // namespace obscura::study
