#pragma once

#include <filesystem>

namespace obscura::fuzz {

/// A folder of its own for readers of files, in memory where the system has such a place. Removed with its object.
class WorkFolder {
 public:
  WorkFolder();
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void clear() const;

 private:
  std::filesystem::path path_;
};

}  // namespace obscura::fuzz
