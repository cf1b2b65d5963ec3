#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "audit/chunks/server_view.h"

namespace obscura::audit {

/// Entropy in bits of what occurred so often each: - sum p log2 p. 0 for nothing.
double entropy_bits(std::span<const std::size_t> counts);

/// The same, corrected for outcomes that occur too seldom to be seen: + (K - 1) / (2 n ln 2) for K outcomes that
/// occurred among n (G. Miller, "Note on the bias of information estimates", 1955). Still too low where most outcomes
/// occur once.
double miller_madow_bits(std::span<const std::size_t> counts);

/// What the map of encrypted chunks tells, in bits.
struct MapEntropy {
  std::size_t maps = 0;      ///< different ones that occurred
  double plug_in = 0;        ///< entropy of the map as it occurred
  double bits = 0;           ///< corrected
  double class_bits = 0;     ///< what map and class have in common: H(map) + H(class) - H(both), each corrected
  double shuffled_bits = 0;  ///< the same with the labels shuffled, mean of kShuffles: bias of the estimate
};

inline constexpr std::size_t kShuffles = 20;

/// One label a view.
MapEntropy map_entropy(std::span<const ServerView> views, std::span<const std::int64_t> labels, std::uint64_t seed);

}  // namespace obscura::audit
