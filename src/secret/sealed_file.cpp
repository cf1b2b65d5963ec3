#include "secret/sealed_file.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "base/file_stream.h"

namespace obscura::ckks {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::uint8_t, 8> kMagic{'O', 'B', 'S', 'E', 'A', 'L', 'E', 'D'};
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kHeadBytes = kMagic.size() + 2 + 2 + kSealBytes;

/// What comes before the box, which is what the box authenticates.
ByteWriter before_box(const SealedFile& sealed) {
  ByteWriter out;
  out.raw(kMagic);
  out.u16(kVersion);
  out.u16(static_cast<std::uint16_t>(sealed.content));
  put_seal(out, sealed);
  return out;
}

bool is_known(std::uint16_t content) {
  return content == static_cast<std::uint16_t>(Secret::search_record) ||
         content == static_cast<std::uint16_t>(Secret::shield_key);
}

WipedVector<std::uint8_t> opened(ByteSpan bytes, Secret content, const PassphraseSource& passphrase,
                                 const std::string& what) {
  if (!begins_sealed_file(bytes)) return {bytes.begin(), bytes.end()};
  const SealedFile sealed = read_sealed_file(bytes, what);
  if (sealed.content != content) {
    throw FormatError(what + " holds " + std::string(secret_name(sealed.content)) + ", sealed, expected " +
                      std::string(secret_name(content)));
  }
  if (!passphrase) throw MismatchError(what + " is sealed with a passphrase, and none was given");
  return unseal(sealed, passphrase(what, PassphraseUse::open), what);
}

Bytes closed(const fs::path& path, Secret content, ByteSpan plain, const Sealing& sealing) {
  if (!sealing.passphrase) throw UsageError(path.string() + " is to be sealed, and there is no passphrase");
  return write_sealed_file(seal(content, plain, sealing.passphrase(path.string(), PassphraseUse::seal), sealing.cost));
}

}  // namespace

std::string_view secret_name(Secret content) {
  return content == Secret::search_record ? "the record of a search" : "the key of a shield";
}

SealedFile seal(Secret content, ByteSpan plain, const Passphrase& passphrase, const SealCost& cost) {
  SealedFile sealed{fresh_seal(passphrase, cost), content, {}};
  sealed.box = close_box(sealed, passphrase, plain, before_box(sealed).bytes());
  return sealed;
}

WipedVector<std::uint8_t> unseal(const SealedFile& sealed, const Passphrase& passphrase, std::string_view what) {
  WipedVector<std::uint8_t> plain(sealed.box.size() - std::min(sealed.box.size(), kSealTag));
  open_box(sealed, passphrase, sealed.box, before_box(sealed).bytes(), plain, what);
  return plain;
}

Bytes write_sealed_file(const SealedFile& sealed) {
  ByteWriter out = before_box(sealed);
  out.raw(sealed.box);
  return out.take();
}

SealedFile read_sealed_file(ByteSpan bytes, std::string_view what) {
  ByteReader in(bytes, std::string(what));
  if (!begins_sealed_file(bytes)) in.fail("is no file that a passphrase seals");
  in.raw(kMagic.size());
  if (const auto version = in.u16(); version != kVersion) {
    in.fail("is a sealed file of version " + std::to_string(version) + ", expected " + std::to_string(kVersion));
  }
  const auto content = in.u16();
  if (!is_known(content)) in.fail("is a sealed file of something unknown (" + std::to_string(content) + ")");
  SealedFile sealed{get_seal(in), static_cast<Secret>(content), {}};
  if (in.left() < kSealTag) in.fail("is truncated: " + std::to_string(in.left()) + " sealed bytes");
  const auto box = in.raw(in.left());
  sealed.box.assign(box.begin(), box.end());
  return sealed;
}

bool begins_sealed_file(ByteSpan start) {
  return start.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), start.begin());
}

bool is_sealed_file(const fs::path& path) {
  return begins_sealed_file(read_start(path, kMagic.size()));
}

void save_secret(const fs::path& path, Secret content, ByteSpan plain, const Sealing& sealing) {
  if (!sealing.seal_new) return write_secret_file(path, plain);
  write_secret_file(path, closed(path, content, plain, sealing));
}

WipedVector<std::uint8_t> load_secret(const fs::path& path, Secret content, const PassphraseSource& passphrase,
                                      std::size_t most) {
  Bytes file = read_file(path, most + kHeadBytes + kSealTag);
  const WipeAtEnd wiped(file);
  return opened(file, content, passphrase, path.string());
}

void reseal_secret(const fs::path& path, Secret content, const PassphraseSource& now, const Sealing& sealing,
                   std::size_t most) {
  std::error_code ec;
  const auto file = fs::canonical(path, ec);
  if (ec) throw IoError("cannot read " + path.string() + ": " + ec.message());
  const auto plain = load_secret(file, content, now, most);
  if (!sealing.seal_new) return write_secret_file(file, plain);
  std::optional<Passphrase> next;  // asked for once, used twice
  const Sealing kept{[&](const std::string& what, PassphraseUse use) {
                       if (!next) next = sealing.passphrase(what, use);
                       return *next;
                     },
                     true, sealing.cost};
  const Bytes made = closed(file, content, plain, sealing.passphrase ? kept : sealing);
  const auto again = opened(made, content, kept.passphrase, file.string());
  if (!std::ranges::equal(again, plain)) {
    throw Error(file.string() + " did not come back as it went: nothing was written");
  }
  write_secret_file(file, made);
}

}  // namespace obscura::ckks
