#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "image/image.h"
#include "shield/matrix.h"
#include "shield/shield.h"

namespace obscura::audit {

/// What known blocks tell of the key of a channel.
template <typename T>
struct HillKey {
  shield::Square<T> inverse;  ///< protected block times this: the plain one
  std::size_t blocks = 0;     ///< known
  std::size_t rank = 0;       ///< of the plain ones; modular: modulo 2. block^2 is needed
  /// Real: root mean square of what the key leaves of the known protected blocks, in terms of their own; 0 for a right
  /// key. Modular: share of known samples that the key gets wrong.
  double residual = 0;
};

/// Known plaintext against `hill`: k^2 independent known blocks of a channel are a linear system for its key matrix,
/// solved by least squares; modulo 256 by elimination with odd pivots, which are the invertible ones. One key a
/// channel. With fewer blocks than k^2 the directions that were never seen come back as zeros.
///
/// Throws MismatchError unless there are as many pictures as images, one or more, and each picture is one that this
/// hill makes of its image.
std::vector<HillKey<double>> solve_real_hill(const shield::Parameters& what, std::span<const image::Image> plain,
                                             std::span<const shield::Protected> ciphers);
std::vector<HillKey<std::uint8_t>> solve_modular_hill(const shield::Parameters& what,
                                                      std::span<const image::Image> plain,
                                                      std::span<const shield::Protected> ciphers);

/// The original by such a key. Throws MismatchError for a picture of another kind.
image::Image recover(const std::vector<HillKey<double>>& keys, std::size_t block, const shield::Protected& cipher);
image::Image recover(const std::vector<HillKey<std::uint8_t>>& keys, std::size_t block,
                     const shield::Protected& cipher);

}  // namespace obscura::audit
