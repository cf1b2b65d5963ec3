#pragma once

#include "image/image.h"

/// What single images of `pe` give away without anything else, whether each has a key of its own or not.
namespace obscura::audit {

/// min(v, 255 - v) of every sample does not see whether it was made negative, and the colours of a pixel in order of
/// size do not see how they were shuffled: edges and shapes stay. The attack on features of Kiya's group.
image::Image invariant_features(const image::Image& cipher);

/// Pixel by pixel along the rows: of the 48 ways to undo a pixel, the one nearest to the neighbours that are done, left
/// and above: A. H. Chang, B. M. Case, arXiv 2004.13263. The whole may come out with other colours or as a negative,
/// since nothing tells how the first pixel was. Throws UnsupportedError unless the image has three channels.
image::Image follow_neighbours(const image::Image& cipher);

}  // namespace obscura::audit
