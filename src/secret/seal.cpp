#include "secret/seal.h"

#include <sodium.h>

#include <algorithm>
#include <string>

#include "base/error.h"

namespace obscura::ckks {
namespace {

constexpr std::uint8_t kScheme = 1;
static_assert(sizeof(Seal::salt) == crypto_pwhash_argon2id_SALTBYTES);
static_assert(sizeof(Seal::nonce) == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);

std::string cost_text(const SealCost& cost) {
  return std::to_string(cost.passes) + " passes over " + std::to_string(cost.memory_kib) + " KiB";
}

std::string payable_text() {
  return cost_text(kLeastCost) + " to " + cost_text(kMostCost);
}

GuardedVector<std::uint8_t> stretch(const Seal& seal, const Passphrase& passphrase) {
  GuardedVector<std::uint8_t> key(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  const auto text = passphrase.text();
  if (crypto_pwhash(key.data(), key.size(), text.data(), text.size(), seal.salt.data(), seal.cost.passes,
                    std::size_t{1024} * seal.cost.memory_kib, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw Error("a passphrase takes " + std::to_string(seal.cost.memory_kib / 1024) +
                " MB of memory to check, which the system does not give: free some, or allow more (ulimit -v)");
  }
  return key;
}

}  // namespace

bool payable(const SealCost& cost) {
  return cost.passes >= kLeastCost.passes && cost.passes <= kMostCost.passes &&
         cost.memory_kib >= kLeastCost.memory_kib && cost.memory_kib <= kMostCost.memory_kib;
}

Seal fresh_seal(const Passphrase& passphrase, const SealCost& cost) {
  check_new_passphrase(passphrase);
  if (!payable(cost)) {
    throw ParameterError("a passphrase that takes " + cost_text(cost) + " to check, expected " + payable_text());
  }
  Seal seal{cost, {}, {}};
  // libsodium has started: the passphrase's memory is its own.
  randombytes_buf(seal.salt.data(), seal.salt.size());
  randombytes_buf(seal.nonce.data(), seal.nonce.size());
  return seal;
}

void put_seal(ByteWriter& out, const Seal& seal) {
  out.u8(kScheme);
  out.u32(seal.cost.passes);
  out.u32(seal.cost.memory_kib);
  out.raw(seal.salt);
  out.raw(seal.nonce);
}

Seal get_seal(ByteReader& in) {
  if (const auto scheme = in.u8(); scheme != kScheme) {
    in.fail("is sealed by scheme " + std::to_string(scheme) + ", expected " + std::to_string(kScheme));
  }
  Seal seal;
  seal.cost.passes = in.u32();
  seal.cost.memory_kib = in.u32();
  if (!payable(seal.cost)) in.fail("asks for " + cost_text(seal.cost) + " to open it, expected " + payable_text());
  std::ranges::copy(in.raw(seal.salt.size()), seal.salt.begin());
  std::ranges::copy(in.raw(seal.nonce.size()), seal.nonce.begin());
  return seal;
}

Bytes close_box(const Seal& seal, const Passphrase& passphrase, ByteSpan plain, ByteSpan before) {
  const auto under = stretch(seal, passphrase);
  Bytes box(plain.size() + kSealTag);
  crypto_aead_xchacha20poly1305_ietf_encrypt(box.data(), nullptr, plain.data(), plain.size(), before.data(),
                                             before.size(), nullptr, seal.nonce.data(), under.data());
  return box;
}

void open_box(const Seal& seal, const Passphrase& passphrase, ByteSpan box, ByteSpan before,
              std::span<std::uint8_t> plain, std::string_view what) {
  const auto under = stretch(seal, passphrase);
  if (box.size() != plain.size() + kSealTag ||
      crypto_aead_xchacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, box.data(), box.size(), before.data(),
                                                 before.size(), seal.nonce.data(), under.data()) != 0) {
    throw MismatchError(std::string(what) + " does not open with this passphrase (or somebody altered it)");
  }
}

}  // namespace obscura::ckks
