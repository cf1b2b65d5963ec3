#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/notes.h"
#include "image/dataset.h"
#include "image/picture_form.h"

/// Data sets as verbs take them: what their loaders say is passed on, and labels are those of a network.
namespace obscura::study {

/// True for a folder of pictures, false for a data set's name.
bool is_picture_folder(const std::string& dataset);

/// As image::load_dataset; what it notes is said.
image::Dataset load_noted(const std::string& name, image::Split split, const std::filesystem::path& data,
                          const Notes& note, std::size_t limit = 0);

/// As image::load_pictures; what it notes is said.
image::Dataset load_noted(const std::string& name, image::Split split, const std::filesystem::path& data,
                          const image::PictureForm& form, const Notes& note, std::size_t limit = 0);

/// The set with a network's classes in place of its own, notes said. One output has two classes. Throws
/// MismatchError as match_classes.
void take_classes(image::Dataset& set, const std::vector<std::string>& network, std::size_t outputs, const Notes& note);

/// Some images of a set.
struct Selection {
  std::vector<std::size_t> index;
  std::string text;  ///< "all 10,000", "the first 40 of 10,000", "40 of 10,000, drawn by seed 7", ...
};

/// `limit` images (0: all): drawn from all of them by the seed, else the first. Notes where classes that the set has
/// are not among them.
Selection select_images(const image::Dataset& set, std::size_t limit, std::optional<std::uint64_t> seed,
                        const Notes& note);

}  // namespace obscura::study
