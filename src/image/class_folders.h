#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "image/dataset.h"

namespace obscura::image {

/// Files by class: a subfolder is a class. A regular type.
struct LabelledFiles {
  std::vector<std::string> classes;
  std::vector<std::pair<std::filesystem::path, std::size_t>> files;  ///< with the index of the class; class by turn
};

/// Those for which `wanted` holds, without hidden ones, in order of names. With train/ and test/ in the folder these
/// are the splits, else every fifth file of a class is a test file. `limit` > 0 takes the first that many. Throws
/// IoError if a folder cannot be read, FormatError if there are none.
LabelledFiles labelled_files(const std::filesystem::path& folder, Split split, std::size_t limit,
                             const std::function<bool(const std::filesystem::path&)>& wanted);

/// True for the endings of image files that are read.
bool is_image_name(const std::filesystem::path& path);

}  // namespace obscura::image
