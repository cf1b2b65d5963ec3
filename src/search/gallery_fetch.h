#pragma once

#include <filesystem>
#include <vector>

#include "base/notes.h"
#include "base/parallel.h"
#include "search/fetch_table.h"
#include "search/gallery.h"
#include "search/score_table.h"

namespace obscura::search {

/// The records of a gallery, as they are fetched privately. `taken`: places with an image.
FetchTable fetch_table_of(Gallery& gallery, const FetchShape& shape, const std::vector<bool>& taken);

/// The encoded vectors of a gallery (search/score_file.h); what became of their file is noted.
ScoreTable scores_of(Gallery& gallery, const std::filesystem::path& folder, const Gallery::Vectors& vectors,
                     ThreadPool& pool, const Notes& note);

}  // namespace obscura::search
