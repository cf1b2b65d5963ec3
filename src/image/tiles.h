#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "image/image.h"

namespace obscura::image {

/// A picture for people of rectangles that another one is cut into, some of them marked.
struct TileMap {
  struct Tile {
    std::size_t y = 0, x = 0, height = 0, width = 0;  ///< in pixels of the picture, inside it
    bool marked = false;                              ///< tinted and hatched
    std::string label = {};                           ///< ASCII; left out where it does not fit
  };
  Image picture;
  std::vector<Tile> tiles;
  std::string caption;  ///< ASCII, under the picture; what does not fit is cut off
  std::string legend;   ///< of the mark, in its colour, under the caption
};

/// So many times larger than the picture is its drawing: whole where the longer side has less than 600 pixels, so that
/// pixels stay square, below one where it has more than 4,096.
double tile_scale(const Image& picture);

/// RGB; the picture from the upper left corner on, scaled by tile_scale. Throws ParameterError for an empty picture or
/// a tile that is not inside it.
Image draw_tiles(const TileMap& map);

}  // namespace obscura::image
