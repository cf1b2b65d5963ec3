#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "image/image.h"

namespace obscura::audit {

/// What a shield may have done to blocks besides shuffling them: what has to be tried. All of it: 96 ways to lay each.
struct JigsawRules {
  bool turned = true;    ///< quarter turns and mirrors
  bool negative = true;  ///< 255 - v
  bool colours = true;   ///< orders of the three colours
};

/// How a piece lies: its pixel (y, x) goes to turn * (y, x), about its middle; colour c of the result is colour
/// order[c] of the piece, then 255 - v where negative.
struct Lay {
  std::array<int, 4> turn = {1, 0, 0, 1};  ///< a matrix of 0 and +-1, row after row
  std::array<std::uint8_t, 3> order = {0, 1, 2};
  bool negative = false;
  friend bool operator==(const Lay&, const Lay&) = default;
};

/// A puzzle put together.
struct Jigsaw {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<std::size_t> piece;  ///< for each place, row after row, the block of the picture that went there
  std::vector<Lay> lay;            ///< and how
};

/// Jigsaw attack on shuffled blocks, with nothing but pictures that have been shuffled alike, one or more: pieces whose
/// borders go on into each other in all of them belong together. Borders are compared by Mahalanobis distances of
/// gradients, pieces joined by a least spanning tree that rejects collisions: A. C. Gallagher, "Jigsaw Puzzles with
/// Pieces of Unknown Orientation", CVPR 2012; with negatives and colours as T. Chuman, K. Kurihara, H. Kiya, "On the
/// Security of Block Scrambling-Based EtC Systems against Jigsaw Puzzle Solver Attacks", ICASSP 2017. The whole comes
/// out in any of its positions and colours. What is left of the borders of a puzzle is filled in one by one. Throws
/// ParameterError for no pictures or unless the sides of each are multiples of `block`, 2 or more, in 2 to 2,500
/// blocks, MismatchError for pictures of different sizes, and UnsupportedError unless they have three channels.
Jigsaw solve_jigsaw(std::span<const image::Image> pictures, std::size_t block, const JigsawRules& rules = {});

/// One of the pictures with its pieces where the solution has them.
image::Image put_together(const Jigsaw& solved, const image::Image& picture, std::size_t block);

/// Where in the original each piece may belong: none for a piece that is nowhere in it.
using PiecePlaces = std::vector<std::vector<std::size_t>>;

/// How right a solution is, 0 to 1.
struct JigsawScore {
  double direct = 0;      ///< Dc: blocks at their own place
  double neighbours = 0;  ///< Nc: pairs of neighbours that are neighbours in the original, on those sides
  double largest = 0;     ///< Lc: blocks in the largest part that is put together right
};

/// Compares with the truth, in the position that is nearest to it. Throws MismatchError for other numbers of pieces.
JigsawScore score_jigsaw(const Jigsaw& solved, const PiecePlaces& places);

/// The places of blocks of a protected picture. Blocks that look alike count as each other: whose samples are the same,
/// in any order, positive or negative. Of a grey picture (etc-grayscale) the original's planes stand side by side.
/// Throws MismatchError unless the original, padded, is as large.
PiecePlaces places_of_blocks(const image::Image& picture, const image::Image& original, std::size_t block);

/// The picture in the position and colours that bring it nearest to the original, cut to its size. Throws MismatchError
/// for a smaller picture.
image::Image nearest_form(const image::Image& solved, const image::Image& original);

}  // namespace obscura::audit
