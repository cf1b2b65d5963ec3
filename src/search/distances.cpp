#include "search/distances.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace obscura::search {
namespace {

constexpr std::array kDistances{Distance::hamming, Distance::unequal, Distance::cosine};

void check_length(std::size_t query, std::size_t gallery) {
  if (query != gallery) {
    throw MismatchError("a query of length " + std::to_string(query) + " for a gallery of vectors of length " +
                        std::to_string(gallery));
  }
}

double norm(std::span<const float> v) {
  double sum = 0;
  for (const float x : v) sum += static_cast<double>(x) * x;
  return std::sqrt(sum);
}

std::span<const float> row_of(const FeatureTable& table, std::size_t r) {
  return table.values.subspan(r * table.columns, table.columns);
}

/// Whether row a comes before row b.
struct Nearer {
  std::span<const float> distances;
  bool operator()(std::uint32_t a, std::uint32_t b) const {
    return distances[a] != distances[b] ? distances[a] < distances[b] : a < b;
  }
};

std::vector<std::uint32_t> all_rows(std::size_t count) {
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

}  // namespace

std::string to_string(Distance distance) {
  return distance == Distance::hamming ? "hamming" : distance == Distance::unequal ? "unequal" : "cosine";
}

Distance parse_distance(const std::string& text) {
  for (const Distance distance : kDistances) {
    if (to_string(distance) == text) return distance;
  }
  throw UsageError("a distance is hamming, unequal or cosine, not '" + text.substr(0, 40) + "'");
}

CodeTable binary_codes(const FeatureTable& features, std::span<const float> thresholds) {
  check_length(thresholds.size(), features.columns);
  CodeTable codes{features.columns, {}};
  codes.words.assign(features.rows() * codes.words_a_row(), 0);
  for (std::size_t r = 0; r < features.rows(); ++r) {
    const auto row = row_of(features, r);
    std::uint64_t* words = codes.words.data() + r * codes.words_a_row();
    for (std::size_t c = 0; c < row.size(); ++c) {
      words[c / 64] |= static_cast<std::uint64_t>(row[c] > thresholds[c] ? 1 : 0) << (c % 64);
    }
  }
  return codes;
}

std::vector<float> medians(const FeatureTable& features) {
  std::vector<float> out(features.columns), column(features.rows());
  for (std::size_t c = 0; c < out.size(); ++c) {
    for (std::size_t r = 0; r < column.size(); ++r) column[r] = features.values[r * features.columns + c];
    if (column.empty()) continue;
    const auto middle = column.begin() + static_cast<std::ptrdiff_t>((column.size() - 1) / 2);
    std::ranges::nth_element(column, middle);
    out[c] = *middle;
  }
  return out;
}

std::vector<float> hamming_distances(const CodeTable& gallery, std::span<const std::uint64_t> query) {
  check_length(query.size(), gallery.words_a_row());
  std::vector<float> distances(gallery.rows());
  for (std::size_t r = 0; r < distances.size(); ++r) {
    const auto row = gallery.row(r);
    int different = 0;
    for (std::size_t w = 0; w < row.size(); ++w) different += std::popcount(row[w] ^ query[w]);
    distances[r] = static_cast<float>(different);
  }
  return distances;
}

std::vector<float> unequal_shares(const FeatureTable& gallery, std::span<const float> query) {
  check_length(query.size(), gallery.columns);
  std::vector<float> distances(gallery.rows());
  for (std::size_t r = 0; r < distances.size(); ++r) {
    const auto row = row_of(gallery, r);
    std::size_t different = 0;
    for (std::size_t c = 0; c < row.size(); ++c) different += row[c] != query[c] ? 1 : 0;
    distances[r] = static_cast<float>(static_cast<double>(different) / static_cast<double>(row.size()));
  }
  return distances;
}

std::vector<float> cosine_distances(const FeatureTable& gallery, std::span<const float> query) {
  check_length(query.size(), gallery.columns);
  const double length = norm(query);
  std::vector<float> distances(gallery.rows());
  for (std::size_t r = 0; r < distances.size(); ++r) {
    const auto row = row_of(gallery, r);
    const double product = std::inner_product(row.begin(), row.end(), query.begin(), 0.0), lengths = norm(row) * length;
    distances[r] = static_cast<float>(lengths > 0 ? 1 - product / lengths : 1);
  }
  return distances;
}

std::vector<std::uint32_t> ranked(std::span<const float> distances) {
  auto rows = all_rows(distances.size());
  std::ranges::sort(rows, Nearer{distances});
  return rows;
}

std::vector<std::uint32_t> nearest(std::span<const float> distances, std::size_t k) {
  if (k > distances.size()) {
    throw UsageError("the " + std::to_string(k) + " nearest are wanted of a gallery of " +
                     std::to_string(distances.size()));
  }
  auto rows = all_rows(distances.size());
  std::ranges::partial_sort(rows, rows.begin() + static_cast<std::ptrdiff_t>(k), Nearer{distances});
  rows.resize(k);
  return rows;
}

}  // namespace obscura::search
