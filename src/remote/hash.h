#pragma once

#include <sodium.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <string>

namespace obscura::remote {

/// BLAKE2b-256, by which the service names files: 64 lower-case hex digits.
class Hasher {
 public:
  Hasher();
  void add(std::span<const std::uint8_t> bytes);
  /// Once.
  std::string digits();

 private:
  crypto_generichash_state state_;
};

std::string hash_of(std::span<const std::uint8_t> bytes);
/// Of a file that is never whole in memory. Throws IoError, and CancelledError once `stop` is asked for.
std::string hash_of_file(const std::filesystem::path& file, const std::stop_token& stop = {});

/// Whether it could be one.
bool is_hash(const std::string& text);

}  // namespace obscura::remote
