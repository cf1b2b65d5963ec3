#pragma once

#include <cstddef>

namespace obscura {

/// Shape of one image's tensor, without a batch axis. A flat vector of n values is {n, 1, 1}.
struct Shape {
  std::size_t channels = 0;
  std::size_t height = 1;
  std::size_t width = 1;
  std::size_t size() const { return channels * height * width; }
  friend bool operator==(const Shape&, const Shape&) = default;
};

}  // namespace obscura
