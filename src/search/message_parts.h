#pragma once

// Internal to src/search: what its messages begin with.
#include <algorithm>
#include <array>
#include <string_view>

#include "base/bytes.h"
#include "search/messages.h"

namespace obscura::search {

/// gallery := id:16 version:u64. Throws FormatError for an id that is none.
void put_version(ByteWriter& w, const GalleryVersion& gallery);
GalleryVersion get_version(ByteReader& r);
/// Reads one and checks that it is the gallery, as it is. Throws MismatchError.
void require_version(ByteReader& r, const GalleryVersion& expected, std::string_view what);

template <std::size_t N>
void get_bytes(ByteReader& r, std::array<std::uint8_t, N>& bytes) {
  std::ranges::copy(r.raw(N), bytes.begin());
}

}  // namespace obscura::search
