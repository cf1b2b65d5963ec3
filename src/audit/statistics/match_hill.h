#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "image/dataset.h"
#include "shield/matrix.h"
#include "shield/shield.h"

namespace obscura::audit {

/// What a guess proves itself by, without the truth: plain pixels as it has them.
struct HillEvidence {
  double residue = 0;  ///< how far they are from whole numbers, root mean square; 0.289 for any numbers
  double lowest = 0;
  double highest = 0;
  double joints = 0;  ///< mean squared difference of neighbours across joints of blocks, over that inside; 1 is right
  /// By how many standard deviations they are smoother than the nearest others that are whole numbers, too
  /// (rival_pixels.h); 0 of a guess that is no whole numbers.
  double lead = 0;
};

/// A guess at the key of one channel: a block, as a row vector y of k^2 samples in the order of rows, was
/// (y - cipher_mean) inverse + plain_mean.
struct HillChannel {
  shield::RealMatrix inverse;
  std::vector<double> plain_mean;
  std::vector<double> cipher_mean;
  double residual = 0;  ///< of the match: sum of squared differences over sum of squares; 0 is perfect, 1 and more none
  bool exact = false;   ///< the inverse was then found to rounding
  /// Of blind_hill: samples had been scaled to [-1, 1] before they were multiplied, so that the negative of all
  /// pictures is as likely as they are.
  bool shifted = false;
  HillEvidence evidence;  ///< of blind_hill
};

/// What is known of a hill key from protected pictures alone.
struct HillGuess {
  std::size_t block = 0;
  std::vector<HillChannel> channels;
};

/// Matching of statistics: with y = x K for an unknown K, covariances and covariances of neighbouring blocks go over by
/// K too. Both sides whitened, only an orthogonal matrix is left, which joint diagonalisation gives up to signs, the
/// signs follow, and alternating projections refine it. Blind identification as by second-order statistics (A.
/// Belouchrani et al., "A Blind Source Separation Technique Using Second-Order Statistics", IEEE TSP 45(2), 1997), with
/// the statistics of public images in place of unknown ones. Then the guess is made exact where that can be done.
///
/// Directions in which one side does not vary at all (constant borders) cannot be matched; those of least variance are
/// held up by 1e-13 of the greatest, and come back as the public mean.
///
/// Pictures are of one shape, their sides multiples of `block`; publics have as many channels, and are padded as
/// shields do it. Throws MismatchError if that is not so, ParameterError for less than two of either. Deterministic;
/// thread-safe.
HillGuess match_hill(std::span<const shield::RealImage> ciphers, const image::Dataset& publics, std::size_t block,
                     std::uint64_t seed);

/// The original as the guess has it, rounded to bytes; as large as the picture. Throws MismatchError for a picture of
/// other channels or of sides that are no multiples of the block.
image::Image recover(const HillGuess& guess, const shield::RealImage& cipher);

}  // namespace obscura::audit
