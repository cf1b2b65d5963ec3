#include "program/affine.h"

#include <algorithm>
#include <cmath>

namespace obscura::program {

AffineMap identity_map(std::size_t size) {
  AffineMap map{size, std::vector<AffineMap::Row>(size), std::vector<double>(size, 0)};
  for (std::size_t i = 0; i < size; ++i) map.rows[i].push_back({static_cast<std::uint32_t>(i), 1});
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
  const Row* before = nullptr;
  for (const Row& row : rows) {
    const bool known = before != nullptr && row.shares(*before);
    before = &row;
    if (known) continue;
    for (const Entry& e : row) most = std::max(most, std::abs(e.value));
  }
  return most;
}

std::size_t AffineMap::entries() const {
  std::size_t count = 0;
  for (const auto& row : rows) count += row.size();
  return count;
}

AffineMap compose(const AffineMap& second, const AffineMap& first) {
  AffineMap map{first.columns, {}, second.apply(first.bias)};
  map.rows.resize(second.rows.size());
  std::vector<double> sum(first.columns, 0);
  std::vector<std::uint32_t> touched;
  std::vector<char> seen(first.columns, 0);
  for (std::size_t r = 0; r < second.rows.size(); ++r) {
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
  for (std::size_t r = 0; r < a.rows.size(); ++r) {
    map.bias[r] += b.bias[r];
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
