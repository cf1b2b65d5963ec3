#include "program/affine.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

namespace obscura::program {
namespace {

using Rows = std::vector<AffineMap::Row>;

/// The last row that was made of the same entries, by what those are: what follows may be that one moved along, whole
/// rows of an image further down.
template <typename Key>
class LastOf {
 public:
  /// Of this key, and `row` from now on.
  std::optional<std::size_t> exchange(const Key& key, std::size_t row) {
    const auto [it, fresh] = rows_.try_emplace(key, row);
    if (fresh) return std::nullopt;
    return std::exchange(it->second, row);
  }

 private:
  std::map<Key, std::size_t> rows_;
};

/// How far along row r of a composition is row s, for what both are made of is; both of `second` share their entries.
std::optional<std::int64_t> moved_by(const Rows& second, const Rows& first, std::size_t r, std::size_t s) {
  const std::int64_t apart = second[r].distance_from(second[s]);
  std::optional<std::int64_t> by;
  for (const auto& e : second[r]) {
    const auto &here = first[e.column], &before = first[static_cast<std::size_t>(e.column - apart)];
    if (!here.shares(before)) return std::nullopt;
    if (here.empty()) continue;
    const std::int64_t distance = here.distance_from(before);
    if (by && *by != distance) return std::nullopt;
    by = distance;
  }
  return by;
}

/// The same of a sum of rows.
std::optional<std::int64_t> moved_by_in_sum(const Rows& a, const Rows& b, std::size_t r, std::size_t s) {
  const std::int64_t of_a = a[r].distance_from(a[s]), of_b = b[r].distance_from(b[s]);
  if (a[r].empty()) return of_b;
  if (!b[r].empty() && of_a != of_b) return std::nullopt;
  return of_a;
}

}  // namespace

AffineMap identity_map(std::size_t size) {
  AffineMap map{size, {}, std::vector<double>(size, 0)};
  const AffineMap::Row one{{0, 1}};
  map.rows.reserve(size);
  for (std::size_t i = 0; i < size; ++i) map.rows.push_back(one.moved_along(static_cast<std::int64_t>(i)));
  return map;
}

std::vector<double> AffineMap::apply(const std::vector<double>& x) const {
  std::vector<double> y = bias;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const Entry& e : rows[r]) y[r] += e.value * x[e.column];
  }
  return y;
}

double AffineMap::largest() const {
  double most = 0;
  LastOf<const void*> known;
  const void* before = nullptr;  // most rows share the entries of the one before
  for (const Row& row : rows) {
    if (std::exchange(before, row.identity()) == row.identity() || known.exchange(row.identity(), 0)) continue;
    for (const Entry& e : row) most = std::max(most, std::abs(e.value));
  }
  return most;
}

std::size_t AffineMap::entries() const {
  std::size_t count = 0;
  for (const auto& row : rows) count += row.size();
  return count;
}

void AffineMap::scale_rows(const std::function<double(std::size_t)>& factor) {
  struct Scaled {
    Row original;
    std::size_t row = 0;
  };
  std::map<const void*, Scaled> known;  // by this factor
  double last = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const double by = factor(r);
    if (by != last) known.clear();
    last = by;
    const auto [it, fresh] = known.try_emplace(rows[r].identity(), Scaled{rows[r], r});
    if (fresh) {
      rows[r].change_values([by](double value) { return value * by; });
    } else {
      rows[r] = rows[it->second.row].moved_along(rows[r].distance_from(it->second.original));
    }
  }
}

AffineMap compose(const AffineMap& second, const AffineMap& first) {
  AffineMap map{first.columns, {}, second.apply(first.bias)};
  map.rows.resize(second.rows.size());
  std::vector<double> sum(first.columns, 0);
  std::vector<std::uint32_t> touched;
  std::vector<char> seen(first.columns, 0);
  LastOf<const void*> known;
  for (std::size_t r = 0; r < second.rows.size(); ++r) {
    const auto before = known.exchange(second.rows[r].identity(), r);
    if (const auto by = before ? moved_by(second.rows, first.rows, r, *before) : std::nullopt) {
      map.rows[r] = map.rows[*before].moved_along(*by);
      continue;
    }
    touched.clear();
    for (const auto& e : second.rows[r]) {
      for (const auto& f : first.rows[e.column]) {
        if (!seen[f.column]) seen[f.column] = 1, touched.push_back(f.column);
        sum[f.column] += e.value * f.value;
      }
    }
    std::sort(touched.begin(), touched.end());
    for (const std::uint32_t c : touched) {
      if (sum[c] != 0) map.rows[r].push_back({c, sum[c]});
      sum[c] = 0;
      seen[c] = 0;
    }
  }
  return map;
}

AffineMap sum_of(const AffineMap& a, const AffineMap& b) {
  AffineMap map{a.columns, std::vector<AffineMap::Row>(a.rows.size()), a.bias};
  LastOf<std::pair<const void*, const void*>> known;
  for (std::size_t r = 0; r < a.rows.size(); ++r) {
    map.bias[r] += b.bias[r];
    const auto before = known.exchange({a.rows[r].identity(), b.rows[r].identity()}, r);
    if (const auto by = before ? moved_by_in_sum(a.rows, b.rows, r, *before) : std::nullopt) {
      map.rows[r] = map.rows[*before].moved_along(*by);
      continue;
    }
    auto x = a.rows[r].begin(), y = b.rows[r].begin();
    while (x != a.rows[r].end() || y != b.rows[r].end()) {
      const bool take_x = x != a.rows[r].end() && (y == b.rows[r].end() || (*x).column <= (*y).column);
      const bool take_y = y != b.rows[r].end() && (x == a.rows[r].end() || (*y).column <= (*x).column);
      AffineMap::Entry entry{take_x ? (*x).column : (*y).column, (take_x ? (*x).value : 0) + (take_y ? (*y).value : 0)};
      if (entry.value != 0) map.rows[r].push_back(entry);
      if (take_x) ++x;
      if (take_y) ++y;
    }
  }
  return map;
}

}  // namespace obscura::program
