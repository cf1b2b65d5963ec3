#include "audit/algebra/lattice.h"

#include <gtest/gtest.h>

#include <cmath>

#include "audit/algebra/pixel_lattice.h"
#include "audit/algebra/quadratic_form.h"
#include "audit/statistics/pixel_grid.h"
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

/// Whether rows times the map are the points, changed by whole numbers both ways.
void expect_whole_change(const Matrix& change) {
  EXPECT_LT((change - rounded(change)).cwiseAbs().maxCoeff(), 1e-3);
  EXPECT_NEAR(std::abs(change.determinant()), 1, 1e-3);
}

TEST(WholeCoordinates, AreThoseOfAllMappedWholeNumbers) {
  const Matrix map = random_map(9, 1, 6), points = whole_points(3000, 9, 7);
  // Some tens of percent off.
  const Matrix rough = map.inverse() * random_map(9, 0.08, 8) * 0.8;
  const auto coordinates = whole_coordinates(points * map, rough, 0.01);
  ASSERT_TRUE(coordinates);
  expect_whole_change(map * *coordinates);
}

TEST(WholeCoordinates, WithstandRoundingAndPointsOfLargeDeterminants) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    // Few small points and many large ones, each of few numbers, so that the first of them generate next to nothing.
    image::SplitMix random(seed);
    Matrix points = Matrix::Zero(4000, 16);
    for (Eigen::Index r = 0; r < points.rows(); ++r) {
      for (int i = 0; i < 4; ++i) points(r, random.below(16)) = std::nearbyint(5 * random.normal());
    }
    const Matrix map = random_map(16, 0.3, seed + 50);
    const Matrix seen = (points * map).cast<float>().cast<double>();
    const auto coordinates = whole_coordinates(seen, map.inverse() * random_map(16, 0.05, seed + 100), 0.01);
    ASSERT_TRUE(coordinates) << seed;
    expect_whole_change(map * *coordinates);
  }
}

TEST(WholeCoordinates, FindsNoneInNoise) {
  image::SplitMix random(9);
  Matrix noise(3000, 9);
  for (double& v : noise.reshaped()) v = 3 * random.normal();
  EXPECT_FALSE(whole_coordinates(noise, Matrix::Identity(9, 9), 0.01));
  EXPECT_NEAR(residue_of(noise), 1 / std::sqrt(12.0), 0.01);
}

TEST(QuadraticForm, NearestIsNoFartherThanAnyNeighbour) {
  image::SplitMix random(11);
  for (int round = 0; round < 50; ++round) {
    const Matrix factor = random_map(4, 0.8, 200 + static_cast<std::uint64_t>(round));
    const QuadraticForm form(factor * factor.transpose());
    Vector target(4);
    for (double& v : target) v = 5 * random.normal();
    const Vector near = form.nearest(target);
    EXPECT_EQ(near, near.unaryExpr([](double v) { return std::nearbyint(v); }));
    // Nearest planes are within 2^(n/2) of the nearest vector (Babai).
    double least = form.square(target - near);
    for (int i = 0; i < 625; ++i) {
      const Vector other = near + Vector{{i % 5 - 2.0, i / 5 % 5 - 2.0, i / 25 % 5 - 2.0, i / 125 - 2.0}};
      least = std::min(least, form.square(target - other));
    }
    EXPECT_LE(form.square(target - near), 16 * least + 1e-12);
    EXPECT_LT((form.nearest(near + 0.01 * factor.inverse().transpose() * Vector::Ones(4)) - near).norm(), 1e-9);
  }
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

TEST(PixelGrid, IsFoundFromAMapThatIsFarOff) {
  const Eigen::Index k = 3, n = k * k;
  const PixelMoments moments = moments_of_waves(k);
  int found = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    // Whole coordinates: pixels with others added to them, again and again.
    image::SplitMix random(300 + seed);
    Matrix hidden = Matrix::Identity(n, n);
    for (int i = 0; i < 60; ++i) {
      const auto from = static_cast<Eigen::Index>(random.below(9)), to = static_cast<Eigen::Index>(random.below(9));
      if (from != to) hidden.col(to) += (random.unit() < 0.5 ? -1.0 : 1.0) * hidden.col(from);
    }
    PixelMoments seen = moments;
    for (PairMoments& m : seen) {
      for (Matrix* part : {&m.first, &m.second, &m.both}) *part = hidden.transpose() * *part * hidden;
    }
    const Matrix pixels = hidden.inverse();
    // The map mixes patterns as they are when pictures are whitened: a little of the fine ones into the bright ones.
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(moments[0].first);
    const Vector scale = solver.eigenvalues().cwiseMax(1e-9).cwiseSqrt();
    const Matrix off = solver.eigenvectors() * scale.cwiseInverse().asDiagonal() * random_map(n, 0.05, 400 + seed) *
                       scale.asDiagonal() * solver.eigenvectors().transpose();
    const auto got = pixels_of(seen, 0.3 * pixels * off);
    found += got && (*got - rounded(pixels)).cwiseAbs().maxCoeff() < 1e-6 ? 1 : 0;
  }
  EXPECT_GE(found, 19);
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
