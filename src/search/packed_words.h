#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace obscura::search {

/// Words of `bits` bits (1 to 32) one after another without gaps, lowest bit first, zero bits up to the next whole
/// byte. Reading throws FormatError where bytes are missing, or bits behind the last word are not zero.
void put_packed(ByteWriter& out, std::span<const std::uint32_t> words, int bits);
std::vector<std::uint32_t> get_packed(ByteReader& in, std::size_t count, int bits);

}  // namespace obscura::search
