#include "audit/statistics/smooth_pixels.h"

#include <cmath>
#include <vector>

namespace obscura::audit {
namespace {

constexpr int kMostMoves = 1000;
constexpr double kGain = 1e-9;

/// Pixel `to` gets `times` the pixel `plus` added, and the pixel `minus` taken away; or it changes places with `plus`.
struct Move {
  Eigen::Index to = 0;
  Eigen::Index plus = 0;
  Eigen::Index minus = -1;
  double times = 0;  ///< 0: change places

  void apply(Matrix& columns) const {
    if (times == 0) {
      columns.col(to).swap(columns.col(plus));
    } else {
      columns.col(to) += times * columns.col(plus);
      if (minus >= 0) columns.col(to) -= times * columns.col(minus);
    }
  }
};

class Pixels {
 public:
  Pixels(const PixelMoments& moments, const Matrix& inverse)
      : side_(std::lround(std::sqrt(static_cast<double>(inverse.cols())))), pairs_(neighbouring_pixels(side_)) {
    const auto seen = [&](const Matrix& m) { return Matrix(inverse.transpose() * m * inverse); };
    for (const PairMoments& m : moments) moments_.push_back({seen(m.first), seen(m.second), seen(m.both)});
  }

  /// What becomes of the moments as pixels do what the move says.
  void apply(const Move& move) {
    for (PairMoments& pair : moments_) {
      for (Matrix* m : {&pair.first, &pair.second, &pair.both}) {
        move.apply(*m);
        m->transposeInPlace();
        move.apply(*m);
        m->transposeInPlace();
      }
    }
  }

  double total() const {
    double sum = 0;
    for (const PixelPair& p : pairs_) sum += square(p);
    return sum;
  }

  Roughness roughness() const {
    Roughness out;
    for (const PixelPair& p : pairs_) (p.moments == kSameBlock ? out.inside : out.joints) += square(p);
    const auto k = static_cast<double>(side_);
    return {out.inside / (2 * k * (k - 1)), out.joints / (2 * k)};
  }

 private:
  double square(const PixelPair& p) const {
    const PairMoments& m = moments_[p.moments];
    return m.first(p.first, p.first) + m.second(p.second, p.second) - 2 * m.both(p.first, p.second);
  }

  Eigen::Index side_;
  std::vector<PixelPair> pairs_;
  PixelMoments moments_;
};

std::vector<Move> all_moves(Eigen::Index n) {
  std::vector<Move> out;
  for (Eigen::Index j = 0; j < n; ++j) {
    for (Eigen::Index k = 0; k < n; ++k) {
      if (k == j) continue;
      if (k > j) out.push_back({j, k, -1, 0});
      for (const double s : {-1.0, 1.0}) out.push_back({j, k, -1, s});
      for (Eigen::Index l = 0; l < n; ++l) {
        if (l != j && l != k) out.push_back({j, k, l, 1});
      }
    }
  }
  return out;
}

}  // namespace

std::vector<PixelPair> neighbouring_pixels(Eigen::Index k) {
  std::vector<PixelPair> out;
  for (Eigen::Index i = 0; i < k; ++i) {
    for (Eigen::Index j = 0; j + 1 < k; ++j) {
      out.push_back({i * k + j, i * k + j + 1, kSameBlock});
      out.push_back({j * k + i, (j + 1) * k + i, kSameBlock});
    }
    out.push_back({i * k + k - 1, i * k, kRightBlock});
    out.push_back({(k - 1) * k + i, i, kBelowBlock});
  }
  return out;
}

Roughness roughness_of(const PixelMoments& moments, const Matrix& inverse) {
  return Pixels(moments, inverse).roughness();
}

Matrix smoothest(const PixelMoments& moments, const Matrix& inverse) {
  Matrix best = inverse;
  Pixels pixels(moments, inverse);
  double least = pixels.total();
  const auto moves = all_moves(inverse.cols());
  for (int i = 0; i < kMostMoves; ++i) {
    const Move* found = nullptr;
    for (const Move& move : moves) {
      Pixels other = pixels;
      other.apply(move);
      const double total = other.total();
      if (total < least * (1 - kGain)) least = total, found = &move;
    }
    if (found == nullptr) break;
    found->apply(best);
    pixels.apply(*found);
  }
  return best;
}

}  // namespace obscura::audit
