#include "compile/packed_layout.h"

#include <algorithm>
#include <bit>
#include <set>

namespace obscura::compile {
namespace {

/// Adds one matrix entry: output slot `to` reads input slot `from`, at every repetition of a period.
void put(circuits::Diagonals& diagonals, std::size_t slots, std::size_t to, std::size_t from, std::size_t period,
         double value) {
  std::size_t offset = (from + slots - to) % period;
  // Periodic inputs look the same from -1 and from period - 1: take the shorter way round.
  if (2 * offset > period) offset += slots - period;
  auto& diagonal = diagonals[static_cast<std::int64_t>(offset)];
  if (diagonal.empty()) diagonal.assign(slots, 0);
  diagonal[to] += value;
}

}  // namespace

Layout image_layout(const nn::Shape& shape, std::size_t slots) {
  Layout layout;
  layout.period = std::bit_ceil(shape.size());
  if (layout.period > slots) return layout;
  Layout::Grid grid{{}, shape.width, 1, layout.period};
  for (std::size_t c = 0; c < shape.channels; ++c) {
    grid.origin.push_back(static_cast<std::uint32_t>(c * shape.height * shape.width));
  }
  for (std::size_t i = 0; i < shape.size(); ++i) layout.position.push_back(static_cast<std::uint32_t>(i));
  layout.grid.push_back(grid);
  return layout;
}

std::optional<PackedMap> grid_map(const Stage& stage, const Layout& input, std::size_t slots) {
  const nn::Shape& out = stage.output;
  if (input.grid.empty() || out.height * out.width == 1) return std::nullopt;
  const Layout::Grid& in = input.grid.front();
  const std::size_t row = in.row * stage.stride[0], column = in.column * stage.stride[1];
  const std::size_t blocks = slots / in.block;
  // Cells: a block, and a corner of the gap between two output pixels inside it.
  const std::size_t cells = blocks * stage.stride[0] * stage.stride[1];
  if (out.channels > cells) return std::nullopt;

  PackedMap map;
  map.layout = "grid";
  Layout::Grid grid{{}, row, column, in.block};
  for (std::size_t c = 0; c < out.channels; ++c) {
    const std::size_t gap = c / blocks;
    const std::size_t corner = gap / stage.stride[1] * in.row + gap % stage.stride[1] * in.column;
    grid.origin.push_back(static_cast<std::uint32_t>(c % blocks * in.block + corner));
  }
  std::set<std::uint32_t> taken;
  for (std::size_t c = 0; c < out.channels; ++c) {
    for (std::size_t y = 0; y < out.height; ++y) {
      for (std::size_t x = 0; x < out.width; ++x) {
        const std::size_t slot = grid.origin[c] + y * row + x * column;
        const bool inside = slot / in.block == grid.origin[c] / in.block;
        if (!inside || !taken.insert(static_cast<std::uint32_t>(slot)).second) return std::nullopt;
        map.output.position.push_back(static_cast<std::uint32_t>(slot));
      }
    }
  }
  map.output.period = slots;
  map.output.grid.push_back(std::move(grid));
  map.bias.assign(slots, 0);
  for (std::size_t r = 0; r < stage.map.rows.size(); ++r) {
    const std::size_t to = map.output.position[r];
    map.bias[to] = stage.map.bias[r];
    for (const auto& e : stage.map.rows[r])
      put(map.diagonals, slots, to, input.position[e.column], input.period, e.value);
  }
  return map;
}

PackedMap dense_map(const Stage& stage, const Layout& input, std::size_t slots, bool unfolded) {
  const std::size_t rows = std::bit_ceil(stage.map.rows.size()), period = input.period;
  PackedMap map;
  map.layout = "dense";
  map.bias.assign(slots, 0);
  map.output.period = rows;
  const std::size_t folds = period > rows ? period / rows : 1;
  map.factor = unfolded ? static_cast<double>(folds) : 1;
  for (std::size_t r = 0; r < stage.map.rows.size(); ++r) {
    map.output.position.push_back(static_cast<std::uint32_t>(r));
    for (std::size_t s = r; s < slots; s += rows) map.bias[s] = stage.map.bias[r] / map.factor;
    for (const auto& e : stage.map.rows[r]) {
      const std::size_t from = input.position[e.column];
      // d = from - r modulo min(rows, period), and every slot = r (mod rows) that then sees this input.
      const std::size_t window = std::min(rows, period);
      const std::size_t d = (from + slots - r) % window;
      for (std::size_t s = r; s < slots; s += rows) {
        if ((s + d) % period != from % period) continue;
        auto& diagonal = map.diagonals[static_cast<std::int64_t>(d)];
        if (diagonal.empty()) diagonal.assign(slots, 0);
        diagonal[s] += e.value;
      }
    }
  }
  if (!unfolded) {
    for (std::size_t step = rows; step < period; step *= 2) map.fold_steps.push_back(static_cast<std::int64_t>(step));
  }
  return map;
}

}  // namespace obscura::compile
