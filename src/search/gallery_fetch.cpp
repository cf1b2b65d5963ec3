#include "search/gallery_fetch.h"

#include "search/records.h"
#include "search/score_file.h"

namespace obscura::search {

FetchTable fetch_table_of(Gallery& gallery, const FetchShape& shape, const std::vector<bool>& taken) {
  constexpr std::size_t kTogether = 1024;
  FetchTable table(shape);
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

ScoreTable scores_of(Gallery& gallery, const std::filesystem::path& folder, const Gallery::Vectors& vectors,
                     ThreadPool& pool, const Notes& note) {
  ScoreFileUse use;
  auto table = load_scores(gallery, folder, vectors, pool, &use);
  for (const std::string& line : use.notes) note(line);
  return table;
}

}  // namespace obscura::search
