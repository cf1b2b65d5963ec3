#include "study/rcnn/query_pictures.h"

#include <fmt/format.h>

#include <set>

#include "image/image.h"
#include "study/images/labelled_images.h"

namespace obscura::study {

std::vector<QueryPicture> write_query_pictures(const std::string& dataset, const std::filesystem::path& data,
                                               std::size_t count, const std::filesystem::path& folder,
                                               const Notes& note) {
  const auto set = load_noted(dataset, image::Split::test, data, note);
  std::vector<QueryPicture> pictures;
  std::set<std::int64_t> seen;
  for (std::size_t n = 0; n < set.count && pictures.size() < count; ++n) {
    const std::int64_t label = set.labels[n];
    if (!seen.insert(label).second) continue;
    const auto file = folder / fmt::format("query-{}.png", pictures.size());
    image::write_png(file, set.image(n));
    pictures.push_back({file, set.classes.at(static_cast<std::size_t>(label))});
  }
  return pictures;
}

}  // namespace obscura::study
