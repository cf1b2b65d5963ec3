#include "search/metrics.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "base/error.h"

namespace obscura::search {
namespace {

void check_rank(std::size_t k, std::size_t rows) {
  if (k == 0 || k > rows) {
    throw UsageError("precision at " + std::to_string(k) + " of " + std::to_string(rows) + " ranked images");
  }
}

/// Rows [first, last) that are equally far.
struct Tie {
  std::size_t first, last;
  double relevant;
  double rows() const { return static_cast<double>(last - first); }
};

template <typename Visit>
void for_ties(std::span<const std::uint8_t> relevant, std::span<const float> distances, const Visit& visit) {
  if (relevant.size() != distances.size()) {
    throw MismatchError(std::to_string(distances.size()) + " distances of " + std::to_string(relevant.size()) +
                        " ranked images");
  }
  for (std::size_t first = 0; first < distances.size();) {
    std::size_t last = first;
    double of_tie = 0;
    while (last < distances.size() && distances[last] == distances[first]) of_tie += relevant[last++];
    visit(Tie{first, last, of_tie});
    first = last;
  }
}

}  // namespace

double average_precision(std::span<const std::uint8_t> relevant) {
  double found = 0, sum = 0;
  for (std::size_t i = 0; i < relevant.size(); ++i) {
    if (relevant[i] == 0) continue;
    found += 1;
    sum += found / static_cast<double>(i + 1);
  }
  return found == 0 ? 0 : sum / found;
}

double tied_average_precision(std::span<const std::uint8_t> relevant, std::span<const float> distances) {
  double found = 0, sum = 0;
  for_ties(relevant, distances, [&](const Tie& tie) {
    const double n = tie.rows(), r = tie.relevant;
    for (std::size_t i = tie.first; r > 0 && i < tie.last; ++i) {
      // Row i is relevant with probability r / n, and then so many of its tie before it are, too.
      const double before = n > 1 ? static_cast<double>(i - tie.first) * (r - 1) / (n - 1) : 0;
      sum += r / n * (found + 1 + before) / static_cast<double>(i + 1);
    }
    found += r;
  });
  return found == 0 ? 0 : sum / found;
}

double precision_at(std::span<const std::uint8_t> relevant, std::size_t k) {
  check_rank(k, relevant.size());
  return std::accumulate(relevant.begin(), relevant.begin() + static_cast<std::ptrdiff_t>(k), 0.0) /
         static_cast<double>(k);
}

double tied_precision_at(std::span<const std::uint8_t> relevant, std::span<const float> distances, std::size_t k) {
  check_rank(k, relevant.size());
  double found = 0;
  for_ties(relevant, distances, [&](const Tie& tie) {
    if (tie.first >= k) return;
    const double within = static_cast<double>(std::min(tie.last, k) - tie.first);
    found += tie.relevant * within / tie.rows();
  });
  return found / static_cast<double>(k);
}

}  // namespace obscura::search
