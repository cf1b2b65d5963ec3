#pragma once

#include <span>
#include <vector>

#include "audit/statistics/match_statistics.h"
#include "image/image.h"
#include "shield/shield.h"

namespace obscura::audit {

/// Known plaintext against neuracrypt and color-neuracrypt: one linear map from patches of protected pictures to those
/// of images, the same for all positions, fitted to a few known pairs by ridge regression after the mean of each
/// position is taken off both sides (which takes the vectors of positions out). The ridge is chosen by leaving each
/// known pair out once. `ciphers` are decoded without having been seen. Shuffled patches are put in order first, and
/// the positions found from the known pairs.
///
/// Figures: "ridge" (of the mean variance), "left out dB" (PSNR of known pairs when left out).
/// Throws UnsupportedError for another shield, MismatchError for other than as many known pictures as images, two or
/// more, or for pictures of different shapes.
Recovered decode_by_ridge(const shield::Parameters& what, std::span<const image::Image> plain,
                          std::span<const shield::Protected> known, std::span<const shield::Protected> ciphers,
                          const MatchOptions& options = {});

}  // namespace obscura::audit
