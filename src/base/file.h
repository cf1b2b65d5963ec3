#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obscura {

/// 16 GiB, where so much can be counted.
inline constexpr std::size_t kMostFileBytes = std::size_t{1} << (sizeof(std::size_t) == 8 ? 34 : 31);

/// The whole file as bytes. Throws IoError if it cannot be read or is larger than `max_bytes`.
std::vector<std::uint8_t> read_file(const std::filesystem::path& path, std::size_t max_bytes = kMostFileBytes);

/// Writes beside `path` (base/pending.h) and renames over it, so that a reader, or who comes after a power cut, sees
/// the old file or the whole new one. Leaves nothing behind on failure. A link is replaced, and what it pointed to left
/// alone; a device or pipe is written to as it is. Throws IoError (full disk, missing folder, permission).
void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);
void write_file(const std::filesystem::path& path, std::string_view text);

/// As write_file, readable and writable by the owner only (mode 0600) from the first byte on: for secret keys. When it
/// returns, the disk has the file under its name.
void write_secret_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);

}  // namespace obscura
