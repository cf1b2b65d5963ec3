#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/pending.h"

/// Folders of pictures in, folders of pictures out: what `protect` and `reveal` share.
namespace obscura::study {

/// A file below a folder, or one named itself.
struct PictureFile {
  std::filesystem::path file;
  std::filesystem::path stem;  ///< its place below the folder, without the ending
};

/// What was found, in order of names.
struct PictureFiles {
  std::vector<PictureFile> files;
  std::size_t others = 0;  ///< files whose names have other endings
};

/// Files below `path` for which `wanted` holds, or `path` itself if it is a file. Hidden ones are left out. Throws
/// IoError if there are none, or if two differ in their endings only and would become one.
PictureFiles list_pictures(const std::filesystem::path& path,
                           const std::function<bool(const std::filesystem::path&)>& wanted);

/// True for the endings of image files that are read: image::is_image_name.
bool has_image_ending(const std::filesystem::path& path);

/// Files that appear all at once: written into a folder beside (PendingFolder), which gets the wanted name when all are
/// there. put() may be called from many threads.
class StagedFolder {
 public:
  /// Throws IoError if there is such a folder and it is not empty: its files would mix with these.
  explicit StagedFolder(std::filesystem::path folder);

  /// Makes the folders in which files with these names will lie.
  void prepare(const std::vector<std::filesystem::path>& names);
  void put(const std::filesystem::path& name, std::span<const std::uint8_t> bytes) const;
  void commit();

 private:
  std::filesystem::path folder_;
  PendingFolder beside_;
};

}  // namespace obscura::study
