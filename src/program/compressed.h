#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace obscura::program {

/// Bytes as one Zstandard frame (RFC 8878) behind their number (u64). The same bytes give the same frame with the same
/// version of the library. Thread-safe.
std::vector<std::uint8_t> compress(std::span<const std::uint8_t> bytes);

/// The inverse, for input that nobody has checked: `most` bytes come out, and no more than 4,096 for each that went in
/// and a megabyte, or FormatError that begins with `what`; so is anything but one whole frame of as many bytes as were
/// announced. Thread-safe.
std::vector<std::uint8_t> decompress(std::span<const std::uint8_t> bytes, std::size_t most, std::string_view what);

}  // namespace obscura::program
