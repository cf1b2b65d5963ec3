#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/notes.h"

namespace obscura::study {

struct QueryPicture {
  std::filesystem::path file;
  std::string class_name;
};

/// The first test picture of each class, of so many classes, in the order of the set: as query-0.png, ... in a folder
/// that is there. Throws as reading the set, IoError.
std::vector<QueryPicture> write_query_pictures(const std::string& dataset, const std::filesystem::path& data,
                                               std::size_t count, const std::filesystem::path& folder,
                                               const Notes& note);

}  // namespace obscura::study
