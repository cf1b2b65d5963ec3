#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace obscura::remote {

/// The bytes of evaluation keys, wherever they lie: `read` fills `to` with those from `offset` on, or throws.
struct KeySource {
  std::uint64_t size = 0;
  std::function<void(std::uint64_t offset, std::span<std::uint8_t> to)> read;
};

/// Of a file, which is read in pieces and never whole in memory. Throws IoError where there is none; reading does where
/// it has become shorter.
KeySource keys_of_file(const std::filesystem::path& file);
/// Of bytes in memory, which outlive it.
KeySource keys_of(std::span<const std::uint8_t> bytes);

/// BLAKE2b-256 of all bytes, hex. Throws what reading does, and CancelledError once `stop` is asked for.
std::string hash_of_keys(const KeySource& keys, const std::stop_token& stop = {});

/// Makes or opens keys when they are needed, and not before.
using KeyProvider = std::function<KeySource()>;

}  // namespace obscura::remote
