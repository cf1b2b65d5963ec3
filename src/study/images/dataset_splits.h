#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/notes.h"
#include "image/dataset.h"

namespace obscura::study {

/// One split as it was found: loaded, or why not.
struct FoundSplit {
  image::Split split;
  std::optional<image::Dataset> set;
  std::string missing;
};

/// All splits that a data set has, or the one of that name. A set may lawfully be here in part (KMNIST's test images
/// only). Throws IoError where nothing of it is, UsageError for a split that there is not.
std::vector<FoundSplit> load_splits(const std::string& set, const std::filesystem::path& data, const std::string& split,
                                    std::size_t limit, const Notes& note);

/// The set whose pictures are shown: the test images if they are there.
const image::Dataset& pictured(const std::vector<FoundSplit>& found);

}  // namespace obscura::study
