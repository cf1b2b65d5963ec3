#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

namespace obscura {

/// Takes bytes in order: a file, a checksum.
using ByteSink = std::function<void(std::span<const std::uint8_t>)>;

/// Gives `size` bytes in order: `read` fills what it gets, or throws.
struct ByteSource {
  std::size_t size = 0;
  std::function<void(std::span<std::uint8_t>)> read;
};

/// The first bytes of a file, at most `count`. Throws IoError.
std::vector<std::uint8_t> read_start(const std::filesystem::path& path, std::size_t count);

/// A file that is read from its start to its end, piece by piece, so that it is never whole in memory. The source reads
/// on where it was left, and throws IoError where the file has become shorter. Throws IoError if there is none.
ByteSource open_source(const std::filesystem::path& path);
/// The same for bytes in memory, which outlive it.
ByteSource source_of(std::span<const std::uint8_t> bytes);

/// As write_file (base/file.h), of bytes that `produce` gives to its sink piece by piece.
void write_pieces(const std::filesystem::path& path, const std::function<void(const ByteSink&)>& produce);

}  // namespace obscura
