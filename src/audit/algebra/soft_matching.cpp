#include "audit/algebra/soft_matching.h"

#include <cmath>

#include "audit/algebra/assignment.h"
#include "image/random.h"

namespace obscura::audit {
namespace {

// Of the temperature at which nodes leave the mean of all places.
constexpr float kHottest = 1.1F, kColdest = 0.02F, kCooling = 0.92F;
constexpr int kSteps = 6;      ///< at each temperature
constexpr int kScalings = 12;  ///< of rows and columns, after each step
constexpr float kNoise = 0.01F;

/// Less the means of rows and columns, with a largest eigenvalue of 1.
MatrixF centred(MatrixF m) {
  m.rowwise() -= m.colwise().mean().eval();
  m.colwise() -= m.rowwise().mean().eval();
  // By power iteration, from a vector that no symmetry of a grid leaves alone.
  VectorF v(m.rows());
  for (Eigen::Index i = 0; i < v.size(); ++i) v[i] = std::sin(1.7F * static_cast<float>(i) + 0.3F);
  float length = 1;
  for (int i = 0; i < 50; ++i) {
    v = m * v;
    length = v.norm();
    if (!(length > 0)) return m;
    v /= length;
  }
  return m / length;
}

/// R. Sinkhorn's scaling of rows and columns to sums of 1.
void make_doubly_stochastic(MatrixF& p) {
  for (int i = 0; i < kScalings; ++i) {
    p = p.rowwise().sum().cwiseInverse().asDiagonal() * p;
    p = p * p.colwise().sum().cwiseInverse().asDiagonal();
  }
}

Places nearest_places(const MatrixF& shares) {
  std::vector<double> cost;
  for (Eigen::Index i = 0; i < shares.rows(); ++i) {
    for (Eigen::Index j = 0; j < shares.cols(); ++j) cost.push_back(-static_cast<double>(shares(i, j)));
  }
  return assign(cost, static_cast<std::size_t>(shares.rows()), static_cast<std::size_t>(shares.cols()));
}

}  // namespace

Places match_softly(const MatrixF& from, const MatrixF& to, std::uint64_t seed) {
  const MatrixF a = centred(from), b = centred(to);
  const auto size = static_cast<float>(a.rows());
  image::SplitMix random(seed);
  MatrixF shares =
      MatrixF::NullaryExpr(a.rows(), a.rows(), [&] { return 1 + kNoise * static_cast<float>(random.normal()); });
  make_doubly_stochastic(shares);
  for (float temperature = kHottest; temperature > kColdest; temperature *= kCooling) {
    for (int step = 0; step < kSteps; ++step) {
      MatrixF gain = (size / temperature) * (a * shares * b);
      gain.colwise() -= gain.rowwise().maxCoeff().eval();
      shares = gain.array().max(-80.0F).exp();
      make_doubly_stochastic(shares);
    }
  }
  return improve_matching(from, to, nearest_places(shares));
}

}  // namespace obscura::audit
