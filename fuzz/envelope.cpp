#include "fuzz/envelope.h"

#include <sodium.h>

#include <algorithm>

#include "ckks/wire.h"

namespace obscura::fuzz {
namespace {

constexpr std::string_view kMagic("OBSCURA\0", 8);
constexpr std::size_t kKindAt = 10, kDigestAt = 12, kLengthAt = 44, kHeader = 52, kSum = 32;

ckks::Kind kind_of(const Bytes& file) {
  return static_cast<ckks::Kind>(file[kKindAt] | file[kKindAt + 1] << 8);
}

/// A number at a place of the payload, which is checked to be there.
std::uint64_t number(ByteSpan payload, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t{payload[at + i]} << (8 * i);
  return value;
}

void hash(std::span<std::uint8_t> out, ByteSpan bytes, std::string_view key) {
  crypto_generichash(out.data(), out.size(), bytes.data(), bytes.size(),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size());
}

/// The digest of the parameters that the payload begins with.
void mend_digest(Bytes& file) {
  constexpr std::size_t kFixed = 21;
  const ByteSpan payload = ByteSpan(file).subspan(kHeader, file.size() - ckks::kEnvelopeBytes);
  if (payload.size() < kFixed) return;
  const std::uint64_t size = kFixed + 8 * (number(payload, 13, 4) + number(payload, 17, 4));
  if (size > payload.size()) return;
  hash(std::span(file).subspan(kDigestAt, 32), payload.first(size), "obscura parameters");
}

/// The id of a query (message/messages.h), where its lists and ciphertexts are whole.
void mend_query(Bytes& file) {
  constexpr std::size_t kIdAt = 48, kImagesAt = 64, kChunksAt = 68, kSeed = 32;
  const Bytes payload(file.begin() + kHeader, file.end() - kSum);
  const auto fits = [&](std::uint64_t at, std::uint64_t bytes) {
    return at <= payload.size() && bytes <= payload.size() - at;
  };
  if (!fits(kChunksAt, 4)) return;
  const std::uint64_t plain_at = kChunksAt + 4 + 4 * number(payload, kChunksAt, 4);
  if (!fits(plain_at, 4)) return;
  const std::uint64_t batch_at = plain_at + 4 + 4 * number(payload, plain_at, 4);
  if (!fits(batch_at, ckks::kEnvelopeBytes + 4)) return;
  Bytes named(payload.begin(), payload.begin() + kIdAt);
  named.insert(named.end(), payload.begin() + kImagesAt, payload.begin() + kChunksAt);
  named.resize(named.size() + 4);
  // Ciphertexts of one batch have the same size.
  const std::uint64_t first = batch_at + kHeader + 4, count = number(payload, first - 4, 4);
  const std::uint64_t bytes = payload.size() - batch_at - ckks::kEnvelopeBytes - 4;
  if (count > bytes / (kSeed + 10)) return;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto seed = payload.begin() + static_cast<std::ptrdiff_t>(first + i * (bytes / count) + 10);
    named.insert(named.end(), seed, seed + kSeed);
  }
  named.insert(named.end(), payload.begin() + kChunksAt, payload.begin() + static_cast<std::ptrdiff_t>(batch_at));
  hash(std::span(file).subspan(kHeader + kIdAt, 16), named, "obscura query id");
}

}  // namespace

bool has_magic(ByteSpan bytes) {
  return bytes.size() >= kMagic.size() && std::ranges::equal(bytes.first(kMagic.size()), kMagic, {}, {},
                                                             [](char c) { return static_cast<std::uint8_t>(c); });
}

std::uint64_t payload_length(ByteSpan file) {
  return number(file, kLengthAt, 8);
}

bool is_envelope(ByteSpan file) {
  return file.size() >= ckks::kEnvelopeBytes && has_magic(file) &&
         payload_length(file) == file.size() - ckks::kEnvelopeBytes;
}

Bytes payload_of(const Bytes& file) {
  return {file.begin() + kHeader, file.end() - kSum};
}

void set_payload(Bytes& file, const Bytes& payload) {
  file.resize(kHeader);
  file.insert(file.end(), payload.begin(), payload.end());
  file.resize(file.size() + kSum);
}

Bytes digest_in(const Bytes& file) {
  return {file.begin() + kDigestAt, file.begin() + kLengthAt};
}

void set_digest(Bytes& file, const Bytes& digest) {
  std::ranges::copy(digest, file.begin() + kDigestAt);
}

void mend_envelope(Bytes& file) {
  if (file.size() < ckks::kEnvelopeBytes) return;
  const std::uint64_t length = file.size() - ckks::kEnvelopeBytes;
  for (std::size_t i = 0; i < 8; ++i) file[kLengthAt + i] = static_cast<std::uint8_t>(length >> (8 * i));
  switch (kind_of(file)) {
    case ckks::Kind::parameters:
    case ckks::Kind::public_key:
    case ckks::Kind::evaluation_keys:
    case ckks::Kind::secret_key:
      mend_digest(file);
      break;
    case ckks::Kind::query:
      mend_query(file);
      break;
    default:
      break;
  }
  hash(std::span(file).last(kSum), ByteSpan(file).first(file.size() - kSum), {});
}

}  // namespace obscura::fuzz
