#pragma once

#include <span>
#include <vector>

#include "audit/chunks/server_view.h"
#include "base/parallel.h"
#include "study/policy.h"

namespace obscura::study {

/// Pictures that owners send under one policy, by the paper's network of chunks.
struct ChunkQueries {
  Chunking cut;  ///< of grey pictures
  std::size_t classes = 2;
  PolicyWishes wishes;
  bool equalise = true;
};

/// What a server gets of every picture: each is preprocessed, encrypted and written as a query, and the query is read
/// as a server reads it. `pictures`: grey, of the size that is cut. Throws UnsupportedError for chunks that the network
/// cannot take, UsageError as apply_policy, and as compile::compile.
std::vector<audit::ServerView> server_views(const ChunkQueries& queries, std::span<const image::Image> pictures,
                                            ThreadPool& pool);

}  // namespace obscura::study
