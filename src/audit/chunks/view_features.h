#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "audit/chunks/server_view.h"

/// Numbers that a classifier reads of what a server sees, a row a picture.
namespace obscura::audit {

struct FeatureRows {
  std::size_t columns = 0;
  std::vector<float> values;  ///< row after row
  std::size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
};

/// How many ciphertexts there are, and all bytes.
FeatureRows count_rows(std::span<const ServerView> views);

/// A column a chunk: 1 encrypted, -1 plain, 0 nobody says.
FeatureRows map_rows(const Chunking& cut, std::span<const ServerView> views);

/// Three columns a chunk: mean, deviation and mean gradient of its pixels, each from the chunk alone; -1 where the
/// chunk is not in the view.
FeatureRows plain_rows(const Chunking& cut, std::span<const ServerView> views);

}  // namespace obscura::audit
