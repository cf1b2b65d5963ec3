#include "compile/packed_windows.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace obscura::compile {
namespace {

using program::Grid;
using program::Layout;

/// The results channel after channel, each plane a power of two of places.
Layout planes_of(const Shape& output, std::size_t block, std::size_t slots) {
  Layout layout;
  Grid grid;
  grid.block = block;
  for (std::size_t y = 0; y < output.height; ++y) grid.rows.push_back(static_cast<std::uint32_t>(y * output.width));
  for (std::size_t x = 0; x < output.width; ++x) grid.columns.push_back(static_cast<std::uint32_t>(x));
  for (std::uint32_t c = 0; c < output.channels; ++c) grid.channels.push_back({c, 0, 0});
  for (std::size_t c = 0; c < output.channels; ++c) {
    for (std::size_t y = 0; y < output.height; ++y) {
      for (std::size_t x = 0; x < output.width; ++x) layout.position.push_back(grid.slot(c, y, x));
    }
  }
  const std::size_t used = block * output.channels;
  layout.period = used <= slots ? std::bit_ceil(used) : (used + slots - 1) / slots * slots;
  layout.grid = std::move(grid);
  return layout;
}

/// Where the window of a result begins, were there no padding.
std::int64_t corner(const Term& term, const Shape& output, std::size_t row) {
  const std::size_t y = row / output.width % output.height, x = row % output.width;
  return static_cast<std::int64_t>(y * term.stride[0] * term.input.width + x * term.stride[1]);
}

/// The pixels of the windows, counted from their corners, numbered in order; empty for more than `most`.
std::map<std::int64_t, std::size_t> window_pixels(const Stage& stage, std::size_t most) {
  const Term& term = stage.terms.front();
  std::map<std::int64_t, std::size_t> pixels;
  const program::AffineMap::Row* before = nullptr;
  std::int64_t corner_before = 0;
  for (std::size_t r = 0; r < term.map.rows.size(); ++r) {
    const auto& row = term.map.rows[r];
    const std::int64_t from = corner(term, stage.output, r);
    const bool known = before != nullptr && row.shares(*before) && row.distance_from(*before) == from - corner_before;
    before = &row, corner_before = from;
    if (known) continue;
    for (const auto& e : row) pixels.emplace(static_cast<std::int64_t>(e.column) - from, 0);
    if (pixels.size() > most) return {};
  }
  std::size_t k = 0;
  for (auto& [pixel, number] : pixels) number = k++;
  return pixels;
}

/// Value and place of all copies. A pixel that no window reads takes a place that no window has.
using Copies = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

Copies copies_of(const Stage& stage, const Layout& output, const std::map<std::int64_t, std::size_t>& pixels,
                 std::size_t block) {
  const Term& term = stage.terms.front();
  const std::size_t plane = stage.output.height * stage.output.width;
  Copies copies;
  for (std::size_t r = 0; r < term.map.rows.size(); ++r) {
    const std::int64_t from = corner(term, stage.output, r);
    for (const auto& e : term.map.rows[r]) {
      const std::size_t k = pixels.at(static_cast<std::int64_t>(e.column) - from);
      copies.emplace_back(e.column, static_cast<std::uint32_t>(k * block + output.position[r % plane]));
    }
  }
  std::ranges::sort(copies);
  copies.erase(std::unique(copies.begin(), copies.end()), copies.end());
  return copies;
}

/// False where there is no room for them.
bool place_unread(Copies& copies, std::size_t values, std::size_t places) {
  std::vector<bool> read(values, false), taken(places, false);
  for (const auto& [value, place] : copies) read[value] = true, taken[place] = true;
  std::size_t free = 0;
  for (std::size_t value = 0; value < values; ++value) {
    if (read[value]) continue;
    while (free < places && taken[free]) ++free;
    if (free == places) return false;
    copies.emplace_back(static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(free++));
  }
  std::ranges::sort(copies);
  return true;
}

}  // namespace

std::optional<WindowLayouts> window_layouts(const Stage& stage, std::size_t slots, std::size_t most_places) {
  const std::size_t plane = stage.output.height * stage.output.width, block = std::bit_ceil(plane);
  if (stage.terms.size() != 1 || plane == 1 || block > slots) return std::nullopt;
  const auto pixels = window_pixels(stage, most_places / block);
  if (pixels.empty()) return std::nullopt;
  const std::size_t used = pixels.size() * block;
  WindowLayouts result;
  result.output = planes_of(stage.output, block, slots);
  Layout& input = result.input;
  input.clean = true;
  input.period = used <= slots ? std::bit_ceil(used) : (used + slots - 1) / slots * slots;
  Copies copies = copies_of(stage, result.output, pixels, block);
  if (!place_unread(copies, stage.terms.front().map.columns, input.period)) return std::nullopt;
  program::Windows windows;
  windows.aligned = block;
  for (const auto& [value, place] : copies) {
    if (value == input.position.size()) {
      windows.begin.push_back(static_cast<std::uint32_t>(windows.places.size()));
      input.position.push_back(place);
    }
    windows.places.push_back(place);
  }
  windows.begin.push_back(static_cast<std::uint32_t>(windows.places.size()));
  input.windows = std::move(windows);
  return result;
}

}  // namespace obscura::compile
