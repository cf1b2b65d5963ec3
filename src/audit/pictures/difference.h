#pragma once

#include <cstddef>

#include "image/image.h"

/// NPCR and UACI: how many samples of two pictures differ, and by how much. Meant for the ciphertexts of two plain
/// pictures that differ a little; two pictures of independent uniform bytes reach the expected values as well.
///
/// The tests are those of Y. Wu, J. P. Noonan, S. Agaian, "NPCR and UACI Randomness Tests for Image Encryption",
/// Journal of Selected Areas in Telecommunications, 2011. With F = 255 and two samples uniform on 0 to F, independent:
/// they differ with chance F / (F + 1); |a - b| / F has mean (L^2 - 1) / (3 L F) with L = F + 1, which is
/// (F + 2) / (3 F + 3), and, as E|a - b|^2 = (L^2 - 1) / 6, variance (F + 2)(F^2 + 2 F + 3) / (18 (F + 1)^2 F). Over M
/// samples both means are about normal, with these variances over M.
namespace obscura::audit {

/// What independent uniform bytes give.
inline constexpr double kIdealNpcr = 255.0 / 256, kIdealUaci = 257.0 / 768;

/// Standard deviations of NPCR and UACI of so many samples of independent uniform bytes.
double npcr_deviation(std::size_t samples);
double uaci_deviation(std::size_t samples);

/// NPCR below `npcr` is too small, UACI outside [uaci_low, uaci_high] too small or too large, at a level of alpha each.
struct CriticalValues {
  double alpha = 0;
  double npcr = 0, uaci_low = 0, uaci_high = 0;
};
/// Throws ParameterError for no samples or alpha outside (0, 1).
CriticalValues critical_values(std::size_t samples, double alpha);

/// Of all channels together. Shares from 0 to 1.
struct Difference {
  std::size_t samples = 0;
  double npcr = 0;    ///< share of samples that differ (number of pixels change rate)
  double uaci = 0;    ///< mean of |a - b| / 255 (unified averaged changed intensity)
  double npcr_p = 0;  ///< chance of an NPCR that small or smaller, by the normal approximation
  double uaci_p = 0;  ///< chance of a UACI that far from its mean, to either side

  bool npcr_passes(double alpha) const { return npcr_p >= alpha; }
  bool uaci_passes(double alpha) const { return uaci_p >= alpha; }
};
/// Throws MismatchError unless both have one shape.
Difference difference(const image::Image& a, const image::Image& b);

}  // namespace obscura::audit
