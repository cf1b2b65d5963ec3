#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "audit/statistics/match_hill.h"

namespace obscura::audit {

/// As match_hill, and without public images: from protected pictures alone. Two things are known of any pictures. They
/// look the same everywhere, so that the covariance of two pixels depends on their offset only; among linear maps that
/// is so of few, and one that fits a simple law for photographs is some tens of percent off the key's inverse
/// (Stationary); an alternation between map and covariances brings it nearer. And pixels are whole numbers, so that
/// protected blocks are points of a lattice, whose reduced basis gives whole coordinates (whole_coordinates). Which of
/// those are the pixels is told by differences of neighbours, of which even such a map is right enough, and by joints
/// of blocks (pixels_of).
///
/// On photographs of 32x32 pixels and blocks of 4, a hundred pictures of one key give all of them exactly, in about a
/// second on one core. A channel is called exact on its own evidence alone: HillChannel::evidence. Channels that are
/// not made exact come back with a contrast that is guessed at.
///
/// Throws UnsupportedError for blocks over 4, which would take minutes to hours, MismatchError for pictures of
/// different shapes or of other than whole blocks, ParameterError for less than two. Deterministic; thread-safe.
HillGuess blind_hill(std::span<const shield::RealImage> ciphers, std::size_t block, std::uint64_t seed);

}  // namespace obscura::audit
