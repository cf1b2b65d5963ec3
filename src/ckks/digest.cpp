#include "ckks/digest.h"

#include <sodium.h>

#include <string_view>

#include "base/bytes.h"

namespace obscura::ckks {

std::vector<std::uint8_t> canonical_bytes(const Parameters& parameters) {
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(parameters.log_degree));
  out.u64(parameters.digit_size);
  out.u8(parameters.insecure ? 1 : 0);
  out.u32(static_cast<std::uint32_t>(parameters.q.size()));
  out.u32(static_cast<std::uint32_t>(parameters.p.size()));
  for (const std::uint64_t prime : parameters.q) out.u64(prime);
  for (const std::uint64_t prime : parameters.p) out.u64(prime);
  return out.take();
}

Digest digest_of(const Parameters& parameters) {
  constexpr std::string_view kKey = "obscura parameters";
  static_assert(kKey.size() >= crypto_generichash_KEYBYTES_MIN);
  const auto bytes = canonical_bytes(parameters);
  Digest digest;
  crypto_generichash(digest.data(), digest.size(), bytes.data(), bytes.size(),
                     reinterpret_cast<const unsigned char*>(kKey.data()), kKey.size());
  return digest;
}

std::string short_hex(const Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < 4; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

}  // namespace obscura::ckks
