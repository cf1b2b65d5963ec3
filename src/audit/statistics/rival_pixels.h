#pragma once

#include <vector>

#include "audit/statistics/smooth_pixels.h"
#include "shield/blocks.h"

/// Internal to src/audit: whether the smoothest pixels are told from the next best ones.
namespace obscura::audit {

/// Whole pixels x of a block have rivals that are whole numbers, too, both ways: x + (x m) w for whole m and w with
/// m w = 0 or -2. Every pixel gets some times the same combination of pixels, which is small where pictures were
/// enlarged: second differences vanish there. And the same with columns or rows of the block in another order.
struct Rival {
  Matrix change;       ///< a row of pixels times it is the rival's
  double rougher = 0;  ///< sum of squared differences of neighbours, that of x taken away, for a block
  double lead = 0;     ///< the same over how much the rival differs: about as lead_over
};

/// At most `most`, those of the least lead first. Of rivals of a negative one pictures are smoother than x itself.
std::vector<Rival> rivals_of(const PixelMoments& moments, const Matrix& inverse, std::size_t most);

/// Rivals take the place of pixels as long as one is smoother.
Matrix smoothest_of_rivals(const PixelMoments& moments, Matrix inverse);

/// What varies least of the whole combinations of a block's pixels, as a share of what differences of its neighbours do
/// (mean squares): 0.5 in photographs of 32x32 pixels, less than 0.2 mostly where they were enlarged twice or more.
double least_detail(const PixelMoments& moments, const Matrix& inverse);

/// How many standard deviations the change makes pixels rougher: block by block, a row of `pixels` each, pictures of
/// this grid one after the other; the differences of neighbours with the change, less those without.
double lead_over(const Matrix& change, const Matrix& pixels, const shield::Grid& grid);

}  // namespace obscura::audit
