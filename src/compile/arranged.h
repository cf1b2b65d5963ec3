#pragma once

#include "nn/graph.h"
#include "program/merge.h"

namespace obscura::compile {

/// network_of, but with what moves the picture's values about before anything else left to whoever encrypts
/// (program/arrangement.h): copies of values at other places (Rearrange) and several of them one behind the other
/// (Concat), where every other layer reads what they make and nothing before it, where every value of the picture is
/// still there, and the values are at most `kMostArranged` times as many. Otherwise exactly network_of. Throws as that.
program::StagedNetwork arranged_network_of(const nn::Graph& graph);

/// Each copy is sent and takes slots.
inline constexpr std::size_t kMostArranged = 4;

}  // namespace obscura::compile
