#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "audit/jigsaw/jigsaw.h"
#include "image/image.h"

/// Internal to src/audit: the blocks of grey pictures that are red, green and blue of one place.
namespace obscura::audit {

/// Three blocks of a grey picture, and how each lies beside the first.
struct ColourPiece {
  std::array<std::size_t, 3> block{};
  std::array<Lay, 3> lay;
};

/// Pictures whose three colours stood side by side before their blocks were shuffled, all alike, turned and made
/// negative (etc-grayscale): which three blocks are of one place, and how they lie to each other, told by how alike
/// they are. Colours of a photograph are far more alike than neighbours. Which of the three is red is not told. Throws
/// MismatchError unless pictures are grey, of one shape, and three blocks or a multiple wide; ParameterError for no
/// pictures or blocks of less than 2.
std::vector<ColourPiece> find_colour_pieces(std::span<const image::Image> pictures, std::size_t block);

/// A picture of a third of the width: its blocks are the pieces, in colour, in their order.
image::Image in_colour(std::span<const ColourPiece> pieces, const image::Image& picture, std::size_t block);

/// Where each piece belongs: where all three of its blocks do. `places` are those of blocks of the grey picture.
PiecePlaces places_of_colours(std::span<const ColourPiece> pieces, const PiecePlaces& places, std::size_t columns);

}  // namespace obscura::audit
