#include "program/affine_row.h"

#include <gtest/gtest.h>

#include <vector>

namespace obscura::program {
namespace {

std::vector<std::pair<std::uint32_t, double>> seen(const AffineRow& row) {
  std::vector<std::pair<std::uint32_t, double>> result;
  for (const auto& e : row) result.emplace_back(e.column, e.value);
  EXPECT_EQ(result.size(), row.size());
  for (std::size_t k = 0; k < result.size(); ++k) EXPECT_EQ(row[k].column, result[k].first);
  return result;
}

using List = std::vector<std::pair<std::uint32_t, double>>;

TEST(AffineRow, HoldsWhatItIsGiven) {
  AffineRow row;
  EXPECT_TRUE(row.empty());
  EXPECT_EQ(seen(row), List{});
  row.push_back({3, 1.5});
  row.push_back({7, -2});
  row.set(0, 4);
  EXPECT_EQ(seen(row), (List{{3, 4}, {7, -2}}));
  row.change_values([](double value) { return 2 * value; });
  EXPECT_EQ(seen(row), (List{{3, 8}, {7, -4}}));
}

TEST(AffineRow, SharedOnesStayWhatTheyAreWhenAnotherChanges) {
  const auto entries = std::make_shared<AffineRow::Entries>(AffineRow::Entries{{0, 1}, {2, 5}});
  AffineRow a = AffineRow::moved(entries, 10);
  const AffineRow b = AffineRow::moved(entries, 20);
  AffineRow c = a;
  EXPECT_TRUE(a.shares(b) && a.shares(c));
  EXPECT_EQ(seen(b), (List{{20, 1}, {22, 5}}));
  a.push_back({13, 7});
  c.set(1, 9);
  EXPECT_EQ(seen(a), (List{{10, 1}, {12, 5}, {13, 7}}));
  EXPECT_EQ(seen(b), (List{{20, 1}, {22, 5}}));
  EXPECT_EQ(seen(c), (List{{10, 1}, {12, 9}}));
  EXPECT_FALSE(a.shares(b) || a.shares(c) || b.shares(c));
}

TEST(AffineRow, MovesAlongAndBack) {
  const AffineRow a{{5, 1}, {9, -2}};
  const AffineRow b = a.moved_along(7), c = b.moved_along(-12);
  EXPECT_EQ(seen(b), (List{{12, 1}, {16, -2}}));
  EXPECT_EQ(seen(c), (List{{0, 1}, {4, -2}}));
  EXPECT_TRUE(a.shares(c));
  EXPECT_EQ(c.distance_from(b), -12);
  EXPECT_EQ(b.distance_from(c), 12);
  AffineRow none = AffineRow().moved_along(3);
  EXPECT_TRUE(none.empty());
  none.push_back({1, 2});
  EXPECT_EQ(seen(none), (List{{1, 2}}));
}

}  // namespace
}  // namespace obscura::program
