#pragma once

#include <span>
#include <string>
#include <vector>

#include "audit/chunks/server_view.h"
#include "image/image.h"

namespace obscura::study {

/// Pictures of a set and what the server sees of each.
struct SeenPictures {
  const Chunking& cut;
  std::span<const image::Image> originals;
  std::span<const audit::ServerView> views;
  std::span<const std::int64_t> labels;
  std::size_t classes = 1;
};

/// Some pictures of every class, in three rows: as they are, as the server sees them, and with encrypted chunks drawn
/// from plain ones.
image::Image chunk_sheet(const SeenPictures& seen, const std::string& title);

}  // namespace obscura::study
