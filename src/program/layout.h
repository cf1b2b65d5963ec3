#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tensor/shape.h"

namespace obscura::program {

/// The slots of an image plane: pixel (y, x) of the image at full resolution stands at rows[y] + columns[x] within its
/// block. A tensor that convolutions with strides have made smaller keeps these places: it uses every step-th row and
/// column, and its channels are dealt out over blocks and over the places that the strides have freed (multiplexed
/// packing; Lee et al., "Low-complexity deep CNNs on FHE", ICML 2022).
struct Grid {
  std::vector<std::uint32_t> rows, columns;
  std::size_t block = 0;                  ///< slots a block
  std::array<std::size_t, 2> step{1, 1};  ///< between neighbours of this tensor, in places
  /// Of each channel: its block, and which of the freed places, 0 <= y < step[0], 0 <= x < step[1].
  struct Place {
    std::uint32_t block = 0, y = 0, x = 0;
    friend bool operator==(const Place&, const Place&) = default;
  };
  std::vector<Place> channels;

  std::uint32_t slot(std::size_t channel, std::size_t y, std::size_t x) const {
    const Place& p = channels[channel];
    return static_cast<std::uint32_t>(p.block * block) + rows[y * step[0] + p.y] + columns[x * step[1] + p.x];
  }
};

/// Values that stand at several places each, value i at places[begin[i]] up to places[begin[i + 1] - 1], increasing:
/// the windows of a first layer, which whoever encrypts lays out side by side (im2col; Chellapilla, Puri, Simard,
/// 2006).
struct Windows {
  std::vector<std::uint32_t> begin, places;
  std::size_t aligned = 1;  ///< a power of two

  /// The place that a result at this place reads the value from: one that is a multiple of `aligned` places from it, or
  /// the first where none is.
  std::uint32_t place_for(std::size_t value, std::size_t result) const;
  friend bool operator==(const Windows&, const Windows&) = default;
};

/// Where the values of a tensor stand among the slots of one or more ciphertexts. Element i: slot position[i] % slots
/// of ciphertext position[i] / slots. A period under the number of slots (a power of two) repeats there.
struct Layout {
  std::vector<std::uint32_t> position;
  std::size_t period = 0;  ///< a power of two up to the slots, or a multiple of them
  bool clean = false;      ///< whether every slot that holds no element is zero: then copies can be added beside
  std::optional<Grid> grid = std::nullopt;
  /// Places of one value, a power of two. Over 1: element i is at place i gap, and the others of its places hold what
  /// sums over them leave there, which nothing may read.
  std::size_t gap = 1;
  std::optional<Windows> windows = std::nullopt;  ///< then position[i] is the first place of value i

  std::size_t ciphertexts(std::size_t slots) const { return period > slots ? period / slots : 1; }
  /// Of value i, at least one.
  std::span<const std::uint32_t> places_of(std::size_t i) const {
    if (!windows) return std::span(position).subspan(i, 1);
    return std::span(windows->places).subspan(windows->begin[i], windows->begin[i + 1] - windows->begin[i]);
  }
  /// Whether both say the same of every place, whatever grid they come from.
  bool same_places(const Layout& other) const {
    return period == other.period && clean == other.clean && gap == other.gap && position == other.position &&
           windows == other.windows;
  }
};

/// The image channel by channel, each plane cut into 2^phases x 2^phases interleaved images, one behind the other:
/// with phases = 0 row by row. Strided convolutions free whole blocks of phases.
Layout image_layout(const Shape& shape, std::size_t slots, std::size_t phases = 0);

/// Values in order, padded to a power of two (or to whole ciphertexts).
Layout dense_layout(std::size_t values, std::size_t slots);

/// Values in order, each the first of as many places as the slots have for it.
Layout gapped_layout(std::size_t values, std::size_t slots);

/// What a layout of one chunk's values is where `width` chunks stand side by side and are read together: value f of
/// chunk k is element k values + f. With `groups` of them, each in ciphertexts of its own, one behind the other.
/// `slots`: of a ciphertext.
Layout merged_layout(const Layout& chunk, std::size_t width, std::size_t groups, std::size_t slots);

/// Layouts of what a map of this stride makes of a tensor on a grid: the same places, channels over as many blocks as
/// there are, down to as few as hold them. Empty where the result does not stay on the grid.
std::vector<Layout> grid_layouts(const Grid& input, const std::array<std::size_t, 2>& stride, const Shape& output,
                                 std::size_t slots);

/// The same places where channels are those of `copies` tensors, one tensor behind the other, with the tensors'
/// channels dealt out in turn: then a map that does the same to each copy moves all of them by the same steps, round
/// the end, too. Precondition: a grid, whose channels `copies` divides.
Layout in_turn(const Layout& layout, std::size_t copies);

}  // namespace obscura::program
