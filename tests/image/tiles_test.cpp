#include "image/tiles.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace obscura::image {
namespace {

/// Two rows of two tiles on grey; the first and the last are marked.
TileMap quarters() {
  TileMap map;
  map.picture = Image(1, 40, 60, 128);
  map.tiles = {{0, 0, 20, 30, true}, {0, 30, 20, 30}, {20, 0, 20, 30}, {20, 30, 20, 30, true}};
  return map;
}

/// Mean distance of red and blue over a tile as it is drawn.
double colour_of(const Image& drawn, const TileMap& map, std::size_t tile) {
  const auto scale = static_cast<std::size_t>(tile_scale(map.picture));
  const auto& at = map.tiles[tile];
  double sum = 0;
  for (std::size_t y = at.y * scale + 2; y < (at.y + at.height) * scale - 2; ++y) {
    for (std::size_t x = at.x * scale + 2; x < (at.x + at.width) * scale - 2; ++x) {
      sum += std::abs(static_cast<double>(drawn.at(y, x, 0)) - static_cast<double>(drawn.at(y, x, 2)));
    }
  }
  return sum / static_cast<double>((at.height * scale - 4) * (at.width * scale - 4));
}

TEST(Tiles, OnlyMarkedTilesAreTinted) {
  const TileMap map = quarters();
  const Image drawn = draw_tiles(map);
  EXPECT_GE(drawn.width, 600U);
  for (const std::size_t tile : {0U, 3U}) EXPECT_GT(colour_of(drawn, map, tile), 20) << tile;
  for (const std::size_t tile : {1U, 2U}) EXPECT_EQ(colour_of(drawn, map, tile), 0) << tile;
}

TEST(Tiles, LabelsStandWhereTheyFit) {
  TileMap map = quarters();
  const Image without = draw_tiles(map);
  map.tiles[1].label = "123.4";
  EXPECT_NE(draw_tiles(map), without);
  map.tiles[1].label = std::string(200, '8');
  EXPECT_EQ(draw_tiles(map), without);
}

TEST(Tiles, AnyShapeIsDrawn) {
  for (const auto& [height, width] : {std::pair<std::size_t, std::size_t>{1, 1}, {1, 5000}, {700, 3}, {1024, 1024}}) {
    TileMap map;
    map.picture = Image(3, height, width, 9);
    map.tiles = {{0, 0, height, width, true, "1"}};
    EXPECT_FALSE(draw_tiles(map).empty()) << height << "x" << width;
  }
}

TEST(Tiles, WhatIsOutsideIsRefused) {
  TileMap map = quarters();
  map.tiles[0].width = 61;
  EXPECT_THROW(draw_tiles(map), ParameterError);
  EXPECT_THROW(draw_tiles({}), ParameterError);
}

}  // namespace
}  // namespace obscura::image
