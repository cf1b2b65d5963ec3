#pragma once

#include <cstdint>
#include <span>

#include "audit/chunks/folds.h"
#include "audit/chunks/server_view.h"

namespace obscura::audit {

/// How the network that guesses classes from plain chunks is trained.
struct ChunkNetworkOptions {
  std::size_t classes = 2;
  std::size_t epochs = 12;
  std::uint64_t seed = 1;
  std::size_t threads = 1;
};

/// The attacker that learns a small convolutional network (train::QuickClassifier) from what the server can put
/// together of each picture: grey levels from -1 to 1, 0 where nothing is known, and a second channel that is 1 there.
/// The views must outlive it. One at a time.
Guesser network_guesser(const Chunking& cut, std::span<const ServerView> views, const ChunkNetworkOptions& options);

}  // namespace obscura::audit
