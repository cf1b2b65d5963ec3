#pragma once

#include "image/image.h"

namespace obscura::study {

/// A picture for people, two rows of five tiles: the plain picture, its histogram, and how often each pair of a sample
/// (down) and its neighbour (across) occurs, of neighbours to the right, below, and below to the right; under it the
/// protected one. Colours are those of the channels.
image::Image draw_pair(const image::Image& plain, const image::Image& guarded);

}  // namespace obscura::study
