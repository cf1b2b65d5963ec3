#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "ckks/wire.h"

/// What calls take and give, in bytes.
namespace obscura::web {

inline ckks::ByteSpan bytes_in(ByteReader& in) {
  return in.raw(in.u32());
}

inline std::string_view text_in(ByteReader& in) {
  const auto bytes = bytes_in(in);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <typename Id>
Id id_in(ByteReader& in) {
  Id id;
  const auto bytes = in.raw(id.size());
  std::copy(bytes.begin(), bytes.end(), id.begin());
  return id;
}

inline void put_bytes(ByteWriter& out, ckks::ByteSpan bytes) {
  out.u32(static_cast<std::uint32_t>(bytes.size()));
  out.raw(bytes);
}

inline void put_numbers(ByteWriter& out, const std::vector<double>& numbers) {
  out.u32(static_cast<std::uint32_t>(numbers.size()));
  for (const double v : numbers) out.f64(v);
}

inline void put_count(ByteWriter& out, std::size_t count) {
  out.u32(static_cast<std::uint32_t>(count));
}

}  // namespace obscura::web
