#include "nn/onnx_places.h"

#include <numeric>

namespace obscura::nn {
namespace {

std::size_t product(Dims::const_iterator first, Dims::const_iterator last) {
  return static_cast<std::size_t>(std::accumulate(first, last, std::int64_t{1}, std::multiplies<>()));
}

}  // namespace

Places places_of(const Dims& dims) {
  Places made{dims, std::vector<std::int32_t>(product(dims.begin(), dims.end()))};
  std::iota(made.source.begin(), made.source.end(), 0);
  return made;
}

Places take(const Places& from, std::size_t axis, const Dims& index) {
  const auto at = from.dims.begin() + static_cast<std::ptrdiff_t>(axis);
  const std::size_t before = product(from.dims.begin(), at), after = product(at + 1, from.dims.end());
  const auto side = static_cast<std::size_t>(*at);
  Places made{from.dims, {}};
  made.dims[axis] = static_cast<std::int64_t>(index.size());
  made.source.reserve(before * index.size() * after);
  for (std::size_t b = 0; b < before; ++b) {
    for (const std::int64_t i : index) {
      if (i < 0) {
        made.source.insert(made.source.end(), after, -1);
        continue;
      }
      const auto first =
          from.source.begin() + static_cast<std::ptrdiff_t>((b * side + static_cast<std::size_t>(i)) * after);
      made.source.insert(made.source.end(), first, first + static_cast<std::ptrdiff_t>(after));
    }
  }
  return made;
}

Places transpose(const Places& from, const std::vector<std::size_t>& order) {
  const std::size_t rank = from.dims.size();
  std::vector<std::size_t> steps(rank, 1), turned(rank), at(rank, 0);
  for (std::size_t i = rank; i-- > 1;) steps[i - 1] = steps[i] * static_cast<std::size_t>(from.dims[i]);
  Places made{Dims(rank), std::vector<std::int32_t>(from.source.size())};
  for (std::size_t i = 0; i < rank; ++i) {
    made.dims[i] = from.dims[order[i]];
    turned[i] = steps[order[i]];
  }
  std::size_t place = 0;
  for (auto& source : made.source) {
    source = from.source[place];
    for (std::size_t i = rank; i-- > 0;) {  // the next entry, as an odometer counts
      place += turned[i];
      if (++at[i] < static_cast<std::size_t>(made.dims[i])) break;
      place -= turned[i] * at[i];
      at[i] = 0;
    }
  }
  return made;
}

Places reshape(Places from, Dims dims) {
  from.dims = std::move(dims);
  return from;
}

}  // namespace obscura::nn
