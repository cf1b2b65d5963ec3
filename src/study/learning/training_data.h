#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "study/images/labelled_images.h"
#include "study/learning/training_wishes.h"

/// The pictures that both kinds of training learn from, choose by and are tested with.
namespace obscura::study {

/// The three sets, of one shape and with the same classes.
struct TrainingSets {
  image::Dataset train, test;
  std::optional<image::Dataset> validation;  ///< nothing: to be held back from `train`
  std::vector<std::string> notes;            ///< what people should know, a line each
};

/// How many of a data set's pictures are taken; 0: all.
struct PictureCounts {
  std::size_t limit = 0, test_limit = 0;
  std::size_t skip = 0;  ///< training pictures that are left out before
};

/// Reads them. A data set's validation pictures are taken where it has test pictures as well: where it has none, they
/// are the test. The first counts.skip training pictures are left out. Throws as image::load_pictures, MismatchError
/// for classes without training pictures, UnsupportedError for class names that no network file can hold, UsageError
/// where no training picture would be left.
TrainingSets load_training_sets(const std::string& dataset, const std::filesystem::path& data,
                                const image::PictureForm& form, const PictureCounts& counts);

/// True if the data set's validation pictures can choose; else a note says why not, where it has any.
bool has_validation(bool validation, bool test, const std::string& dataset, std::vector<std::string>& notes);

/// Says that a share was typed for nothing, where validation pictures are there.
void note_share(const ChoiceWishes& wishes, bool validation, std::vector<std::string>& notes);

/// Adds the lines that are not there yet.
void add_new(std::vector<std::string>& notes, const std::vector<std::string>& more);

}  // namespace obscura::study
