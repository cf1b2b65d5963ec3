#include "program/map_pattern.h"

#include <bit>

namespace obscura::program {
namespace {

/// Its columns as pixels of the channels that it reads, where those are the same in every channel.
class RowReader {
 public:
  explicit RowReader(std::size_t plane) : plane_(static_cast<std::uint32_t>(plane)) {}

  void learn(const AffineRow& row, std::vector<std::uint32_t>* channels, std::vector<std::uint32_t>* places) const {
    const std::uint32_t first = row.front().column / plane_;
    for (const auto& e : row) {
      const std::uint32_t channel = e.column / plane_;
      if (places != nullptr && channel == first) places->push_back(e.column % plane_);
      if (channels != nullptr && (channels->empty() || channels->back() != channel)) channels->push_back(channel);
    }
  }

  bool holds(const AffineRow& row, const std::vector<std::uint32_t>& channels,
             const std::vector<std::uint32_t>& places) const {
    if (row.size() != channels.size() * places.size()) return false;
    auto e = row.begin();
    for (const std::uint32_t channel : channels) {
      for (const std::uint32_t place : places) {
        if ((*e).column != channel * plane_ + place) return false;
        ++e;
      }
    }
    return true;
  }

 private:
  std::uint32_t plane_;
};

}  // namespace

std::optional<MapPattern> pattern_of(const AffineMap& map, const Shape& input, const Shape& output) {
  const std::size_t pixels = output.height * output.width;
  if (map.columns != input.size() || map.rows.size() != output.size()) return std::nullopt;
  const RowReader reader(input.height * input.width);
  MapPattern pattern{std::vector<std::vector<std::uint32_t>>(output.channels),
                     std::vector<std::vector<std::uint32_t>>(pixels)};
  for (std::size_t r = 0; r < map.rows.size(); ++r) {
    auto &channels = pattern.channels[r / pixels], &places = pattern.places[r % pixels];
    if (map.rows[r].empty()) return std::nullopt;
    reader.learn(map.rows[r], r % pixels == 0 ? &channels : nullptr, r < pixels ? &places : nullptr);
    if (!reader.holds(map.rows[r], channels, places)) return std::nullopt;
  }
  return pattern;
}

std::optional<SplitLayout> split_of(const Layout& layout, const Shape& shape, std::size_t slots) {
  const std::size_t pixels = shape.height * shape.width;
  if (layout.windows || layout.position.size() != shape.size()) return std::nullopt;
  const int shift = std::countr_zero(slots);
  SplitLayout split;
  split.places.assign(layout.position.begin(), layout.position.begin() + static_cast<std::ptrdiff_t>(pixels));
  for (std::size_t c = 0; c < shape.channels; ++c) {
    const std::uint32_t* const channel = layout.position.data() + c * pixels;
    split.channels.push_back(channel[0] - split.places[0]);
    for (std::size_t p = 0; p < pixels; ++p) {
      if (channel[p] != split.channels[c] + split.places[p]) return std::nullopt;
      if (channel[p] >> shift != channel[0] >> shift) return std::nullopt;
    }
  }
  return split;
}

}  // namespace obscura::program
