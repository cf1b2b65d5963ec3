#include "audit/statistics/rival_pixels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "image/random.h"

namespace obscura::audit {
namespace {

constexpr Eigen::Index kSide = 2, kSize = kSide * kSide;
const shield::Grid kGrid(32, 32, kSide);

/// Pictures in blocks, a row each: `rough` of fine noise on a random slope.
Matrix blocks_of(std::size_t pictures, double rough, std::uint64_t seed, const shield::Grid& grid = kGrid) {
  const auto side = static_cast<Eigen::Index>(grid.side);
  image::SplitMix random(seed);
  Matrix out(static_cast<Eigen::Index>(pictures * grid.count()), side * side);
  Eigen::Index row = 0;
  for (std::size_t n = 0; n < pictures; ++n) {
    const double across = 3 * random.normal(), down = 3 * random.normal();
    for (std::size_t b = 0; b < grid.count(); ++b, ++row) {
      for (Eigen::Index p = 0; p < side * side; ++p) {
        const auto y = static_cast<double>(grid.top(b)) + static_cast<double>(p / side);
        const auto x = static_cast<double>(grid.left(b)) + static_cast<double>(p % side);
        out(row, p) = across * x + down * y + rough * random.normal();
      }
    }
  }
  return out;
}

PixelMoments moments_of(const Matrix& rows, const shield::Grid& grid = kGrid) {
  PixelMoments out;
  for (const auto& [across, down] : {std::pair{0U, 0U}, {1U, 0U}, {0U, 1U}}) {
    const Matrix zero = Matrix::Zero(rows.cols(), rows.cols());
    PairMoments m{zero, zero, zero};
    double count = 0;
    for (Eigen::Index r = 0; r < rows.rows(); ++r) {
      const std::size_t place = static_cast<std::size_t>(r) % grid.count();
      if (place % grid.columns + across >= grid.columns || place / grid.columns + down >= grid.rows) continue;
      const auto other = r + static_cast<Eigen::Index>(across + down * grid.columns);
      m.first += rows.row(r).transpose() * rows.row(r);
      m.second += rows.row(other).transpose() * rows.row(other);
      m.both += rows.row(r).transpose() * rows.row(other);
      ++count;
    }
    for (Matrix* part : {&m.first, &m.second, &m.both}) *part /= count;
    out.push_back(m);
  }
  return out;
}

/// The second difference of a block, added to all its pixels.
Matrix shifted() {
  Vector second(kSize);
  second << 1, -1, -1, 1;
  return Matrix::Identity(kSize, kSize) + second * Vector::Ones(kSize).transpose();
}

TEST(RivalPixels, AreWholeBothWaysAndOfTheRoughnessTheySay) {
  const Matrix rows = blocks_of(20, 2, 1), same = Matrix::Identity(kSize, kSize);
  const PixelMoments moments = moments_of(rows);
  const auto rivals = rivals_of(moments, same, 40);
  ASSERT_EQ(rivals.size(), 40U);
  const Roughness now = roughness_of(moments, same);
  // Of a block: 2 k (k - 1) pairs inside, k to each side.
  const double before = 2 * kSide * (kSide - 1) * now.inside + 2 * kSide * now.joints;
  for (const Rival& rival : rivals) {
    EXPECT_NEAR(std::abs(rival.change.determinant()), 1, 1e-9);
    EXPECT_LT((rival.change - rival.change.array().round().matrix()).norm(), 1e-12);
    const Roughness then = roughness_of(moments, rival.change);
    EXPECT_NEAR(2 * kSide * (kSide - 1) * then.inside + 2 * kSide * then.joints - before, rival.rougher,
                1e-6 * (before + std::abs(rival.rougher)));
  }
  EXPECT_TRUE(std::is_sorted(rivals.begin(), rivals.end(), [](auto& a, auto& b) { return a.lead < b.lead; }));
}

TEST(RivalPixels, WhatFollowsFromNeighboursIsNotToldFromThem) {
  const Matrix same = Matrix::Identity(kSize, kSize);
  const Matrix fine = blocks_of(20, 8, 2), plain = blocks_of(20, 0.01, 3);
  EXPECT_GT(lead_over(shifted(), fine, kGrid), 10);
  EXPECT_LT(least_detail(moments_of(plain), same), 1e-3);
  EXPECT_GT(least_detail(moments_of(fine), same), 0.3);
  // Of a picture and what is a change of it the one leads as far as the other lags.
  EXPECT_NEAR(lead_over(shifted(), fine, kGrid), -lead_over(shifted().inverse(), fine * shifted(), kGrid), 1e-9);
}

TEST(RivalPixels, AreTakenAsLongAsTheyAreSmoother) {
  const Matrix rows = blocks_of(30, 3, 4);
  const PixelMoments moments = moments_of(rows);
  const Matrix found = smoothest_of_rivals(moments, shifted());
  EXPECT_LT((found - Matrix::Identity(kSize, kSize)).norm(), 1e-9);
  EXPECT_GE(rivals_of(moments, found, 1).at(0).rougher, 0);
}

/// No exchange of single pixels leads back.
TEST(RivalPixels, ColumnsThatChangedPlacesComeBack) {
  const shield::Grid grid(36, 36, 4);
  const Matrix rows = blocks_of(30, 1, 5, grid), same = Matrix::Identity(16, 16);
  const PixelMoments moments = moments_of(rows, grid);
  const std::vector<Eigen::Index> order = {0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15};
  const Matrix swapped = same(Eigen::all, order);
  EXPECT_LT(lead_over(swapped, rows * swapped, grid), -10);
  EXPECT_LT((smoothest_of_rivals(moments, swapped) - same).norm(), 1e-9);
  // Mirrored blocks are as smooth inside; their joints are not.
  const std::vector<Eigen::Index> mirrored = {3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12};
  EXPECT_GT(lead_over(same(Eigen::all, mirrored), rows, grid), 10);
}

}  // namespace
}  // namespace obscura::audit
