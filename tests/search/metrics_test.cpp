#include "search/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "base/error.h"

namespace obscura::search {
namespace {

using Flags = std::vector<std::uint8_t>;

TEST(AveragePrecision, OfKnownRankings) {
  EXPECT_EQ(average_precision(Flags{}), 0);
  EXPECT_EQ(average_precision(Flags{0, 0, 0}), 0);
  EXPECT_EQ(average_precision(Flags{1, 1, 0}), 1);
  EXPECT_DOUBLE_EQ(average_precision(Flags{0, 1, 0, 1}), (1.0 / 2 + 2.0 / 4) / 2);
  // 5/6, the usual textbook example.
  EXPECT_DOUBLE_EQ(average_precision(Flags{1, 0, 1, 0, 0}), (1.0 + 2.0 / 3) / 2);
}

/// Over all orders of what is equally far.
double by_all_orders(const Flags& relevant, const std::vector<float>& distances, std::size_t k, bool precision) {
  std::vector<std::size_t> order(relevant.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  double sum = 0;
  std::size_t count = 0;
  do {
    if (!std::ranges::is_sorted(order, {}, [&](std::size_t i) { return distances[i]; })) continue;
    Flags flags;
    for (const std::size_t i : order) flags.push_back(relevant[i]);
    sum += precision ? precision_at(flags, k) : average_precision(flags);
    ++count;
  } while (std::ranges::next_permutation(order).found);
  return sum / static_cast<double>(count);
}

TEST(TiedMeasures, AreTheMeanOverAllOrders) {
  std::mt19937 random(3);
  for (int trial = 0; trial < 60; ++trial) {
    Flags relevant(7);
    std::vector<float> distances(7);
    for (auto& r : relevant) r = random() % 2;
    for (auto& d : distances) d = static_cast<float>(random() % 3);
    std::ranges::sort(distances);
    EXPECT_NEAR(tied_average_precision(relevant, distances), by_all_orders(relevant, distances, 0, false), 1e-12);
    for (const std::size_t k : {1U, 3U, 5U, 7U}) {
      EXPECT_NEAR(tied_precision_at(relevant, distances, k), by_all_orders(relevant, distances, k, true), 1e-12);
    }
  }
}

TEST(TiedMeasures, WithoutTiesAreTheUsualOnes) {
  const Flags relevant = {0, 1, 1, 0, 1, 0};
  const std::vector<float> distances = {0, 1, 2, 3, 4, 5};
  EXPECT_DOUBLE_EQ(tied_average_precision(relevant, distances), average_precision(relevant));
  for (std::size_t k = 1; k <= 6; ++k)
    EXPECT_DOUBLE_EQ(tied_precision_at(relevant, distances, k), precision_at(relevant, k));
}

TEST(PrecisionAt, CountsTheFirst) {
  const Flags relevant = {1, 0, 1, 1, 0};
  EXPECT_EQ(precision_at(relevant, 1), 1);
  EXPECT_EQ(precision_at(relevant, 4), 0.75);
  EXPECT_THROW(precision_at(relevant, 0), UsageError);
  EXPECT_THROW(precision_at(relevant, 6), UsageError);
  EXPECT_THROW(tied_precision_at(relevant, std::vector<float>(4), 1), MismatchError);
}

}  // namespace
}  // namespace obscura::search
