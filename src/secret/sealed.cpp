#include "secret/sealed.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "ckks/wire_parts.h"
#include "secret/packed_coefficients.h"
#include "secret/wire.h"

namespace obscura::ckks {
namespace {

constexpr std::size_t kFixedBytes = 16 + kSealBytes;  // between parameters and box

std::size_t packed_size(const Parameters& parameters) {
  return (std::size_t{1} << parameters.log_degree) / kCoefficientsPerByte;
}

/// What comes before the box, which is what the box authenticates.
ByteWriter before_box(const SealedSecretKey& sealed) {
  const Bytes parameters = canonical_bytes(sealed.parameters);
  const std::size_t payload = parameters.size() + kFixedBytes + packed_size(sealed.parameters) + kSealTag;
  ByteWriter out;
  out.raw(wire::envelope_head(Kind::sealed_secret_key, digest_of(sealed.parameters), payload));
  out.raw(parameters);
  out.raw(sealed.key);
  put_seal(out, sealed);
  return out;
}

}  // namespace

SealedSecretKey seal(const SecretKey& key, const Passphrase& passphrase, const SealCost& cost) {
  const Parameters& parameters = key.context()->parameters();
  SealedSecretKey sealed{fresh_seal(passphrase, cost), parameters, key.id(), {}};
  GuardedVector<std::uint8_t> packed(packed_size(parameters));
  pack_coefficients(key.coefficients(), packed);
  sealed.box = close_box(sealed, passphrase, packed, before_box(sealed).bytes());
  return sealed;
}

SecretKey unseal(const SealedSecretKey& sealed, const Passphrase& passphrase, std::string_view what) {
  GuardedVector<std::uint8_t> packed(packed_size(sealed.parameters));
  open_box(sealed, passphrase, sealed.box, before_box(sealed).bytes(), packed, what);
  const ByteReader in(packed, std::string(what));
  SecretKey key(context_of_file(sealed.parameters, what), unpack_coefficients(packed, in));
  if (key.id() != sealed.key) in.fail("names another key than it holds");
  return key;
}

Bytes write_sealed_secret_key(const SealedSecretKey& sealed) {
  if (!payable(sealed.cost) || sealed.box.size() != packed_size(sealed.parameters) + kSealTag) {
    throw FormatError("a sealed secret key that no reader would take");
  }
  ByteWriter out = before_box(sealed);
  out.raw(sealed.box);
  return wire::finish_envelope(out);
}

SealedSecretKey read_sealed_secret_key(ByteSpan bytes, std::string_view what) {
  const Envelope envelope = open_envelope(bytes, Kind::sealed_secret_key, what);
  ByteReader in(envelope.payload, std::string(what));
  SealedSecretKey sealed;
  sealed.parameters = wire::get_parameters(in, envelope.digest, what);
  sealed.key = wire::get_key_id(in);
  static_cast<Seal&>(sealed) = get_seal(in);
  const std::size_t box = packed_size(sealed.parameters) + kSealTag;
  if (in.left() != box) {
    in.fail("has " + std::to_string(in.left()) + " sealed bytes, expected " + std::to_string(box));
  }
  const auto raw = in.raw(box);
  sealed.box.assign(raw.begin(), raw.end());
  return sealed;
}

}  // namespace obscura::ckks
