#include "shield/block_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "shield/blocks.h"
#include "shield/support.h"

namespace obscura::shield {
namespace {

std::vector<double> planar_of(const Picture& picture) {
  if (const auto* real = std::get_if<RealImage>(&picture)) return {real->values.begin(), real->values.end()};
  const auto bytes = image::to_planar(std::get<image::Image>(picture));
  return {bytes.begin(), bytes.end()};
}

/// Where sample i of a block lies in a planar picture.
std::size_t at(const Grid& grid, std::size_t block, std::size_t i) {
  const std::size_t side = grid.side, area = side * side, width = grid.columns * side;
  const std::size_t y = grid.top(block) + i % area / side, x = grid.left(block) + i % side;
  return (i / area * grid.rows * side + y) * width + x;
}

/// What the map says of a picture, straight from its definition.
std::vector<double> mapped(const BlockMap& map, const Grid& grid, const std::vector<double>& plain) {
  const std::size_t n = map.size();
  std::vector<double> out(plain.size(), -1);
  for (std::size_t b = 0; b < grid.count(); ++b) {
    const std::size_t to = map.place.empty() ? b : map.place.at(b);
    for (std::size_t i = 0; i < n; ++i) {
      double sum = map.offset[i];
      for (std::size_t j = 0; j < n; ++j) sum += map.matrix[i * n + j] * plain[at(grid, b, j)];
      out[at(grid, to, i)] = sum;
    }
  }
  return out;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double most = a.size() == b.size() ? 0 : 1e9;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

/// The largest entry of matrix * inverse - 1.
double inverse_error(const BlockMap& map) {
  const std::size_t n = map.size();
  double most = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = i == j ? -1 : 0;
      for (std::size_t k = 0; k < n; ++k) sum += map.matrix[i * n + k] * map.inverse[k * n + j];
      most = std::max(most, std::abs(sum));
    }
  }
  return most;
}

TEST(BlockMap, SaysWhatProtectDoes) {
  for (const Parameters& p : {Parameters{"hill", 2, Arithmetic::real}, Parameters{"hill", 4, Arithmetic::real},
                              Parameters{"vit", 2, Arithmetic::modular}, Parameters{"vit", 4, Arithmetic::modular},
                              Parameters{"vit", 8, Arithmetic::modular}}) {
    for (const std::size_t channels : {1, 3}) {
      for (std::uint8_t key = 0; key < 3; ++key) {
        const auto shield = make_shield(p, test_seed(key));
        const image::Image image = noise(channels, 16, 24, key);
        const auto map = shield->block_map(channels, 16, 24);
        ASSERT_TRUE(map) << text_of(p);
        EXPECT_EQ(map->channels, channels);
        EXPECT_EQ(map->block, p.block);
        const auto hidden = planar_of(shield->protect(image).picture);
        const auto expected = mapped(*map, Grid(16, 24, p.block), planar_of(image));
        // Real samples are rounded to single precision: a few thousand at most.
        EXPECT_LT(largest_difference(hidden, expected), p.shield == "vit" ? 1e-9 : 1e-3) << text_of(p);
        EXPECT_LT(inverse_error(*map), 1e-9) << text_of(p);
      }
    }
  }
}

TEST(BlockMap, IsOfLinearShieldsOnly) {
  for (const Parameters& p : all_parameters()) {
    const bool linear = p.shield == "vit" || p.arithmetic == Arithmetic::real;
    EXPECT_EQ(make_shield(p, test_seed(1))->block_map(3, 16, 16).has_value(), linear) << text_of(p);
  }
  EXPECT_FALSE(make_shield({"color-neuracrypt", 4, Arithmetic::real}, test_seed(1))->block_map(3, 16, 16));
}

TEST(BlockMap, PicturesThatNoShieldTakesHaveNone) {
  for (const Parameters& p : {Parameters{"hill", 4, Arithmetic::real}, Parameters{"vit", 4, Arithmetic::modular}}) {
    const auto shield = make_shield(p, test_seed(1));
    for (const std::size_t channels : {0, 2, 48}) EXPECT_FALSE(shield->block_map(channels, 16, 16)) << text_of(p);
    EXPECT_FALSE(shield->block_map(3, 18, 16)) << text_of(p);
    EXPECT_FALSE(shield->block_map(3, 16, 0)) << text_of(p);
  }
}

/// Every bit of a vit's key matters: samples go to other places, and half of them are turned around.
TEST(Vit, MovesAndTurnsSamples) {
  const auto map = make_shield({"vit", 4, Arithmetic::modular}, test_seed(1))->block_map(3, 32, 32);
  ASSERT_TRUE(map);
  std::size_t turned = 0, stayed = 0, other_channel = 0;
  for (std::size_t i = 0; i < 48; ++i) {
    std::size_t entries = 0;
    for (std::size_t j = 0; j < 48; ++j) {
      const double v = map->matrix[i * 48 + j];
      if (v == 0) continue;
      ++entries;
      EXPECT_EQ(std::abs(v), 1);
      EXPECT_EQ(map->offset[i], v < 0 ? 255 : 0);
      turned += v < 0 ? 1 : 0;
      stayed += i == j ? 1 : 0;
      other_channel += i / 16 != j / 16 ? 1 : 0;
    }
    EXPECT_EQ(entries, 1);
  }
  EXPECT_GT(turned, 12);
  EXPECT_LT(turned, 36);
  EXPECT_LT(stayed, 8);
  EXPECT_GT(other_channel, 16);
  auto places = map->place;
  std::sort(places.begin(), places.end());
  ASSERT_EQ(places.size(), 64);
  for (std::size_t b = 0; b < 64; ++b) EXPECT_EQ(places[b], b);
  EXPECT_NE(map->place, places);
}

}  // namespace
}  // namespace obscura::shield
