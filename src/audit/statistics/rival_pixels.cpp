#include "audit/statistics/rival_pixels.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "audit/algebra/quadratic_form.h"

namespace obscura::audit {
namespace {

constexpr int kMostRivalChanges = 100;
constexpr double kLeastGain = 1e-9;
// Combinations that are tried, for each pixel of a block.
constexpr std::size_t kCombinations = 2;

/// Vectors of a reduced basis, and sums and differences of two of them.
std::vector<Vector> short_vectors(const QuadraticForm& form) {
  std::vector<Vector> out;
  const Matrix& basis = form.basis();
  for (Eigen::Index i = 0; i < basis.rows(); ++i) {
    out.emplace_back(basis.row(i));
    for (Eigen::Index j = 0; j < i; ++j) {
      out.emplace_back(basis.row(i) + basis.row(j));
      out.emplace_back(basis.row(i) - basis.row(j));
    }
  }
  return out;
}

std::vector<Vector> smallest_combinations(const Matrix& moments) {
  const QuadraticForm form(moments);
  std::vector<Vector> out = short_vectors(form);
  std::stable_sort(out.begin(), out.end(), [&](auto& a, auto& b) { return form.square(a) < form.square(b); });
  out.resize(std::min(out.size(), kCombinations * static_cast<std::size_t>(moments.rows())));
  return out;
}

/// How much rougher x + (x m) w is, as w varies: w form w + 2 pull w.
struct Growth {
  Matrix form;
  Vector pull;

  double at(const Vector& w) const { return w.dot(form * w) + 2 * pull.dot(w); }
};

Growth growth_of(const PixelMoments& moments, const std::vector<PixelPair>& pairs, const Vector& m) {
  const Eigen::Index n = m.size();
  Growth out{Matrix::Zero(n, n), Vector::Zero(n)};
  for (const PixelPair& p : pairs) {
    const PairMoments& seen = moments[p.moments];
    const double first = m.dot(seen.first * m), second = m.dot(seen.second * m), both = m.dot(seen.both * m);
    out.form(p.first, p.first) += first;
    out.form(p.second, p.second) += second;
    out.form(p.first, p.second) -= both;
    out.form(p.second, p.first) -= both;
    out.pull[p.first] += seen.first.row(p.first).dot(m) - seen.both.col(p.second).dot(m);
    out.pull[p.second] += seen.second.row(p.second).dot(m) - seen.both.row(p.first).dot(m);
  }
  return out;
}

bool is_change_of_basis(const Vector& m, const Vector& w) {
  const double product = m.dot(w);
  return std::abs(product) < 0.5 || std::abs(product + 2) < 0.5;
}

/// The pixels of every rectangle in a block: what changes alike costs most where it ends.
std::vector<Vector> rectangles(Eigen::Index side) {
  std::vector<Vector> out;
  for (Eigen::Index top = 0; top < side; ++top) {
    for (Eigen::Index left = 0; left < side; ++left) {
      for (Eigen::Index height = 1; top + height <= side; ++height) {
        for (Eigen::Index width = 1; left + width <= side; ++width) {
          Rows block = Rows::Zero(side, side);
          block.block(top, left, height, width).setOnes();
          out.emplace_back(block.reshaped<Eigen::RowMajor>());
        }
      }
    }
  }
  return out;
}

void add_rivals(const Growth& growth, const Vector& m, std::span<const Vector> steps, std::vector<Rival>& out) {
  const QuadraticForm form(growth.form);
  const Vector best = form.nearest(-growth.form.completeOrthogonalDecomposition().solve(growth.pull));
  const auto add = [&](const Vector& w) {
    if (w.isZero() || !w.allFinite() || !is_change_of_basis(m, w)) return;
    const double rougher = growth.at(w);
    out.push_back(
        {Matrix::Identity(m.size(), m.size()) + m * w.transpose(), rougher, rougher / std::sqrt(form.square(w))});
  };
  add(best);
  for (const Vector& step : steps) {
    add(best + step);
    add(best - step);
  }
}

double total_of(const PixelMoments& moments, const Matrix& inverse, double side) {
  const Roughness r = roughness_of(moments, inverse);
  return 2 * side * (side - 1) * r.inside + 2 * side * r.joints;
}

/// Columns, and rows, in every other order.
void add_orders(const PixelMoments& seen, Eigen::Index side, std::vector<Rival>& out) {
  const Matrix same = Matrix::Identity(side * side, side * side);
  const double before = total_of(seen, same, static_cast<double>(side));
  std::vector<Eigen::Index> order(static_cast<std::size_t>(side));
  std::iota(order.begin(), order.end(), 0);
  while (std::next_permutation(order.begin(), order.end())) {
    for (const bool columns : {true, false}) {
      std::vector<Eigen::Index> pixels;
      for (Eigen::Index i = 0; i < side * side; ++i) {
        const Eigen::Index y = i / side, x = i % side;
        pixels.push_back(columns ? y * side + order[static_cast<std::size_t>(x)]
                                 : order[static_cast<std::size_t>(y)] * side + x);
      }
      const Matrix change = same(Eigen::all, pixels);
      const double rougher = total_of(seen, change, static_cast<double>(side)) - before;
      out.push_back({change, rougher, rougher / std::sqrt(before + std::abs(rougher))});
    }
  }
}

PixelMoments seen_in(const PixelMoments& moments, const Matrix& inverse) {
  PixelMoments out;
  for (const PairMoments& m : moments) {
    out.push_back({inverse.transpose() * m.first * inverse, inverse.transpose() * m.second * inverse,
                   inverse.transpose() * m.both * inverse});
  }
  return out;
}

/// Of every block, the row of the one `across` to its right and `down` below, or -1 where the picture ends.
std::vector<Eigen::Index> next_rows(Eigen::Index rows, const shield::Grid& grid, std::size_t across, std::size_t down) {
  std::vector<Eigen::Index> out;
  for (Eigen::Index r = 0; r < rows; ++r) {
    const std::size_t place = static_cast<std::size_t>(r) % grid.count();
    const bool inside = place % grid.columns + across < grid.columns && place / grid.columns + down < grid.rows;
    out.push_back(inside ? r + static_cast<Eigen::Index>(across + down * grid.columns) : -1);
  }
  return out;
}

/// Sums of squared differences of neighbours, of each block those inside and those over its right and lower joints.
Vector roughness_by_block(const Matrix& pixels, const shield::Grid& grid) {
  const std::vector<Eigen::Index> right = next_rows(pixels.rows(), grid, 1, 0);
  const std::vector<Eigen::Index> below = next_rows(pixels.rows(), grid, 0, 1);
  Vector out = Vector::Zero(pixels.rows());
  for (const PixelPair& p : neighbouring_pixels(static_cast<Eigen::Index>(grid.side))) {
    if (p.moments == kSameBlock) {
      out += (pixels.col(p.first) - pixels.col(p.second)).cwiseAbs2();
      continue;
    }
    const auto& next = p.moments == kRightBlock ? right : below;
    for (Eigen::Index r = 0; r < pixels.rows(); ++r) {
      const Eigen::Index other = next[static_cast<std::size_t>(r)];
      if (other < 0) continue;
      const double difference = pixels(r, p.first) - pixels(other, p.second);
      out[r] += difference * difference;
    }
  }
  return out;
}

}  // namespace

std::vector<Rival> rivals_of(const PixelMoments& moments, const Matrix& inverse, std::size_t most) {
  const PixelMoments seen = seen_in(moments, inverse);
  const auto side = static_cast<Eigen::Index>(std::lround(std::sqrt(static_cast<double>(inverse.cols()))));
  const std::vector<PixelPair> pairs = neighbouring_pixels(side);
  std::vector<Rival> out;
  const std::vector<Vector> steps = rectangles(side);
  for (const Vector& m : smallest_combinations(seen[kSameBlock].first)) {
    add_rivals(growth_of(seen, pairs, m), m, steps, out);
  }
  add_orders(seen, side, out);
  std::stable_sort(out.begin(), out.end(), [](const Rival& a, const Rival& b) { return a.lead < b.lead; });
  if (out.size() > most) out.resize(most);
  return out;
}

Matrix smoothest_of_rivals(const PixelMoments& moments, Matrix inverse) {
  for (int i = 0; i < kMostRivalChanges; ++i) {
    const auto rivals = rivals_of(moments, inverse, 1);
    const Roughness now = roughness_of(moments, inverse);
    if (rivals.empty() || rivals[0].rougher > -kLeastGain * (now.inside + now.joints)) break;
    inverse *= rivals[0].change;
  }
  return inverse;
}

double least_detail(const PixelMoments& moments, const Matrix& inverse) {
  const Matrix seen = inverse.transpose() * moments[kSameBlock].first * inverse;
  const QuadraticForm form(seen);
  double least = HUGE_VAL;
  for (Eigen::Index i = 0; i < seen.rows(); ++i) least = std::min(least, form.square(form.basis().row(i).transpose()));
  const double inside = roughness_of(moments, inverse).inside;
  return inside > 0 ? least / inside : 0;
}

double lead_over(const Matrix& change, const Matrix& pixels, const shield::Grid& grid) {
  const Vector rougher = roughness_by_block(pixels * change, grid) - roughness_by_block(pixels, grid);
  const double mean = rougher.mean();
  const double variance = (rougher.array() - mean).square().mean() / static_cast<double>(rougher.size());
  return variance > 0 ? mean / std::sqrt(variance) : 0;
}

}  // namespace obscura::audit
