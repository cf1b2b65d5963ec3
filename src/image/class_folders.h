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
  std::size_t available = 0;                                         ///< before the limit
  std::vector<std::string> notes;  ///< what people should know: files and folders left out, how splits were made
};

/// Those for which `wanted` holds, without hidden ones, in order of names. Folders train, training; val, valid,
/// validation; test, testing, in any case, with a folder a class in them, are the splits; a class of one of them is a
/// class of all, also if none of its files is wanted. Where there is val/ and no test/, validation files are the test
/// files (with a note). Without such folders every fifth file of a class is a test file. `limit` > 0 takes the first
/// that many. Throws IoError if a folder cannot be read, FormatError if there are none or it is not clear what is what.
LabelledFiles labelled_files(const std::filesystem::path& folder, Split split, std::size_t limit,
                             const std::function<bool(const std::filesystem::path&)>& wanted);

/// True if the folder itself says which images these are; always for train and test of a folder without splits.
bool folder_has_split(const std::filesystem::path& folder, Split split);

/// Throws MismatchError that names the classes of a folder that have no training files.
void require_classes_to_train(const std::filesystem::path& folder,
                              const std::function<bool(const std::filesystem::path&)>& wanted);

/// True for the endings of image files that are read.
bool is_image_name(const std::filesystem::path& path);

}  // namespace obscura::image
