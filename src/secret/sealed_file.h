#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "ckks/wire.h"
#include "secret/passphrase.h"
#include "secret/seal.h"

/// Files of secrets that are no CKKS keys, under a passphrase:
///
///   file := "OBSEALED" version:u16 (1) content:u16 seal box        seal: secret/seal.h
///
/// The box is made of the whole file as it is when it is not sealed, and ends where the file ends; everything before it
/// is authenticated with it. So there is no checksum: damage and a wrong passphrase look the same. What it holds and
/// how long that is can be read without the passphrase.
namespace obscura::ckks {

/// What a sealed file holds; in files by number.
enum class Secret : std::uint16_t {
  search_record = 1,  ///< what an owner keeps of a question to a gallery
  shield_key = 2,     ///< the key of a shield
};

/// "the record of a search", "the key of a shield".
std::string_view secret_name(Secret content);

struct SealedFile : Seal {
  Secret content{};
  Bytes box;
};

/// A fresh salt and nonce each time. Throws as fresh_seal() and close_box().
SealedFile seal(Secret content, ByteSpan plain, const Passphrase& passphrase, const SealCost& cost = kModerateCost);
/// Throws MismatchError for another passphrase, or where anything was altered.
WipedVector<std::uint8_t> unseal(const SealedFile& sealed, const Passphrase& passphrase, std::string_view what);

Bytes write_sealed_file(const SealedFile& sealed);
/// Throws FormatError.
SealedFile read_sealed_file(ByteSpan bytes, std::string_view what);

/// Whether bytes begin as such a file does.
bool begins_sealed_file(ByteSpan start);
/// The same of a file that there is. Throws IoError.
bool is_sealed_file(const std::filesystem::path& path);

/// To and from a file that only its owner may read (mode 0600), written in one step, sealed where `sealing` says so.
/// Loading takes such files sealed or not, of at most `most` bytes, and asks for a passphrase only where it needs one;
/// it does not look at what the bytes say. Throws IoError; FormatError for a sealed file that holds something else;
/// MismatchError where a passphrase is missing or wrong, and for one that is missing in `sealing`, UsageError.
void save_secret(const std::filesystem::path& path, Secret content, ByteSpan plain, const Sealing& sealing);
WipedVector<std::uint8_t> load_secret(const std::filesystem::path& path, Secret content,
                                      const PassphraseSource& passphrase, std::size_t most);

/// The same bytes in the same file, sealed anew, or no longer where `sealing` does not seal. What is written is opened
/// again, in memory, before it takes the old file's place in one step; a link is followed. Throws as both of the above.
void reseal_secret(const std::filesystem::path& path, Secret content, const PassphraseSource& now,
                   const Sealing& sealing, std::size_t most);

}  // namespace obscura::ckks
