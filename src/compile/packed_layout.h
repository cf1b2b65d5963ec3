#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "compile/program.h"

namespace obscura::compile {

/// A matrix on slots with its fold and where its result stands.
struct PackedMap {
  const char* layout = "";
  circuits::Diagonals diagonals;
  std::vector<std::int64_t> fold_steps;  ///< each: x += rotate(x, step)
  std::vector<double> bias;
  Layout output;
  double factor = 1;  ///< the wanted value is this times what a reader of the whole period averages
};

/// The image row by row in every period of slots.
Layout image_layout(const nn::Shape& shape, std::size_t slots);

/// Output pixels stay where the input pixel under their kernel's corner was; output channels go to free blocks of slots
/// and then into the gaps that a stride leaves (multiplexed packing). Nothing if the channels do not fit.
std::optional<PackedMap> grid_map(const Stage& stage, const Layout& input, std::size_t slots);

/// Any map from any layout: row r is summed up in the slots = r modulo the padded number of rows (hybrid embedding of
/// Juvekar, Vaikuntanathan, Chandrakasan, Gazelle, 2018) and repeats there after the fold. With `unfolded`, the fold is
/// left to whoever averages over the period: the compact reply does it for free.
PackedMap dense_map(const Stage& stage, const Layout& input, std::size_t slots, bool unfolded);

}  // namespace obscura::compile
