#include "audit/algebra/assignment.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace obscura::audit {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// Dual prices and the assignment so far. Every reduced cost, cost - row price - column price, stays at zero or above,
/// and is zero for assigned pairs, which is what makes the assignment a best one.
class Assignment {
 public:
  Assignment(std::span<const double> cost, std::size_t rows, std::size_t columns)
      : cost_(cost),
        columns_(columns),
        row_price_(rows),
        column_price_(columns),
        row_of_(columns, kNone),
        distance_(columns),
        before_(columns),
        done_(columns) {}

  /// Dijkstra's algorithm from a free row over reduced costs to the nearest free column; then the path is turned over.
  void augment(std::size_t start) {
    std::fill(distance_.begin(), distance_.end(), std::numeric_limits<double>::infinity());
    std::fill(done_.begin(), done_.end(), false);
    std::size_t row = start, column = kNone;
    double reached = 0;
    for (;;) {
      relax(row, column, reached);
      column = nearest();
      reached = distance_[column];
      done_[column] = true;
      if (row_of_[column] == kNone) break;
      row = row_of_[column];
    }
    update_prices(start, reached);
    turn_over(start, column);
  }

  const std::vector<std::size_t>& row_of() const { return row_of_; }

 private:
  void relax(std::size_t row, std::size_t from, double reached) {
    const double* costs = &cost_[row * columns_];
    for (std::size_t j = 0; j < columns_; ++j) {
      if (done_[j]) continue;
      const double there = reached + costs[j] - row_price_[row] - column_price_[j];
      if (there < distance_[j]) {
        distance_[j] = there;
        before_[j] = from;
      }
    }
  }

  std::size_t nearest() const {
    std::size_t best = kNone;
    for (std::size_t j = 0; j < columns_; ++j) {
      if (!done_[j] && (best == kNone || distance_[j] < distance_[best])) best = j;
    }
    return best;
  }

  void update_prices(std::size_t start, double reached) {
    row_price_[start] += reached;
    for (std::size_t j = 0; j < columns_; ++j) {
      if (!done_[j]) continue;
      const double change = reached - distance_[j];
      column_price_[j] -= change;
      if (row_of_[j] != kNone) row_price_[row_of_[j]] += change;
    }
  }

  void turn_over(std::size_t start, std::size_t column) {
    while (before_[column] != kNone) {
      row_of_[column] = row_of_[before_[column]];
      column = before_[column];
    }
    row_of_[column] = start;
  }

  std::span<const double> cost_;
  std::size_t columns_;
  std::vector<double> row_price_;
  std::vector<double> column_price_;
  std::vector<std::size_t> row_of_;
  std::vector<double> distance_;
  std::vector<std::size_t> before_;  // the column whose row leads here; none for the free row
  std::vector<bool> done_;
};

}  // namespace

std::vector<std::size_t> assign(std::span<const double> cost, std::size_t rows, std::size_t columns) {
  if (rows > columns) throw ParameterError("an assignment needs a column for every row");
  if (cost.size() != rows * columns) throw ParameterError("an assignment needs a cost for every row and column");
  if (!std::all_of(cost.begin(), cost.end(), [](double v) { return std::isfinite(v); })) {
    throw ParameterError("costs of an assignment must be finite");
  }
  Assignment assignment(cost, rows, columns);
  for (std::size_t row = 0; row < rows; ++row) assignment.augment(row);
  std::vector<std::size_t> out(rows);
  for (std::size_t j = 0; j < columns; ++j) {
    if (assignment.row_of()[j] != kNone) out[assignment.row_of()[j]] = j;
  }
  return out;
}

}  // namespace obscura::audit
