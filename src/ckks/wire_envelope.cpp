#include <sodium.h>

#include <algorithm>
#include <array>
#include <string>

#include "ckks/wire_parts.h"

namespace obscura::ckks {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic{'O', 'B', 'S', 'C', 'U', 'R', 'A', 0};
constexpr std::size_t kHeaderBytes = 52;
constexpr std::size_t kLengthAt = 44;
constexpr std::size_t kChecksumBytes = wire::RunningChecksum::kBytes;
static_assert(kHeaderBytes + kChecksumBytes == kEnvelopeBytes);

using Checksum = std::array<std::uint8_t, kChecksumBytes>;

Checksum checksum_of(ByteSpan bytes) {
  Checksum sum;
  crypto_generichash(sum.data(), sum.size(), bytes.data(), bytes.size(), nullptr, 0);
  return sum;
}

void check_length(const ByteReader& in, std::uint64_t length, std::size_t left) {
  if (left < kChecksumBytes || length > left - kChecksumBytes) {
    in.fail("is truncated: its header announces a payload of " + std::to_string(length) + " bytes, " +
            std::to_string(left < kChecksumBytes ? 0 : left - kChecksumBytes) + " are there");
  }
  if (length < left - kChecksumBytes) {
    in.fail("has " + std::to_string(left - kChecksumBytes - length) + " bytes too many");
  }
}

void put_length(Bytes& file, std::uint64_t length) {
  for (std::size_t i = 0; i < 8; ++i) file[kLengthAt + i] = static_cast<std::uint8_t>(length >> (8 * i));
}

void require_version(const ByteReader& in, Kind kind, std::uint16_t version) {
  const std::uint16_t expected = wire_version(kind);
  if (version == expected) return;
  in.fail("holds " + std::string(kind_name(kind)) + " in version " + std::to_string(version) +
          " of the format, expected " + std::to_string(expected) +
          (version < expected ? ": an older Obscura made it; make it, and the keys that it belongs to, again"
                              : ": a newer Obscura made it; read it with that one"));
}

}  // namespace

std::uint16_t wire_version(Kind kind) {
  switch (kind) {
    case Kind::public_key:
    case Kind::evaluation_keys:
    case Kind::answer:
    case Kind::client:
      return 2;
    case Kind::query:
      return 3;
    default:
      return 1;
  }
}

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::parameters:
      return "parameters";
    case Kind::ciphertext:
      return "a ciphertext";
    case Kind::seeded_ciphertext:
      return "a fresh (seeded) ciphertext";
    case Kind::compact_ciphertext:
      return "a compact ciphertext";
    case Kind::ciphertext_batch:
      return "a batch of ciphertexts";
    case Kind::seeded_batch:
      return "a batch of fresh (seeded) ciphertexts";
    case Kind::compact_batch:
      return "a batch of compact ciphertexts";
    case Kind::public_key:
      return "a public key";
    case Kind::evaluation_keys:
      return "evaluation keys";
    case Kind::secret_key:
      return "a secret key";
    case Kind::program:
      return "a compiled program";
    case Kind::answer:
      return "an encrypted answer";
    case Kind::query:
      return "an encrypted query";
    case Kind::client:
      return "the client spec of a program";
    case Kind::query_record:
      return "an owner's record of a query";
    case Kind::encrypted_gallery:
      return "the head of an encrypted gallery";
    case Kind::gallery_card:
      return "the card of a gallery";
    case Kind::gallery_query:
      return "an encrypted question to a gallery";
    case Kind::gallery_answer:
      return "encrypted scores of a gallery";
    case Kind::fetch_query:
      return "a private fetch";
    case Kind::fetch_answer:
      return "the answer to a private fetch";
    case Kind::fetch_hint:
      return "the hint of a gallery";
    case Kind::search_record:
      return "an owner's record of a search";
    case Kind::trusted_card:
      return "the card of a trusted server";
    case Kind::trusted_query:
      return "a question to a trusted server";
    case Kind::trusted_answer:
      return "the answer of a trusted server";
    case Kind::sealed_secret_key:
      return "a secret key sealed with a passphrase";
  }
  return "something unknown";
}

Bytes seal_envelope(Kind kind, const Digest& digest, ByteSpan payload) {
  ByteWriter out = wire::begin_envelope(kind, digest, payload.size());
  out.raw(payload);
  return wire::finish_envelope(out);
}

Envelope open_envelope(ByteSpan bytes, std::string_view what) {
  ByteReader in(bytes, std::string(what));
  const wire::Header header = wire::get_header(in, bytes, bytes.size());
  const Envelope envelope{header.kind, header.digest, in.raw(header.payload_bytes)};
  const Checksum sum = checksum_of(bytes.first(kHeaderBytes + envelope.payload.size()));
  if (!std::ranges::equal(in.raw(kChecksumBytes), sum)) in.fail("was altered or damaged: its checksum is wrong");
  return envelope;
}

Envelope open_envelope(ByteSpan bytes, Kind expected, std::string_view what) {
  const Envelope envelope = open_envelope(bytes, what);
  if (envelope.kind != expected) {
    throw FormatError(std::string(what) + " holds " + std::string(kind_name(envelope.kind)) + ", expected " +
                      std::string(kind_name(expected)));
  }
  return envelope;
}

namespace wire {

Kind get_kind(ByteReader& in, ByteSpan bytes) {
  const auto magic = bytes.subspan(0, std::min(bytes.size(), kMagic.size()));
  if (bytes.empty() || !std::equal(magic.begin(), magic.end(), kMagic.begin())) in.fail("is not a file of Obscura");
  if (bytes.size() < kEnvelopeBytes) {
    in.fail("is truncated: " + std::to_string(bytes.size()) + " bytes, expected at least " +
            std::to_string(kEnvelopeBytes));
  }
  in.raw(kMagic.size());
  const std::uint16_t version = in.u16(), kind = in.u16();
  if (kind < static_cast<std::uint16_t>(Kind::parameters) ||
      kind > static_cast<std::uint16_t>(Kind::sealed_secret_key)) {
    in.fail("holds something unknown (kind " + std::to_string(kind) + ")");
  }
  require_version(in, static_cast<Kind>(kind), version);
  return static_cast<Kind>(kind);
}

Header get_header(ByteReader& in, ByteSpan start, std::size_t size) {
  Header header;
  header.kind = get_kind(in, start);
  std::ranges::copy(in.raw(header.digest.size()), header.digest.begin());
  const std::uint64_t length = in.u64();
  check_length(in, length, size - kHeaderBytes);
  header.payload_bytes = static_cast<std::size_t>(length);
  return header;
}

Bytes envelope_head(Kind kind, const Digest& digest, std::size_t payload_bytes) {
  ByteWriter out = begin_envelope(kind, digest, 0);
  put_length(out.bytes(), payload_bytes);
  return out.take();
}

RunningChecksum::RunningChecksum() {
  crypto_generichash_init(state_.get(), nullptr, 0, kBytes);
}

void RunningChecksum::add(ByteSpan bytes) {
  crypto_generichash_update(state_.get(), bytes.data(), bytes.size());
}

Checksum RunningChecksum::finish() {
  Checksum sum;
  crypto_generichash_final(state_.get(), sum.data(), sum.size());
  return sum;
}

ByteWriter begin_envelope(Kind kind, const Digest& digest, std::size_t payload_bytes) {
  ByteWriter out;
  out.bytes().reserve(payload_bytes + kEnvelopeBytes);
  for (const std::uint8_t byte : kMagic) out.u8(byte);
  out.u16(wire_version(kind));
  out.u16(static_cast<std::uint16_t>(kind));
  out.raw(digest);
  out.u64(0);  // the length, known at the end
  return out;
}

Bytes finish_envelope(ByteWriter& out) {
  put_length(out.bytes(), out.size() - kHeaderBytes);
  out.raw(checksum_of(out.bytes()));
  return out.take();
}

ByteReader open_payload(const Context& context, ByteSpan bytes, Kind kind, std::string_view what) {
  const Envelope envelope = open_envelope(bytes, kind, what);
  require_context(context, envelope.digest, what);
  return {envelope.payload, std::string(what)};
}

}  // namespace wire
}  // namespace obscura::ckks
