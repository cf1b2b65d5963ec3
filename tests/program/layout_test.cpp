#include "program/layout.h"

#include <gtest/gtest.h>

#include <set>

#include "nn/graphs.h"

namespace obscura::program {
namespace {

/// Every element has a slot of its own inside the period.
void expect_apart(const Layout& layout, std::size_t elements, std::size_t slots) {
  ASSERT_EQ(layout.position.size(), elements);
  const std::set<std::uint32_t> distinct(layout.position.begin(), layout.position.end());
  EXPECT_EQ(distinct.size(), elements);
  EXPECT_LT(*distinct.rbegin(), layout.period);
  EXPECT_TRUE(layout.period < slots ? std::has_single_bit(layout.period) : layout.period % slots == 0);
}

TEST(ImageLayout, RepeatsInPeriodsOfAPowerOfTwo) {
  const Layout layout = image_layout({3, 8, 8}, 512);
  EXPECT_EQ(layout.period, 256u);
  EXPECT_EQ(layout.ciphertexts(512), 1u);
  EXPECT_EQ(layout.position[2 * 64 + 3 * 8 + 5], 2 * 64 + 3 * 8 + 5u);
  expect_apart(layout, 192, 512);
}

TEST(ImageLayout, TakesAsManyCiphertextsAsItNeeds) {
  const Layout layout = image_layout({3, 16, 16}, 512);
  EXPECT_EQ(layout.ciphertexts(512), 2u);
  expect_apart(layout, 768, 512);
  const Layout large = image_layout({1, 40, 40}, 512);
  EXPECT_EQ(large.ciphertexts(512), 4u);
  expect_apart(large, 1600, 512);
}

TEST(ImageLayout, PhasesInterleaveThePlane) {
  for (const std::size_t phases : {0u, 1u, 2u, 3u}) {
    const Layout layout = image_layout({2, 16, 8}, 1024, phases);
    expect_apart(layout, 256, 1024);
    // Neighbours a whole cut away stand side by side.
    const std::size_t cut = std::size_t{1} << phases;
    if (cut == 8) continue;
    EXPECT_EQ(layout.grid->columns[cut], layout.grid->columns[0] + 1);
  }
}

TEST(DenseLayout, IsInOrder) {
  expect_apart(dense_layout(10, 64), 10, 64);
  EXPECT_EQ(dense_layout(10, 64).period, 16u);
  EXPECT_EQ(dense_layout(65, 64).ciphertexts(64), 2u);
}

TEST(GridLayouts, DealChannelsOverBlocksAndFreedPlaces) {
  const Layout image = image_layout({3, 16, 16}, 1024);
  const auto same = grid_layouts(*image.grid, {1, 1}, {6, 16, 16}, 1024);
  ASSERT_EQ(same.size(), 1u);
  EXPECT_EQ(same[0].ciphertexts(1024), 2u);
  expect_apart(same[0], 6 * 256, 1024);
  const auto half = grid_layouts(*image.grid, {2, 2}, {6, 8, 8}, 1024);
  ASSERT_EQ(half.size(), 2u) << "two blocks or four";
  for (const Layout& layout : half) expect_apart(layout, 6 * 64, 1024);
  const auto quarter = grid_layouts(*half[1].grid, {2, 2}, {40, 4, 4}, 1024);
  ASSERT_FALSE(quarter.empty());
  for (const Layout& layout : quarter) expect_apart(layout, 640, 1024);
}

/// Of two tensors of three channels, 0 1 2 and 3 4 5: where 0 3 1 4 2 5 would stand.
TEST(InTurn, DealsTheChannelsOfCopiesOutInTurn) {
  for (const std::size_t phases : {0u, 1u}) {
    const Layout image = image_layout({6, 8, 8}, 1024, phases), turned = in_turn(image, 2);
    expect_apart(turned, 6 * 64, 1024);
    EXPECT_EQ(turned.period, image.period);
    const std::size_t from[] = {0, 2, 4, 1, 3, 5};
    for (std::size_t c = 0; c < 6; ++c) {
      for (std::size_t i = 0; i < 64; ++i) {
        EXPECT_EQ(turned.position[c * 64 + i], image.position[from[c] * 64 + i]);
        EXPECT_EQ(turned.position[c * 64 + i], turned.grid->slot(c, i / 8, i % 8));
      }
    }
  }
}

TEST(GridLayouts, AreNoneWhereTheImageGrowsOrIsGone) {
  const Layout image = image_layout({1, 8, 8}, 64);
  EXPECT_TRUE(grid_layouts(*image.grid, {1, 1}, {1, 10, 8}, 64).empty());
  EXPECT_TRUE(grid_layouts(*image.grid, {1, 1}, {5, 1, 1}, 64).empty());
}

}  // namespace
}  // namespace obscura::program
