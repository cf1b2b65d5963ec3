// Seals that are mended, so that changes reach what stands behind them.
#include <sodium.h>
#include <zlib.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "ckks/digest.h"
#include "ckks/wire.h"
#include "fuzz/envelope.h"
#include "fuzz/mutate.h"
#include "program/compressed.h"

namespace obscura::fuzz {
namespace {

constexpr std::size_t kSumBytes = 32;

/// A file within a file's payload.
struct Inner {
  std::size_t at = 0, size = 0;
};

/// The first one, if there is any.
std::optional<Inner> find_inner(const Bytes& payload) {
  const ByteSpan all(payload);
  for (std::size_t at = 1; at + ckks::kEnvelopeBytes <= all.size(); ++at) {
    if (all[at] != 'O' || !has_magic(all.subspan(at))) continue;
    const std::uint64_t length = payload_length(all.subspan(at));
    if (length <= all.size() - at - ckks::kEnvelopeBytes) {
      return Inner{at, static_cast<std::size_t>(length) + ckks::kEnvelopeBytes};
    }
  }
  return std::nullopt;
}

std::uint32_t number_at(const Bytes& bytes, std::size_t at) {
  return bytes[at] | std::uint32_t{bytes[at + 1]} << 8 | std::uint32_t{bytes[at + 2]} << 16 |
         std::uint32_t{bytes[at + 3]} << 24;
}

void put_number(Bytes& bytes, std::size_t at, std::size_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

void change_envelope(Bytes& file, const Change& change, Random& random);

/// Changes the file within, and the length in front of it where there is one.
void change_inner(Bytes& file, Bytes& payload, const Inner& inner, const Change& change, Random& random) {
  const auto from = payload.begin() + static_cast<std::ptrdiff_t>(inner.at);
  const auto to = from + static_cast<std::ptrdiff_t>(inner.size);
  Bytes within(from, to);
  const Bytes digest = digest_in(within);
  change_envelope(within, change, random);
  if (inner.at >= 4 && number_at(payload, inner.at - 4) == inner.size) put_number(payload, inner.at - 4, within.size());
  payload.erase(from, to);
  payload.insert(payload.begin() + static_cast<std::ptrdiff_t>(inner.at), within.begin(), within.end());
  // Where the outer file is under the digest of the parameters within.
  if (digest == digest_in(file) && within.size() >= ckks::kEnvelopeBytes) set_digest(file, digest_in(within));
}

void change_envelope(Bytes& file, const Change& change, Random& random) {
  if (!is_envelope(file) || random() % 32 == 0) {
    change(file);
    if (random() % 2 == 0) mend_envelope(file);
    return;
  }
  Bytes payload = payload_of(file);
  const auto inner = find_inner(payload);
  if (inner && random() % 2 == 0) {
    change_inner(file, payload, *inner, change, random);
  } else {
    change(payload);
  }
  set_payload(file, payload);
  mend_envelope(file);
}

/// The compressed body of a program, changed and compressed again.
void change_program(Bytes& file, const Change& change, Random& random) {
  if (!is_envelope(file) || random() % 8 == 0) return change_envelope(file, change, random);
  Bytes payload = payload_of(file);
  if (payload.size() < kProgramHead) return change_envelope(file, change, random);
  const auto head = static_cast<std::ptrdiff_t>(kProgramHead);
  Bytes body;
  try {
    body = program::decompress(ByteSpan(payload).subspan(kProgramHead), std::size_t{1} << 24, "body");
  } catch (const Error&) {
    return change_envelope(file, change, random);
  }
  if (const auto inner = find_inner(body); inner && random() % 4 == 0) {
    change_inner(file, body, *inner, change, random);
  } else {
    change(body);
  }
  const Bytes packed = program::compress(body);
  payload.resize(kProgramHead);
  payload.insert(payload.begin() + head, packed.begin(), packed.end());
  set_payload(file, payload);
  mend_envelope(file);
}

/// Bytes with `sum` of their hash behind.
void change_summed(Bytes& file, std::size_t sum, const Change& change, Random& random) {
  if (file.size() < sum || random() % 32 == 0) return change(file);
  file.resize(file.size() - sum);
  change(file);
  Bytes hash(sum);
  crypto_generichash(hash.data(), sum, file.data(), file.size(), nullptr, 0);
  file.insert(file.end(), hash.begin(), hash.end());
}

/// The checksum of every chunk that is whole.
void mend_png(Bytes& file) {
  constexpr std::size_t kSignature = 8, kAround = 12;
  for (std::size_t at = kSignature; at + kAround <= file.size();) {
    const std::size_t length =
        std::size_t{file[at]} << 24 | std::size_t{file[at + 1]} << 16 | std::size_t{file[at + 2]} << 8 | file[at + 3];
    if (length > file.size() - at - kAround) return;
    const auto sum = crc32(0, &file[at + 4], static_cast<uInt>(length + 4));
    for (std::size_t i = 0; i < 4; ++i) file[at + 8 + length + i] = static_cast<std::uint8_t>(sum >> (8 * (3 - i)));
    at += kAround + length;
  }
}

}  // namespace

void change_sealed(Seal seal, Bytes& input, const Change& change, Random& random) {
  switch (seal) {
    case Seal::none:
      return change(input);
    case Seal::envelope:
      return change_envelope(input, change, random);
    case Seal::program:
      return change_program(input, change, random);
    case Seal::shield:
      change_summed(input, kSumBytes, change, random);
      return;
    case Seal::selection:
      change_summed(input, kSumBytes / 2, change, random);
      return;
    case Seal::png:
      change(input);
      if (random() % 16 != 0) mend_png(input);
  }
}

}  // namespace obscura::fuzz
