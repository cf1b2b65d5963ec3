#pragma once

#include <vector>

#include "audit/chunks/server_view.h"

namespace obscura::audit {

/// The view of a picture of which the chunks with negative indices travel in the clear; without ciphertexts.
inline ServerView part_view(const Chunking& cut, const image::Image& picture, std::vector<std::int32_t> indices,
                            const Preprocessing& how) {
  const auto values = preprocess(picture.pixels, how);
  message::Query query;
  query.chunks = std::move(indices);
  for (const std::int32_t index : query.chunks) {
    if (index > 0) continue;
    const auto chunk = cut_chunk(cut, values, static_cast<std::size_t>(-index) - 1);
    query.plain.insert(query.plain.end(), chunk.begin(), chunk.end());
  }
  return server_view({cut}, how, query, 0);
}

inline ServerView part_view(const Chunking& cut, const image::Image& picture, std::vector<std::int32_t> indices) {
  return part_view(cut, picture, std::move(indices), default_preprocessing(cut.picture));
}

}  // namespace obscura::audit
