#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "image/dataset.h"

/// For this folder only: how a folder of labelled files is laid out.
namespace obscura::image {

using IsWanted = std::function<bool(const std::filesystem::path&)>;

/// What lies in one folder, hidden entries aside, in order of names.
struct Listing {
  std::vector<std::filesystem::path> folders;
  std::vector<std::filesystem::path> wanted;
  std::vector<std::filesystem::path> others;  ///< files that are not wanted
};

/// Throws IoError if the folder cannot be read.
Listing list_folder(const std::filesystem::path& folder, const IsWanted& is_wanted);

/// A folder of labelled files: divided by folders that are called as splits are and hold a folder a class, or plain,
/// with a folder a class.
struct SplitFolders {
  std::map<Split, std::filesystem::path> splits;  ///< empty: plain
  std::vector<std::string> notes;                 ///< what is left out, and names that could be read otherwise
  bool divided() const { return !splits.empty(); }
};

/// Throws FormatError where it is not clear what is what: two folders of one split, splits without classes in them.
SplitFolders find_splits(const std::filesystem::path& folder, const IsWanted& is_wanted);

/// The files of every class below these roots, one root a split: `files[root][class]`; a class that one of them has is
/// one of all.
struct ClassFiles {
  std::vector<std::string> classes;  ///< in order of names
  std::vector<std::vector<std::vector<std::filesystem::path>>> files;
  std::vector<std::string> notes;  ///< what is left out, a note a kind
};
ClassFiles find_classes(const std::vector<std::filesystem::path>& roots, const IsWanted& is_wanted);

/// The folder's own name, also of "photos/" and ".".
std::string folder_name(const std::filesystem::path& folder);

}  // namespace obscura::image
