#pragma once

#include <cstdint>
#include <span>

#include "audit/statistics/match_statistics.h"

namespace obscura::audit {

/// Matching of statistics for EtC: the shuffle as a matching of graphs (match_ele), then the best of each block's 96
/// positions, colour orders and negatives, from itself and its neighbours. Blocks of more than eight pixels are looked
/// at in less detail. Pictures are colour ones of one shape, their sides multiples of `block`, and public images are as
/// large. Figure: "residual". Throws MismatchError as match_statistics(), UnsupportedError for blocks above 16 pixels
/// whose side is a prime or twice one.
///
/// `planes` is 3 for etc-grayscale: pictures are grey, and were three planes side by side, of which blocks have sixteen
/// positions and negatives. What ties planes together is that colours of one place are alike.
Recovered match_etc(std::span<const image::Image> ciphers, const image::Dataset& publics, std::size_t block,
                    std::uint64_t seed, std::size_t planes = 1);

}  // namespace obscura::audit
