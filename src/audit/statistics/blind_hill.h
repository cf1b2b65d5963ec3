#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "audit/statistics/match_hill.h"

namespace obscura::audit {

/// As match_hill, and without public images: from protected pictures alone. Two things are known of any pictures. They
/// look the same everywhere, so that the covariance of two pixels depends on their offset only; among linear maps that
/// is so of few, and an alternation between map and covariances, started from a simple law for photographs, finds one
/// near the key's inverse (Stationary). And pixels are whole numbers, so that protected blocks are points of a lattice,
/// whose reduced basis gives the key exactly (exact_inverse).
///
/// On photographs of 32x32 pixels and blocks of 4, some hundred pictures of one key give all of them exactly, in some
/// seconds on one core. Channels that are not made exact come back with a contrast that is guessed at.
///
/// Throws UnsupportedError for blocks over 4, which would take minutes to hours, MismatchError for pictures of
/// different shapes or of other than whole blocks, ParameterError for less than two. Deterministic; thread-safe.
HillGuess blind_hill(std::span<const shield::RealImage> ciphers, std::size_t block, std::uint64_t seed);

}  // namespace obscura::audit
