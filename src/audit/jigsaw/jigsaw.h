#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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
  image::Image image;
};

/// Jigsaw attack on shuffled blocks of one image, with nothing but that image: pieces whose borders go on into each
/// other belong together. Borders are compared by Mahalanobis distances of gradients, pieces joined by a least spanning
/// tree that rejects collisions: A. C. Gallagher, "Jigsaw Puzzles with Pieces of Unknown Orientation", CVPR 2012; with
/// negatives and colours as T. Chuman, K. Kurihara, H. Kiya, "On the Security of Block Scrambling-Based EtC Systems
/// against Jigsaw Puzzle Solver Attacks", ICASSP 2017. The whole comes out in any of its positions and colours.
/// Throws ParameterError unless the picture's sides are multiples of `block`, 2 or more, in 2 to 1,024 blocks, and
/// UnsupportedError unless it has three channels.
Jigsaw solve_jigsaw(const image::Image& picture, std::size_t block, const JigsawRules& rules = {});

/// How right a solution is, 0 to 1.
struct JigsawScore {
  double direct = 0;      ///< Dc: blocks at their own place
  double neighbours = 0;  ///< Nc: pairs of neighbours that are neighbours in the original, on those sides
  double largest = 0;     ///< Lc: blocks in the largest part that is put together right
  image::Image image;     ///< the solution in the position and colours that are nearest to the original
};

/// Compares with the truth. Blocks that look alike count as each other. Throws MismatchError for another original.
JigsawScore score_jigsaw(const Jigsaw& solved, const image::Image& picture, const image::Image& original,
                         std::size_t block);

}  // namespace obscura::audit
