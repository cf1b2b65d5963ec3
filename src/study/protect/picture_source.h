#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/notes.h"
#include "image/dataset.h"
#include "image/image.h"
#include "image/note_tally.h"

namespace obscura::study {

/// What is to be protected: names without ending, and how to get each. `read` may be called from many threads.
struct PictureSource {
  std::vector<std::filesystem::path> stems;
  std::function<image::Image(std::size_t)> read;
  std::shared_ptr<image::NoteTally> notes = std::make_shared<image::NoteTally>();  ///< of what was read
};

/// An image, or those in a folder. Throws IoError as list_pictures.
PictureSource folder_source(const std::filesystem::path& in, const Notes& note);

/// Image n of a data set is CLASS/n: a folder of images as a data set can be again. Throws as image::load_dataset.
PictureSource dataset_source(const std::string& dataset, image::Split split, const std::filesystem::path& data,
                             std::size_t limit, const Notes& note);

}  // namespace obscura::study
