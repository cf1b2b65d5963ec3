#include "audit/algebra/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

#include "base/error.h"
#include "image/random.h"

namespace obscura::audit {
namespace {

double cost_of(const std::vector<double>& cost, std::size_t columns, const std::vector<std::size_t>& column_of) {
  double sum = 0;
  for (std::size_t i = 0; i < column_of.size(); ++i) sum += cost[i * columns + column_of[i]];
  return sum;
}

/// Every way to choose columns in order.
double least_by_trying(const std::vector<double>& cost, std::size_t rows, std::size_t columns) {
  std::vector<std::size_t> order(columns);
  std::iota(order.begin(), order.end(), 0);
  double least = std::numeric_limits<double>::infinity();
  do {
    const std::vector<std::size_t> first(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(rows));
    least = std::min(least, cost_of(cost, columns, first));
  } while (std::next_permutation(order.begin(), order.end()));
  return least;
}

TEST(Assignment, CostsNoMoreThanTheBestOfAll) {
  image::SplitMix random(1);
  for (int trial = 0; trial < 300; ++trial) {
    const std::size_t columns = 1 + random.below(7), rows = 1 + random.below(columns);
    // Few values make many ties; some are negative.
    const bool few = trial % 2 == 0;
    std::vector<double> cost(rows * columns);
    for (double& v : cost) v = few ? static_cast<double>(random.below(4)) - 1 : random.between(-5, 5);
    const auto column_of = assign(cost, rows, columns);
    ASSERT_EQ(column_of.size(), rows);
    EXPECT_EQ(std::set(column_of.begin(), column_of.end()).size(), rows) << "a column was given twice";
    EXPECT_NEAR(cost_of(cost, columns, column_of), least_by_trying(cost, rows, columns), 1e-12);
  }
}

TEST(Assignment, FindsAHiddenPermutation) {
  const std::size_t n = 200;
  image::SplitMix random(2);
  std::vector<std::size_t> hidden(n);
  std::iota(hidden.begin(), hidden.end(), 0);
  for (std::size_t i = n; i > 1; --i) std::swap(hidden[i - 1], hidden[random.below(i)]);
  std::vector<double> cost(n * n);
  for (double& v : cost) v = random.between(1, 2);
  for (std::size_t i = 0; i < n; ++i) cost[i * n + hidden[i]] = 0.5;
  EXPECT_EQ(assign(cost, n, n), hidden);
}

TEST(Assignment, RefusesWhatIsNone) {
  EXPECT_THROW(assign(std::vector<double>(6), 3, 2), ParameterError);
  EXPECT_THROW(assign(std::vector<double>(5), 2, 3), ParameterError);
  EXPECT_THROW(assign(std::vector<double>{0, std::numeric_limits<double>::quiet_NaN()}, 1, 2), ParameterError);
  EXPECT_TRUE(assign({}, 0, 0).empty());
}

}  // namespace
}  // namespace obscura::audit
