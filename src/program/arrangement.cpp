#include "program/arrangement.h"

#include <algorithm>

namespace obscura::program {

std::vector<double> Arrangement::of(std::span<const double> values) const {
  std::vector<double> arranged;
  arranged.reserve(source.size());
  for (const std::uint32_t from : source) arranged.push_back(values[from]);
  return arranged;
}

bool is_whole(const Arrangement& arrangement) {
  std::vector<bool> read(arrangement.picture.size(), false);
  for (const std::uint32_t from : arrangement.source) {
    if (from >= read.size()) return false;
    read[from] = true;
  }
  return arrangement.source.size() == arrangement.shape.size() && std::ranges::all_of(read, [](bool r) { return r; });
}

}  // namespace obscura::program
