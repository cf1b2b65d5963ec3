#include "audit/algebra/lattice.h"

#include <gtest/gtest.h>

#include <cmath>

#include "audit/algebra/pixel_lattice.h"
#include "audit/statistics/smooth_pixels.h"
#include "image/random.h"

namespace obscura::audit {
namespace {

Matrix rounded(const Matrix& m) {
  return m.unaryExpr([](double v) { return std::nearbyint(v); });
}

Matrix whole_points(Eigen::Index count, Eigen::Index size, std::uint64_t seed) {
  image::SplitMix random(seed);
  Matrix out(count, size);
  for (double& v : out.reshaped()) v = std::nearbyint(1.2 * random.normal());
  return out;
}

Matrix random_map(Eigen::Index size, double spread, std::uint64_t seed) {
  image::SplitMix random(seed);
  Matrix out = Matrix::Identity(size, size);
  for (double& v : out.reshaped()) v += spread * random.normal();
  return out;
}

TEST(ReducedBasis, OfDependentPointsGeneratesThemAll) {
  for (const Eigen::Index size : {2, 5, 16}) {
    const Matrix map = random_map(size, 0.3, 1), points = whole_points(20 * size, size, 2) * map;
    const auto basis = reduced_basis(points, 0.05);
    ASSERT_TRUE(basis) << size;
    const Matrix coordinates = points * basis->inverse();
    EXPECT_LT((coordinates - rounded(coordinates)).cwiseAbs().maxCoeff(), 1e-6) << size;
    // The lattice is that of all whole numbers, mapped: the volumes agree.
    EXPECT_NEAR(std::abs(basis->determinant() / map.determinant()), 1, 1e-6) << size;
  }
}

TEST(ReducedBasis, OfTheWholeNumbersIsUnitVectors) {
  const auto basis = reduced_basis(whole_points(200, 8, 3), 0.1);
  ASSERT_TRUE(basis);
  EXPECT_NEAR(basis->cwiseAbs().sum(), 8, 1e-9);
}

TEST(ReducedBasis, KnowsPlanesAndMultiples) {
  Matrix plane = whole_points(50, 4, 4);
  plane.col(3) = plane.col(0);
  EXPECT_FALSE(reduced_basis(plane, 0.1));
  EXPECT_FALSE(reduced_basis(Matrix(0, 4), 0.1));
  const Matrix even = 2 * whole_points(100, 4, 5);
  EXPECT_NEAR(std::abs(reduced_basis(even, 0.1)->determinant()), 16, 1e-9);
}

TEST(WholeInverse, TakesMappedWholeNumbersBackToWholeNumbers) {
  const Matrix map = random_map(9, 1, 6), points = whole_points(3000, 9, 7);
  // Some tens of percent off.
  const Matrix rough = map.inverse() * random_map(9, 0.08, 8) * 0.8;
  const auto inverse = whole_inverse(points * map, rough);
  ASSERT_TRUE(inverse);
  const Matrix change = map * *inverse;
  EXPECT_LT((change - rounded(change)).cwiseAbs().maxCoeff(), 1e-6);
  EXPECT_NEAR(std::abs(change.determinant()), 1, 1e-6);
}

TEST(WholeInverse, FindsNoneInNoise) {
  image::SplitMix random(9);
  Matrix noise(3000, 9);
  for (double& v : noise.reshaped()) v = 3 * random.normal();
  EXPECT_FALSE(whole_inverse(noise, Matrix::Identity(9, 9)));
}

/// Blocks of k x k pixels of a picture that is smooth: pixel = a sum over a few waves.
PixelMoments moments_of_waves(Eigen::Index k) {
  const Matrix zero = Matrix::Zero(k * k, k * k);
  PixelMoments out(3, {zero, zero, zero});
  image::SplitMix random(10);
  for (int n = 0; n < 4000; ++n) {
    double fy[3], fx[3], phase[3];
    for (int w = 0; w < 3; ++w) fy[w] = random.normal(), fx[w] = random.normal(), phase[w] = random.between(0, 6.3);
    const auto block = [&](double top, double left) {
      Matrix row(1, k * k);
      for (Eigen::Index i = 0; i < k * k; ++i) {
        const double y = top + static_cast<double>(i / k), x = left + static_cast<double>(i % k);
        row(0, i) = 0.3 * random.normal();
        for (int w = 0; w < 3; ++w) row(0, i) += std::cos(0.4 * (fy[w] * y + fx[w] * x) + phase[w]);
      }
      return row;
    };
    const auto add = [](PairMoments& m, const Matrix& a, const Matrix& b) {
      m.first += a.transpose() * a;
      m.second += b.transpose() * b;
      m.both += a.transpose() * b;
    };
    const auto side = static_cast<double>(k);
    const Matrix here = block(0, 0), right = block(0, side), below = block(side, 0);
    add(out[0], here, here);
    add(out[1], here, right);
    add(out[2], here, below);
  }
  return out;
}

TEST(SmoothPixels, WhatIsRightStaysAndWhatIsMixedUpComesBack) {
  const Eigen::Index k = 3;
  const PixelMoments moments = moments_of_waves(k);
  const Matrix right = Matrix::Identity(k * k, k * k);
  EXPECT_TRUE(smoothest(moments, right) == right);
  const Roughness smooth = roughness_of(moments, right);
  EXPECT_NEAR(smooth.joints, smooth.inside, 0.1 * smooth.inside);

  Matrix mixed = right;
  mixed.col(1).swap(mixed.col(5));
  mixed.col(4) += mixed.col(0);
  mixed.col(7) += mixed.col(2) - mixed.col(8);
  EXPECT_GT(roughness_of(moments, mixed).inside, 1.2 * smooth.inside);
  EXPECT_LT((smoothest(moments, mixed) - right).cwiseAbs().maxCoeff(), 1e-9);
}

}  // namespace
}  // namespace obscura::audit
