#include "remote/hash.h"

#include <algorithm>

#include "base/error.h"
#include "remote/key_source.h"

namespace obscura::remote {

Hasher::Hasher() {
  if (sodium_init() < 0) throw Error("libsodium cannot start");
  crypto_generichash_init(&state_, nullptr, 0, 32);
}

void Hasher::add(std::span<const std::uint8_t> bytes) {
  crypto_generichash_update(&state_, bytes.data(), bytes.size());
}

std::string Hasher::digits() {
  std::uint8_t digest[32];
  crypto_generichash_final(&state_, digest, sizeof digest);
  char text[2 * sizeof digest + 1];
  sodium_bin2hex(text, sizeof text, digest, sizeof digest);
  return text;
}

std::string hash_of(std::span<const std::uint8_t> bytes) {
  Hasher hasher;
  hasher.add(bytes);
  return hasher.digits();
}

std::string hash_of_file(const std::filesystem::path& file, const std::stop_token& stop) {
  return hash_of_keys(keys_of_file(file), stop);
}

bool is_hash(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace obscura::remote
