#include "secret/sealed.h"

#include <sodium.h>

#include <algorithm>
#include <string>

#include "base/error.h"
#include "ckks/wire_parts.h"
#include "secret/packed_coefficients.h"
#include "secret/wire.h"

namespace obscura::ckks {
namespace {

constexpr std::uint8_t kScheme = 1;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kFixedBytes = 16 + 1 + 4 + 4 + 16 + 24;  // between parameters and box
static_assert(sizeof(SealedSecretKey::salt) == crypto_pwhash_argon2id_SALTBYTES);
static_assert(sizeof(SealedSecretKey::nonce) == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);

bool payable(const SealCost& cost) {
  return cost.passes >= kLeastCost.passes && cost.passes <= kMostCost.passes &&
         cost.memory_kib >= kLeastCost.memory_kib && cost.memory_kib <= kMostCost.memory_kib;
}

std::string cost_text(const SealCost& cost) {
  return std::to_string(cost.passes) + " passes over " + std::to_string(cost.memory_kib) + " KiB";
}

std::size_t packed_size(const Parameters& parameters) {
  return (std::size_t{1} << parameters.log_degree) / kCoefficientsPerByte;
}

/// What comes before the box, which is what the box authenticates.
ByteWriter before_box(const SealedSecretKey& sealed) {
  const Bytes parameters = canonical_bytes(sealed.parameters);
  const std::size_t payload = parameters.size() + kFixedBytes + packed_size(sealed.parameters) + kTag;
  ByteWriter out;
  out.raw(wire::envelope_head(Kind::sealed_secret_key, digest_of(sealed.parameters), payload));
  out.raw(parameters);
  out.raw(sealed.key);
  out.u8(kScheme);
  out.u32(sealed.cost.passes);
  out.u32(sealed.cost.memory_kib);
  out.raw(sealed.salt);
  out.raw(sealed.nonce);
  return out;
}

GuardedVector<std::uint8_t> stretch(const SealedSecretKey& sealed, const Passphrase& passphrase) {
  GuardedVector<std::uint8_t> key(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  const auto text = passphrase.text();
  if (crypto_pwhash(key.data(), key.size(), text.data(), text.size(), sealed.salt.data(), sealed.cost.passes,
                    std::size_t{1024} * sealed.cost.memory_kib, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw Error("a passphrase takes " + std::to_string(sealed.cost.memory_kib / 1024) +
                " MB of memory to check, which the system does not give: free some, or allow more (ulimit -v)");
  }
  return key;
}

}  // namespace

SealedSecretKey seal(const SecretKey& key, const Passphrase& passphrase, const SealCost& cost) {
  check_new_passphrase(passphrase);
  if (!payable(cost)) {
    throw ParameterError("a passphrase that takes " + cost_text(cost) + " to check, expected " + cost_text(kLeastCost) +
                         " to " + cost_text(kMostCost));
  }
  const Parameters& parameters = key.context()->parameters();
  SealedSecretKey sealed{parameters, key.id(), cost, {}, {}, Bytes(packed_size(parameters) + kTag)};
  const auto under = [&] {  // libsodium has started: the key's memory is its own
    randombytes_buf(sealed.salt.data(), sealed.salt.size());
    randombytes_buf(sealed.nonce.data(), sealed.nonce.size());
    return stretch(sealed, passphrase);
  }();
  GuardedVector<std::uint8_t> packed(packed_size(parameters));
  pack_coefficients(key.coefficients(), packed);
  ByteWriter head = before_box(sealed);
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.box.data(), nullptr, packed.data(), packed.size(),
                                             head.bytes().data(), head.size(), nullptr, sealed.nonce.data(),
                                             under.data());
  return sealed;
}

SecretKey unseal(const SealedSecretKey& sealed, const Passphrase& passphrase, std::string_view what) {
  const auto under = stretch(sealed, passphrase);
  GuardedVector<std::uint8_t> packed(packed_size(sealed.parameters));
  ByteWriter head = before_box(sealed);
  if (sealed.box.size() != packed.size() + kTag ||
      crypto_aead_xchacha20poly1305_ietf_decrypt(packed.data(), nullptr, nullptr, sealed.box.data(), sealed.box.size(),
                                                 head.bytes().data(), head.size(), sealed.nonce.data(),
                                                 under.data()) != 0) {
    throw MismatchError(std::string(what) + " does not open with this passphrase (or somebody altered it)");
  }
  const ByteReader in(packed, std::string(what));
  SecretKey key(context_of_file(sealed.parameters, what), unpack_coefficients(packed, in));
  if (key.id() != sealed.key) in.fail("names another key than it holds");
  return key;
}

Bytes write_sealed_secret_key(const SealedSecretKey& sealed) {
  if (!payable(sealed.cost) || sealed.box.size() != packed_size(sealed.parameters) + kTag) {
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
  if (const auto scheme = in.u8(); scheme != kScheme) {
    in.fail("is sealed by scheme " + std::to_string(scheme) + ", expected " + std::to_string(kScheme));
  }
  sealed.cost.passes = in.u32();
  sealed.cost.memory_kib = in.u32();
  if (!payable(sealed.cost)) {
    in.fail("asks for " + cost_text(sealed.cost) + " to open it, expected " + cost_text(kLeastCost) + " to " +
            cost_text(kMostCost));
  }
  std::ranges::copy(in.raw(sealed.salt.size()), sealed.salt.begin());
  std::ranges::copy(in.raw(sealed.nonce.size()), sealed.nonce.begin());
  const std::size_t box = packed_size(sealed.parameters) + kTag;
  if (in.left() != box) {
    in.fail("has " + std::to_string(in.left()) + " sealed bytes, expected " + std::to_string(box));
  }
  const auto raw = in.raw(box);
  sealed.box.assign(raw.begin(), raw.end());
  return sealed;
}

}  // namespace obscura::ckks
