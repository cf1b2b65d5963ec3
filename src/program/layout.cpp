#include "program/layout.h"

#include <algorithm>
#include <bit>

namespace obscura::program {
namespace {

std::size_t divide_up(std::size_t a, std::size_t b) {
  return (a + b - 1) / b;
}

/// The period of `used` slots.
std::size_t period_of(std::size_t used, std::size_t slots) {
  return used <= slots ? std::bit_ceil(used) : divide_up(used, slots) * slots;
}

/// Fills in the positions from the grid. Ciphertexts behind the last one that holds a value are none of the layout's: a
/// plane that strides have thinned out may end before its block.
void place(Layout& layout, const Shape& shape, std::size_t slots) {
  for (std::size_t c = 0; c < shape.channels; ++c) {
    for (std::size_t y = 0; y < shape.height; ++y) {
      for (std::size_t x = 0; x < shape.width; ++x) layout.position.push_back(layout.grid->slot(c, y, x));
    }
  }
  if (layout.period <= slots) return;
  const std::size_t used = std::size_t{*std::ranges::max_element(layout.position)} + 1;
  layout.period = std::max(divide_up(used, slots), std::size_t{1}) * slots;
}

}  // namespace

std::uint32_t Windows::place_for(std::size_t value, std::size_t result) const {
  for (std::size_t k = begin[value]; k < begin[value + 1]; ++k) {
    if (((places[k] - result) & (aligned - 1)) == 0) return places[k];
  }
  return places[begin[value]];
}

Layout image_layout(const Shape& shape, std::size_t slots, std::size_t phases) {
  const std::size_t cut = std::size_t{1} << phases;
  const std::size_t height = divide_up(shape.height, cut), width = divide_up(shape.width, cut);
  Grid grid;
  for (std::size_t y = 0; y < shape.height; ++y) {
    grid.rows.push_back(static_cast<std::uint32_t>((y % cut * cut * height + y / cut) * width));
  }
  for (std::size_t x = 0; x < shape.width; ++x) {
    grid.columns.push_back(static_cast<std::uint32_t>(x % cut * height * width + x / cut));
  }
  const std::size_t plane = cut * cut * height * width;
  // A single plane, and planes that channels will be dealt out over later, stand a power of two apart; an image that
  // fits tightly is packed tightly.
  const bool tight = std::bit_ceil(shape.channels * plane) < shape.channels * std::bit_ceil(plane);
  grid.block = tight ? plane : std::bit_ceil(plane);
  Layout layout;
  // No block may straddle two ciphertexts.
  if (grid.block * shape.channels > slots) grid.block = std::bit_ceil(plane);
  if (grid.block > slots) grid.block = period_of(plane, slots);
  for (std::size_t c = 0; c < shape.channels; ++c) grid.channels.push_back({static_cast<std::uint32_t>(c), 0, 0});
  layout.period = period_of(grid.block * shape.channels, slots);
  layout.clean = true;
  layout.grid = std::move(grid);
  place(layout, shape, slots);
  return layout;
}

Layout dense_layout(std::size_t values, std::size_t slots) {
  Layout layout;
  layout.period = period_of(values, slots);
  for (std::size_t i = 0; i < values; ++i) layout.position.push_back(static_cast<std::uint32_t>(i));
  return layout;
}

Layout gapped_layout(std::size_t values, std::size_t slots) {
  Layout layout;
  layout.period = slots;
  layout.gap = slots / std::bit_ceil(values);
  for (std::size_t i = 0; i < values; ++i) layout.position.push_back(static_cast<std::uint32_t>(i * layout.gap));
  return layout;
}

Layout merged_layout(const Layout& chunk, std::size_t width, std::size_t groups, std::size_t slots) {
  Layout all;
  const std::size_t period = chunk.period * width;
  const std::size_t of_group = std::max(period, groups > 1 ? slots : period);
  all.period = groups * of_group;
  all.clean = chunk.clean && of_group == period;
  all.position.reserve(chunk.position.size() * width * groups);
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::size_t k = 0; k < width; ++k) {
      for (const std::uint32_t place : chunk.position) {
        all.position.push_back(static_cast<std::uint32_t>(g * of_group + place * width + k));
      }
    }
  }
  return all;
}

std::vector<Layout> grid_layouts(const Grid& input, const std::array<std::size_t, 2>& stride, const Shape& output,
                                 std::size_t slots) {
  std::vector<Layout> result;
  const std::array<std::size_t, 2> step{input.step[0] * stride[0], input.step[1] * stride[1]};
  const std::size_t last_y = (output.height - 1) * step[0], last_x = (output.width - 1) * step[1];
  if (output.height * output.width == 1 || last_y >= input.rows.size() || last_x >= input.columns.size()) return result;
  const std::size_t free_y = std::min(step[0], input.rows.size() - last_y);
  const std::size_t free_x = std::min(step[1], input.columns.size() - last_x);
  // Blocks of whole ciphertexts stay what they are: a power of two of them would be larger than the plane.
  const std::size_t block = input.block > slots ? input.block : std::bit_ceil(input.block);
  const std::size_t here = std::max<std::size_t>(slots / block, 1);
  const std::size_t least = divide_up(output.channels, free_y * free_x);
  std::vector<std::size_t> counts;
  if (least > here) {
    counts.push_back(divide_up(least, here) * here);
  } else {
    for (std::size_t blocks = std::bit_ceil(least); blocks <= here; blocks *= 2) counts.push_back(blocks);
  }
  for (const std::size_t blocks : counts) {
    Grid grid = input;
    grid.block = block;
    grid.step = step;
    grid.channels.clear();
    for (std::size_t c = 0; c < output.channels; ++c) {
      const std::size_t gap = c / blocks;
      grid.channels.push_back({static_cast<std::uint32_t>(c % blocks), static_cast<std::uint32_t>(gap / free_x),
                               static_cast<std::uint32_t>(gap % free_x)});
    }
    Layout layout;
    layout.period = period_of(std::min(blocks, output.channels) * block, slots);
    layout.grid = std::move(grid);
    place(layout, output, slots);
    result.push_back(std::move(layout));
  }
  return result;
}

Layout in_turn(const Layout& layout, std::size_t copies) {
  Layout turned = layout;
  const std::size_t channels = layout.grid->channels.size(), each = channels / copies;
  const std::size_t plane = layout.position.size() / channels;
  for (std::size_t c = 0; c < channels; ++c) {
    const std::size_t from = c % each * copies + c / each;
    turned.grid->channels[c] = layout.grid->channels[from];
    std::copy_n(layout.position.begin() + static_cast<std::ptrdiff_t>(from * plane), plane,
                turned.position.begin() + static_cast<std::ptrdiff_t>(c * plane));
  }
  return turned;
}

}  // namespace obscura::program
