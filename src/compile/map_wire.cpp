#include "compile/map_wire.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace obscura::compile {
namespace {

using Row = AffineMap::Row;
/// Of a row: steps of columns and weights, two after two.
using Pattern = std::vector<std::uint32_t>;

struct PatternHash {
  std::size_t operator()(const Pattern& pattern) const {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const std::uint32_t step : pattern) hash = (hash ^ step) * 0x100000001b3;
    return hash;
  }
};

/// Numbers things in the order in which they first come.
template <typename Thing, typename Hash = std::hash<Thing>>
class Numbering {
 public:
  std::uint32_t of(const Thing& thing) {
    const auto [at, fresh] = number_.try_emplace(thing, static_cast<std::uint32_t>(list_.size()));
    if (fresh) list_.push_back(&at->first);
    return at->second;
  }
  const std::vector<const Thing*>& list() const { return list_; }

 private:
  std::unordered_map<Thing, std::uint32_t, Hash> number_;
  std::vector<const Thing*> list_;
};

/// Whether two rows differ in nothing but the column at which they begin.
bool is_moved(const Row& a, const Row& b) {
  if (a.shares(b)) return true;
  if (a.size() != b.size()) return false;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const bool same = a[k].column - a[0].column == b[k].column - b[0].column &&
                      std::bit_cast<std::uint64_t>(a[k].value) == std::bit_cast<std::uint64_t>(b[k].value);
    if (!same) return false;
  }
  return true;
}

/// One pattern as it is read: columns from the row's on.
struct Read {
  std::shared_ptr<Row::Entries> entries = std::make_shared<Row::Entries>();
  std::uint32_t width = 0;  ///< the last column, from the row's on
};

std::size_t get_number(ByteReader& r, std::size_t most, std::size_t bytes_each, const char* what) {
  const std::size_t count = r.u32();
  if (count > most || count > r.left() / bytes_each) r.fail(std::string("counts more ") + what + " than it has");
  return count;
}

std::vector<double> get_weights(ByteReader& r) {
  std::vector<double> weights(get_number(r, SIZE_MAX, 8, "weights"));
  std::vector<std::uint64_t> seen;
  seen.reserve(weights.size());
  for (double& weight : weights) {
    weight = r.f64();
    if (!std::isfinite(weight)) r.fail("has a weight that is not finite");
    seen.push_back(std::bit_cast<std::uint64_t>(weight));
  }
  std::sort(seen.begin(), seen.end());
  if (std::adjacent_find(seen.begin(), seen.end()) != seen.end()) r.fail("has a weight twice");
  return weights;
}

/// `used`: how many weights patterns have had so far.
Read get_pattern(ByteReader& r, const std::vector<double>& weights, std::size_t columns, std::size_t& used) {
  Read pattern;
  const std::size_t count = get_number(r, columns, 8, "entries of a pattern");
  std::uint64_t column = 0;
  std::uint32_t last = UINT32_MAX;
  pattern.entries->reserve(count);
  for (std::size_t k = 0; k < count; ++k) {
    const std::uint32_t step = r.u32(), weight = last + 1 + r.u32();
    if (k == 0 ? step != 0 : step == 0) r.fail("has columns out of order");
    column += step;
    if (column >= columns) r.fail("has a column that is not there");
    if (weight > used || weight >= weights.size()) r.fail("has weights out of order");
    used += weight == used ? 1 : 0;
    last = weight;
    pattern.entries->push_back({static_cast<std::uint32_t>(column), weights[weight]});
  }
  pattern.width = static_cast<std::uint32_t>(column);
  return pattern;
}

std::vector<Read> get_patterns(ByteReader& r, const std::vector<double>& weights, std::size_t columns,
                               std::size_t rows) {
  const std::size_t count = get_number(r, rows, 4, "patterns");
  std::vector<Read> patterns;
  std::unordered_set<std::string_view> seen;  // no two weights are the same, so patterns are where their bytes are
  std::size_t used = 0;
  for (std::size_t p = 0; p < count; ++p) {
    ByteReader ahead = r;
    const auto rest = ahead.raw(r.left());
    patterns.push_back(get_pattern(r, weights, columns, used));
    const auto* const bytes = reinterpret_cast<const char*>(rest.data());
    if (!seen.emplace(bytes, rest.size() - r.left()).second) r.fail("has a pattern twice");
  }
  if (used != weights.size()) r.fail("has weights that nothing uses");
  return patterns;
}

}  // namespace

void put_map(ByteWriter& w, const AffineMap& map) {
  Numbering<std::uint64_t> weights;
  Numbering<Pattern, PatternHash> patterns;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> rows;
  Pattern pattern;
  const Row* before = nullptr;
  for (const Row& row : map.rows) {
    const std::uint32_t first = row.empty() ? 0 : row.front().column;
    // Most rows are the one before, moved: its pattern, all of whose weights have their numbers.
    const bool moved = before != nullptr && is_moved(*before, row);
    before = &row;
    if (moved) {
      rows.emplace_back(rows.back().first, first);
      continue;
    }
    pattern.clear();
    std::uint32_t column = first, last = UINT32_MAX;
    for (const auto& e : row) {
      const std::uint32_t weight = weights.of(std::bit_cast<std::uint64_t>(e.value));
      pattern.push_back(e.column - column);
      pattern.push_back(weight - last - 1);
      column = e.column;
      last = weight;
    }
    rows.emplace_back(patterns.of(pattern), first);
  }
  w.u32(static_cast<std::uint32_t>(map.columns));
  w.u32(static_cast<std::uint32_t>(rows.size()));
  w.u32(static_cast<std::uint32_t>(weights.list().size()));
  for (const std::uint64_t* bits : weights.list()) w.u64(*bits);
  w.u32(static_cast<std::uint32_t>(patterns.list().size()));
  for (const Pattern* steps : patterns.list()) {
    w.u32(static_cast<std::uint32_t>(steps->size() / 2));
    for (const std::uint32_t step : *steps) w.u32(step);
  }
  for (const auto& [number, first] : rows) w.u32(number), w.u32(first);
  for (const double constant : map.bias) w.f64(constant);
}

AffineMap get_map(ByteReader& r, std::size_t most) {
  AffineMap map;
  map.columns = r.u32();
  const std::size_t rows = r.u32();
  const auto weights = get_weights(r);
  const auto patterns = get_patterns(r, weights, map.columns, rows);
  if (rows > r.left() / 16) r.fail("is truncated");
  map.rows.resize(rows);
  std::size_t entries = 0, used = 0;
  for (Row& row : map.rows) {
    const std::size_t number = r.u32(), first = r.u32();
    if (number > used || number >= patterns.size()) r.fail("has patterns out of order");
    used += number == used ? 1 : 0;
    const Read& pattern = patterns[number];
    const bool inside = pattern.entries->empty() ? first == 0 : first + pattern.width < map.columns;
    if (!inside) r.fail("has a column that is not there");
    entries += pattern.entries->size();
    if (entries > most) r.fail("has a matrix of more entries than a program may have");
    row = Row::moved(pattern.entries, static_cast<std::uint32_t>(first));
  }
  if (used != patterns.size()) r.fail("has patterns that nothing uses");
  map.bias.resize(rows);
  for (double& constant : map.bias) {
    constant = r.f64();
    if (!std::isfinite(constant)) r.fail("has a constant that is not finite");
  }
  return map;
}

}  // namespace obscura::compile
