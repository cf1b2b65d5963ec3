#pragma once

#include <optional>

#include "audit/statistics/smooth_pixels.h"

/// Internal to src/audit.
namespace obscura::audit {

/// Which whole numbers of a block are its pixels. Blocks are known in whole coordinates z, of which the pixels are
/// whole combinations x = z U, and back; `rough` is about U, up to scale.
///
/// Differences of neighbouring pixels are what varies least, and a rough map has those right to the percent by which it
/// is off, while a little of any fine pattern may be mixed into how bright a whole block is. So differences are made
/// whole first, each to the nearest in the measure of how much a combination varies, and the surest of them span the
/// block; what is common to all pixels of it, their brightness, then follows from joints: adjacent blocks go on into
/// each other.
///
/// Moments are those of z. Nothing if the differences contradict each other.
std::optional<Matrix> pixels_of(const PixelMoments& moments, const Matrix& rough);

}  // namespace obscura::audit
