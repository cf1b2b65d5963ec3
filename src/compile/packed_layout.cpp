#include "compile/packed_layout.h"

#include <algorithm>
#include <bit>
#include <set>

namespace obscura::compile {
namespace {

using Signed = std::int64_t;

Signed modulo(Signed a, Signed n) {
  return (a % n + n) % n;
}

/// Adds one matrix entry: output slot `to` reads input slot `from`, at every repetition of a period.
void put(circuits::Diagonals& diagonals, std::size_t slots, std::size_t to, std::size_t from, std::size_t period,
         double value) {
  std::size_t offset = (from + slots - to) % period;
  // Periodic inputs look the same from -1 and from period - 1: take the shorter way round.
  if (2 * offset > period) offset += slots - period;
  auto& diagonal = diagonals[static_cast<Signed>(offset)];
  if (diagonal.empty()) diagonal.assign(slots, 0);
  diagonal[to] += value;
}

/// The grid of a map's output, and over how many slots of the gap its taps are dealt out.
struct GridShape {
  Layout::Grid grid;
  std::size_t split_y = 1, split_x = 1;
};

std::optional<GridShape> output_grid(const Stage& stage, const Layout::Grid& in, std::size_t slots, bool split) {
  const nn::Shape& out = stage.output;
  const std::size_t blocks = slots / in.block, gaps = stage.stride[0] * stage.stride[1];
  if (out.channels > blocks * (split ? 1 : gaps)) return std::nullopt;
  GridShape shape{{{}, in.row * stage.stride[0], in.column * stage.stride[1], in.block}, 1, 1};
  for (std::size_t c = 0; c < out.channels; ++c) {
    const std::size_t gap = c / blocks;
    const std::size_t corner = gap / stage.stride[1] * in.row + gap % stage.stride[1] * in.column;
    shape.grid.origin.push_back(static_cast<std::uint32_t>(c % blocks * in.block + corner));
  }
  if (split) shape.split_y = stage.stride[0], shape.split_x = stage.stride[1];
  return shape;
}

/// Whether every element, with the parts of its sum, has slots of its own inside its block. Fills in the positions.
bool place(const nn::Shape& out, const GridShape& shape, const Layout::Grid& in, Layout& layout) {
  std::set<std::size_t> taken;
  for (std::size_t c = 0; c < out.channels; ++c) {
    for (std::size_t y = 0; y < out.height; ++y) {
      for (std::size_t x = 0; x < out.width; ++x) {
        const std::size_t slot = shape.grid.origin[c] + y * shape.grid.row + x * shape.grid.column;
        for (std::size_t dy = 0; dy < shape.split_y; ++dy) {
          for (std::size_t dx = 0; dx < shape.split_x; ++dx) {
            const std::size_t part = slot + dy * in.row + dx * in.column;
            if (part / in.block != shape.grid.origin[c] / in.block || !taken.insert(part).second) return false;
          }
        }
        layout.position.push_back(static_cast<std::uint32_t>(slot));
      }
    }
  }
  return true;
}

/// The slot of the gap that collects this product: by the tap's offset from the output pixel, modulo the stride.
std::size_t part_of(const Stage& stage, const GridShape& shape, const Layout::Grid& in, std::size_t row,
                    std::size_t column) {
  const nn::Shape &a = stage.input, &b = stage.output;
  const auto tap_y = static_cast<Signed>(column / a.width % a.height) -
                     static_cast<Signed>(row / b.width % b.height * stage.stride[0]);
  const auto tap_x = static_cast<Signed>(column % a.width) - static_cast<Signed>(row % b.width * stage.stride[1]);
  const auto dy = static_cast<std::size_t>(modulo(tap_y, static_cast<Signed>(shape.split_y)));
  const auto dx = static_cast<std::size_t>(modulo(tap_x, static_cast<Signed>(shape.split_x)));
  return dy * in.row + dx * in.column;
}

std::vector<Signed> multiples(std::size_t step, std::size_t count) {
  std::vector<Signed> steps;
  for (std::size_t i = 1; i < count; ++i) steps.push_back(static_cast<Signed>(i * step));
  return steps;
}

/// Whether shifting by multiples of `step` keeps all elements apart.
bool copies_fit(const Layout& input, std::size_t step, std::size_t copies) {
  std::set<std::size_t> taken;
  for (const std::uint32_t p : input.position) {
    for (std::size_t j = 0; j < copies; ++j) {
      if (!taken.insert((p + input.period * copies - j * step) % input.period).second) return false;
    }
  }
  return true;
}

}  // namespace

Layout image_layout(const nn::Shape& shape, std::size_t slots) {
  Layout layout;
  layout.period = std::bit_ceil(shape.size());
  if (layout.period > slots) return layout;
  layout.clean = true;
  Layout::Grid grid{{}, shape.width, 1, layout.period};
  for (std::size_t c = 0; c < shape.channels; ++c) {
    grid.origin.push_back(static_cast<std::uint32_t>(c * shape.height * shape.width));
  }
  for (std::size_t i = 0; i < shape.size(); ++i) layout.position.push_back(static_cast<std::uint32_t>(i));
  layout.grid.push_back(grid);
  return layout;
}

std::optional<PackedMap> grid_map(const Stage& stage, const Layout& input, std::size_t slots, bool split) {
  if (input.grid.empty() || stage.output.height * stage.output.width == 1) return std::nullopt;
  if (split && stage.stride[0] * stage.stride[1] == 1) return std::nullopt;
  const Layout::Grid& in = input.grid.front();
  const auto shape = output_grid(stage, in, slots, split);
  PackedMap map;
  if (!shape || !place(stage.output, *shape, in, map.output)) return std::nullopt;
  map.layout = split ? "grid/" + std::to_string(shape->split_y * shape->split_x) : "grid";
  map.output.period = slots;
  map.output.clean = !split;
  map.output.grid.push_back(shape->grid);
  map.bias.assign(slots, 0);
  for (std::size_t r = 0; r < stage.map.rows.size(); ++r) {
    const std::size_t to = map.output.position[r];
    map.bias[to] = stage.map.bias[r];
    for (const auto& e : stage.map.rows[r]) {
      const std::size_t part = to + part_of(stage, *shape, in, r, e.column);
      put(map.diagonals, slots, part, input.position[e.column], input.period, e.value);
    }
  }
  for (const auto& steps : {multiples(in.column, shape->split_x), multiples(in.row, shape->split_y)}) {
    if (!steps.empty()) map.fold_groups.push_back(steps);
  }
  return map;
}

std::optional<PackedMap> dense_map(const Stage& stage, const Layout& input, std::size_t slots, bool unfolded,
                                   std::size_t copies) {
  const std::size_t rows = std::bit_ceil(stage.map.rows.size()), period = input.period;
  const std::size_t window = std::min(rows, period);
  const std::size_t step = window / copies;
  if (rows > slots || step == 0) return std::nullopt;
  if (copies > 1 && (!input.clean || !copies_fit(input, step, copies))) return std::nullopt;
  PackedMap map;
  map.layout = copies > 1 ? "dense/" + std::to_string(copies) : "dense";
  for (std::size_t c = 1; c < copies; c *= 2) map.spread.push_back(static_cast<Signed>(c * step));
  map.bias.assign(slots, 0);
  map.output.period = rows;
  map.output.clean = !unfolded;
  const std::size_t folds = period > rows ? period / rows : 1;
  map.factor = unfolded ? static_cast<double>(folds) : 1;
  for (std::size_t r = 0; r < stage.map.rows.size(); ++r) {
    map.output.position.push_back(static_cast<std::uint32_t>(r));
    for (std::size_t s = r; s < slots; s += rows) map.bias[s] = stage.map.bias[r] / map.factor;
    for (const auto& e : stage.map.rows[r]) {
      // The element is `ahead` of every slot = r (mod rows) that is to see it: a copy takes it part of the way.
      const std::size_t from = input.position[e.column], ahead = (from + slots - r) % window;
      for (std::size_t s = r; s < slots; s += rows) {
        if ((s + ahead) % period != from % period) continue;
        auto& diagonal = map.diagonals[static_cast<Signed>(ahead % step)];
        if (diagonal.empty()) diagonal.assign(slots, 0);
        diagonal[s] += e.value;
      }
    }
  }
  if (!unfolded) {
    for (std::size_t s = rows; s < period; s *= 2) map.fold.push_back(static_cast<Signed>(s));
  }
  return map;
}

}  // namespace obscura::compile
