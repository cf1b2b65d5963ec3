#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "compile/program.h"

namespace obscura::compile {

/// A matrix on slots with the sums of rotations before and after it, and where its result stands.
struct PackedMap {
  std::string layout;
  std::vector<std::int64_t> spread;  ///< doublings: x += rotate(x, step), one after the other, before the matrix
  circuits::Diagonals diagonals;
  std::vector<std::vector<std::int64_t>> fold_groups;  ///< after it: x += sum over the steps of a group
  std::vector<std::int64_t> fold;                      ///< and then doublings
  std::vector<double> bias;
  Layout output;
  double factor = 1;  ///< the wanted value is this times what a reader of the whole period averages
};

/// The image row by row in every period of slots.
Layout image_layout(const nn::Shape& shape, std::size_t slots);

/// Output pixels stay where the input pixel under their kernel's corner was; output channels go to free blocks of slots
/// and then into the gaps that a stride leaves (multiplexed packing). Nothing if the channels do not fit.
///
/// With `split`, the taps of a kernel are dealt out over the slots of the gap instead, by their offset modulo the
/// stride: a kernel of k x k taps and stride s then needs about (k / s)^2 diagonals instead of k^2, and two sums of
/// rotations bring the parts together; left-over sums stay in the gap. Nothing if the gap is needed for channels.
std::optional<PackedMap> grid_map(const Stage& stage, const Layout& input, std::size_t slots, bool split);

/// Any map from any layout: row r is summed up in the slots = r modulo the padded number of rows (hybrid embedding of
/// Juvekar, Vaikuntanathan, Chandrakasan, Gazelle, 2018) and repeats there after the fold. With `unfolded`, the fold is
/// left to whoever averages over the period: the compact reply does it for free.
///
/// copies > 1 first adds that many shifted copies of a clean input into its empty slots, which divides the number of
/// diagonals. Nothing if the copies would meet.
std::optional<PackedMap> dense_map(const Stage& stage, const Layout& input, std::size_t slots, bool unfolded,
                                   std::size_t copies);

}  // namespace obscura::compile
