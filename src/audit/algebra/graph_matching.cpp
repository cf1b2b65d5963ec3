#include "audit/algebra/graph_matching.h"

#include <utility>

#include "audit/algebra/assignment.h"
#include "base/progress.h"
#include "image/random.h"

namespace obscura::audit {
namespace {

constexpr int kRestarts = 24;
constexpr int kMostSteps = 50;

Eigen::Index index(std::size_t v) {
  return static_cast<Eigen::Index>(v);
}

/// Rows and columns of `to` in the order of the nodes of the other graph.
MatrixF ordered(const MatrixF& to, const Places& places) {
  std::vector<Eigen::Index> order(places.begin(), places.end());
  return to(order, order);
}

double squared_difference(const MatrixF& from, const MatrixF& to, const Places& places) {
  return static_cast<double>((from - ordered(to, places)).squaredNorm());
}

/// The assignment that would be best if every other node stayed where it is.
Places linear_step(const MatrixF& from, const MatrixF& to, const Places& places, double noise,
                   image::SplitMix& random) {
  const std::vector<Eigen::Index> order(places.begin(), places.end());
  const MatrixF columns = to(Eigen::all,
                             order);  // the rows of `to`, with columns as the first graph has them
  const MatrixF gain = from * columns.transpose();
  const VectorF own = columns.rowwise().squaredNorm();
  std::vector<double> cost;
  for (Eigen::Index b = 0; b < from.rows(); ++b) {
    for (Eigen::Index j = 0; j < from.rows(); ++j) {
      cost.push_back(static_cast<double>(own[j] - 2 * gain(b, j)) * (1 + noise * random.normal()));
    }
  }
  return assign(cost, places.size(), places.size());
}

/// What the sum of squared differences gains by swapping two nodes. Columns, because symmetric matrices lie so.
float swap_change(const MatrixF& from, const MatrixF& now, Eigen::Index a, Eigen::Index b) {
  const auto gained = [&](Eigen::Index c) { return (now(c, a) - now(c, b)) * (from(c, a) - from(c, b)); };
  const float all = (now.col(a) - now.col(b)).dot(from.col(a) - from.col(b));
  return 4 * (all - gained(a) - gained(b)) + 2 * (now(a, a) - now(b, b)) * (from(a, a) - from(b, b));
}

bool swap_pairs(const MatrixF& from, const MatrixF& to, Places& places) {
  MatrixF now = ordered(to, places);
  bool changed = false;
  for (std::size_t a = 0; a < places.size(); ++a) {
    for (std::size_t b = a + 1; b < places.size(); ++b) {
      if (swap_change(from, now, index(a), index(b)) >= -1e-6F) continue;
      std::swap(places[a], places[b]);
      now.row(index(a)).swap(now.row(index(b)));
      now.col(index(a)).swap(now.col(index(b)));
      changed = true;
    }
  }
  return changed;
}

}  // namespace

double graph_residual(const MatrixF& from, const MatrixF& to, const Places& places) {
  const double whole = static_cast<double>(from.squaredNorm() + to.squaredNorm());
  return whole > 0 ? squared_difference(from, to, places) / whole : 1;
}

Places improve_matching(const MatrixF& from, const MatrixF& to, Places places) {
  image::SplitMix unused(0);
  double best = squared_difference(from, to, places);
  for (int step = 0; step < kMostSteps; ++step) {
    Places next = linear_step(from, to, places, 0, unused);
    const double there = squared_difference(from, to, next);
    if (there >= best) break;
    best = there;
    places = std::move(next);
  }
  for (int step = 0; step < kMostSteps && swap_pairs(from, to, places); ++step) {
  }
  return places;
}

Places match_graphs(const MatrixF& from, const MatrixF& to, std::uint64_t seed) {
  image::SplitMix random(seed);
  Places best = improve_matching(from, to, match_rows(sorted_rows(from), sorted_rows(to)).place);
  double least = squared_difference(from, to, best);
  Progress progress("putting blocks in their places", kRestarts, "restarts");
  for (int i = 0; i < kRestarts; ++i, progress.advance()) {
    const double noise = 0.02 * (1 + i % 8);
    Places next = improve_matching(from, to, linear_step(from, to, best, noise, random));
    const double there = squared_difference(from, to, next);
    if (there >= least) continue;
    least = there;
    best = std::move(next);
  }
  return best;
}

}  // namespace obscura::audit
