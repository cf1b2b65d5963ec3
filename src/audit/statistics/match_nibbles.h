#pragma once

#include <cstdint>
#include <span>

#include "audit/statistics/match_statistics.h"

namespace obscura::audit {

/// Matching of statistics for LE: the place and turn of each half-byte, from covariances within a block and with its
/// neighbours, of half-bytes and of their sines and cosines (the lower half of a sample is its angle on a circle of 16,
/// which neighbours share). Pictures are colour ones of one shape, their sides multiples of `block`. Images come back
/// as large as the pictures. Figure: "residual". Throws MismatchError, ParameterError as match_statistics().
Recovered match_le(std::span<const image::Image> ciphers, const image::Dataset& publics, std::size_t block);

/// The same for ELE. The norm of the covariance of two blocks does not depend on their keys, so that the shuffle is a
/// matching of graphs; then every block's key follows as for LE, from itself and its neighbours. Where the graph has
/// symmetries (photographs mirrored are photographs), the one whose covariances fit best is taken. Public images must
/// be as large as the pictures. Figure: "residual". Throws as match_le().
Recovered match_ele(std::span<const image::Image> ciphers, const image::Dataset& publics, std::size_t block,
                    std::uint64_t seed);

}  // namespace obscura::audit
