#include "weights/numbers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.h"

namespace obscura::weights {
namespace {

/// Above any machine's memory, and below where products of two could overflow.
constexpr std::uint64_t kMostValues = std::uint64_t{1} << 48;

float from_half(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits & 0x8000U} << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fU;
  const std::uint32_t fraction = bits & 0x3ffU;
  if (exponent == 0) {
    const float small = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -small : small;
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

template <typename T>
T load(const std::uint8_t* at) {
  static_assert(std::endian::native == std::endian::little);
  T v;
  std::memcpy(&v, at, sizeof v);
  return v;
}

template <typename F>
void visit_values(Number number, F&& with) {
  switch (number) {
    case Number::f16:
      return with(2, [](const auto* p) { return from_half(load<std::uint16_t>(p)); });
    case Number::bf16:
      return with(2, [](const auto* p) { return std::bit_cast<float>(std::uint32_t{load<std::uint16_t>(p)} << 16); });
    case Number::f32:
      return with(4, [](const auto* p) { return load<float>(p); });
    case Number::f64:
      return with(8, [](const auto* p) { return static_cast<float>(load<double>(p)); });
    case Number::i8:
      return with(1, [](const auto* p) { return static_cast<float>(load<std::int8_t>(p)); });
    case Number::i16:
      return with(2, [](const auto* p) { return static_cast<float>(load<std::int16_t>(p)); });
    case Number::i32:
      return with(4, [](const auto* p) { return static_cast<float>(load<std::int32_t>(p)); });
    case Number::i64:
      return with(8, [](const auto* p) { return static_cast<float>(load<std::int64_t>(p)); });
    case Number::u8:
      return with(1, [](const auto* p) { return static_cast<float>(*p); });
    case Number::u16:
      return with(2, [](const auto* p) { return static_cast<float>(load<std::uint16_t>(p)); });
    case Number::u32:
      return with(4, [](const auto* p) { return static_cast<float>(load<std::uint32_t>(p)); });
    case Number::u64:
      return with(8, [](const auto* p) { return static_cast<float>(load<std::uint64_t>(p)); });
    case Number::boolean:
      return with(1, [](const auto* p) { return *p != 0 ? 1.0F : 0.0F; });
  }
}

/// One more than the greatest index that a view without empty dimensions touches; kMostValues if it is beyond that.
std::uint64_t reach(const View& view, const std::string& what) {
  std::uint64_t last = view.offset;
  for (std::size_t d = 0; d < view.shape.size(); ++d) {
    if (view.strides[d] < 0) throw FormatError(fmt::format("{} has a negative stride", what));
    const auto steps = static_cast<std::uint64_t>(view.shape[d] - 1);
    const auto stride = static_cast<std::uint64_t>(view.strides[d]);
    if (last >= kMostValues || (steps != 0 && stride > kMostValues / steps)) return kMostValues;
    last += steps * stride;
  }
  return last < kMostValues ? last + 1 : kMostValues;
}

/// Goes to the next place in row-major order and follows it in the storage.
std::uint64_t step(const View& view, std::vector<std::int64_t>& place, std::uint64_t at) {
  for (std::size_t d = view.shape.size(); d-- > 0;) {
    const auto stride = static_cast<std::uint64_t>(view.strides[d]);
    if (++place[d] < view.shape[d]) return at + stride;
    at -= stride * static_cast<std::uint64_t>(view.shape[d] - 1);
    place[d] = 0;
  }
  return at;
}

}  // namespace

std::size_t bytes_of(Number number) {
  std::size_t size = 0;
  visit_values(number, [&](std::size_t bytes, auto) { size = bytes; });
  return size;
}

std::uint64_t count_of(std::span<const std::int64_t> shape, const std::string& what) {
  if (shape.size() > kMostDimensions) {
    throw FormatError(fmt::format("{} has {} dimensions; expected at most {}", what, shape.size(), kMostDimensions));
  }
  std::uint64_t count = 1;
  bool empty = false;
  for (const std::int64_t side : shape) {
    if (side < 0) throw FormatError(fmt::format("{} has a negative dimension", what));
    if (side == 0) {
      empty = true;
    } else if (static_cast<std::uint64_t>(side) > kMostValues / count) {
      throw FormatError(fmt::format("{} is larger than any memory: [{}]", what, fmt::join(shape, ", ")));
    } else {
      count *= static_cast<std::uint64_t>(side);
    }
  }
  return empty ? 0 : count;
}

void Budget::take(std::uint64_t bytes) {
  if (bytes > left_) throw FormatError(fmt::format("{} claims more values than a file of its size could hold", what_));
  left_ -= bytes;
}

std::vector<std::int64_t> row_major(std::span<const std::int64_t> shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * std::max<std::int64_t>(shape[d], 1);
  return strides;
}

WeightTensor gather(std::span<const std::uint8_t> storage, const View& view, Budget& budget, const std::string& what) {
  const std::uint64_t count = count_of(view.shape, what);
  if (view.strides.size() != view.shape.size()) {
    throw FormatError(fmt::format("{} has {} dimensions and {} strides", what, view.shape.size(), view.strides.size()));
  }
  WeightTensor out{view.shape, {}};
  if (count == 0) return out;
  if (reach(view, what) > storage.size() / bytes_of(view.number)) {
    throw FormatError(fmt::format("{} [{}] reaches beyond its storage of {} bytes", what, fmt::join(view.shape, ", "),
                                  storage.size()));
  }
  budget.take(count * sizeof(float));
  out.values.resize(static_cast<std::size_t>(count));
  visit_values(view.number, [&](std::size_t size, auto value) {
    if (view.strides == row_major(view.shape)) {
      const std::uint8_t* next = storage.data() + view.offset * size;
      for (std::size_t i = 0; i < out.values.size(); ++i) out.values[i] = value(next + i * size);
      return;
    }
    std::vector<std::int64_t> place(view.shape.size(), 0);
    std::uint64_t at = view.offset;
    for (float& v : out.values) {
      v = value(storage.data() + at * size);
      at = step(view, place, at);
    }
  });
  return out;
}

}  // namespace obscura::weights
