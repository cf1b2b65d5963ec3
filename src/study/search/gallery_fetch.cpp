#include "study/search/gallery_fetch.h"

#include "search/score_file.h"
#include "study/search/records.h"

namespace obscura::study {

search::FetchTable fetch_table_of(search::Gallery& gallery, const search::FetchShape& shape,
                                  const std::vector<bool>& taken) {
  constexpr std::size_t kTogether = 1024;
  search::FetchTable table(shape);
  std::vector<std::vector<std::uint8_t>> records;
  for (std::size_t place = 0; place < taken.size(); ++place) {
    records.emplace_back();
    if (taken[place]) records.back() = write_record(gallery.image(place), gallery.form());
    if (records.size() < kTogether && place + 1 < taken.size()) continue;
    table.put_all(place + 1 - records.size(), records);
    records.clear();
  }
  return table;
}

search::ScoreTable scores_of(search::Gallery& gallery, const std::filesystem::path& folder,
                             const search::Gallery::Vectors& vectors, ThreadPool& pool, const Notes& note) {
  search::ScoreFileUse use;
  auto table = search::load_scores(gallery, folder, vectors, pool, &use);
  for (const std::string& line : use.notes) note(line);
  return table;
}

}  // namespace obscura::study
