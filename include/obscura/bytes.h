#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace obscura {

/// Files and messages: what stands in a file of docs/wire-format.md, envelope and all.
using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

/// Names a set of keys; public.
using KeyId = std::array<std::uint8_t, 16>;

}  // namespace obscura
