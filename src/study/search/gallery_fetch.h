#pragma once

#include <vector>

#include "search/fetch_table.h"
#include "search/gallery.h"

namespace obscura::study {

/// The records of a gallery, as they are fetched privately. `taken`: places with an image.
search::FetchTable fetch_table_of(search::Gallery& gallery, const search::FetchShape& shape,
                                  const std::vector<bool>& taken);

}  // namespace obscura::study
