#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "program/affine.h"
#include "program/layout.h"
#include "tensor/shape.h"

namespace obscura::program {

/// Which inputs a map between two images reads, where channels and pixels do not depend on one another: output (o, q)
/// reads input (i, p) just if i is one of channels[o] and p one of places[q]. Convolutions, pools, dense layers and
/// what is composed of them are such maps unless a weight is zero: thousands of numbers in the place of millions.
struct MapPattern {
  std::vector<std::vector<std::uint32_t>> channels, places;  ///< increasing
};

/// Nothing where the map is none of that kind, or has an empty row. Looks at every entry once. Thread-safe.
std::optional<MapPattern> pattern_of(const AffineMap& map, const Shape& input, const Shape& output);

/// A layout of an image in which (c, p) stands at channels[c] + places[p], modulo 2^32, and every channel lies within
/// one ciphertext.
struct SplitLayout {
  std::vector<std::uint32_t> channels, places;
};

/// Nothing where the layout does not split so. Thread-safe.
std::optional<SplitLayout> split_of(const Layout& layout, const Shape& shape, std::size_t slots);

}  // namespace obscura::program
