#include "study/images/dataset_splits.h"

#include <algorithm>
#include <set>

#include "base/error.h"

namespace obscura::study {

std::vector<FoundSplit> load_splits(const std::string& set, const std::filesystem::path& data, const std::string& split,
                                    std::size_t limit, const Notes& note) {
  std::vector<image::Split> wanted;
  for (const image::Split one : {image::Split::train, image::Split::validation, image::Split::test}) {
    if (image::has_split(set, one)) wanted.push_back(one);
  }
  if (!split.empty()) wanted = {image::parse_split(split)};
  std::vector<FoundSplit> shown;
  std::set<std::string> said;
  for (const image::Split one : wanted) {
    try {
      shown.push_back({one, image::load_dataset(set, one, data, limit), ""});
      for (const auto& line : shown.back().set->notes) {
        if (said.insert(line).second) note(line);
      }
    } catch (const IoError& e) {
      shown.push_back({one, std::nullopt, e.what()});
    }
  }
  const auto there = [](const FoundSplit& s) { return s.set.has_value(); };
  if (std::none_of(shown.begin(), shown.end(), there)) throw IoError(shown.back().missing);
  return shown;
}

const image::Dataset& pictured(const std::vector<FoundSplit>& shown) {
  const auto last = std::find_if(shown.rbegin(), shown.rend(), [](const FoundSplit& s) { return s.set.has_value(); });
  return *last->set;
}

}  // namespace obscura::study
