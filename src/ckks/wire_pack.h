#pragma once

#include <cstddef>
#include <cstdint>

namespace obscura::ckks {

/// Words of 1 to 60 bits one after another without gaps: word i takes the bits [i width, (i + 1) width) of the bytes,
/// lowest bit first, and the last byte is filled up with zeros.
inline constexpr int kMaxWidth = 60;

/// ceil(count * width / 8); exact for count <= 2^50.
constexpr std::size_t packed_bytes(std::size_t count, int width) {
  return (count * static_cast<std::size_t>(width) + 7) / 8;
}

/// Writes packed_bytes(count, width) bytes. `limit` <= 2^width; false if a word is not < limit (the bytes are then
/// worthless).
[[nodiscard]] bool pack_words(const std::uint64_t* words, std::size_t count, int width, std::uint64_t limit,
                              std::uint8_t* bytes);

/// Reads packed_bytes(count, width) bytes and none behind them. False if a word is not < limit or a filling bit is set.
[[nodiscard]] bool unpack_words(const std::uint8_t* bytes, std::size_t count, int width, std::uint64_t limit,
                                std::uint64_t* words);

/// The same by one loop for all widths (wire_pack_any.cpp).
[[nodiscard]] bool pack_any(const std::uint64_t* words, std::size_t count, int width, std::uint64_t limit,
                            std::uint8_t* bytes);
[[nodiscard]] bool unpack_any(const std::uint8_t* bytes, std::size_t count, int width, std::uint64_t limit,
                              std::uint64_t* words);

}  // namespace obscura::ckks
