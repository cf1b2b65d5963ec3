#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace obscura::audit {

/// A grey picture completed by Laplace's equation: what is not known becomes the mean of its four neighbours, which
/// continues the known pixels around it as smoothly as can be. The picture's own edges let nothing through (Neumann).
/// Solved by successive over-relaxation from a solution of half the size, until no value moves by more than
/// kHarmonicStep. Without any known pixel all become 127.5. Throws MismatchError unless both have height * width
/// values.
std::vector<float> harmonic_fill(std::span<const float> picture, const std::vector<bool>& known, std::size_t height,
                                 std::size_t width);

inline constexpr float kHarmonicStep = 1e-3F;  ///< of grey levels from 0 to 255

}  // namespace obscura::audit
