#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/shape.h"

namespace obscura::program {

/// What the first layers of a network see in the place of a picture where all they do to it before is to move its
/// values about (mirror images beside it, pixels gathered by phases): whoever encrypts lays the values out so, and
/// nothing is left for a server to do. Value i of it is the picture's value source[i]; every value of the picture is
/// somewhere.
struct Arrangement {
  Shape picture, shape;
  std::vector<std::uint32_t> source;

  /// Precondition: `picture` has the picture's values.
  std::vector<double> of(std::span<const double> picture) const;
  friend bool operator==(const Arrangement&, const Arrangement&) = default;
};

/// Whether every value has a source, and every value of the picture is one.
bool is_whole(const Arrangement& arrangement);

}  // namespace obscura::program
