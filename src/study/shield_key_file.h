#pragma once

#include <cstddef>
#include <filesystem>

#include "secret/passphrase.h"
#include "shield/key.h"

/// The owner's key of a shield as a file (shield/key.h), which may be sealed with a passphrase (secret/sealed_file.h).
namespace obscura::study {

/// Largest file of a key: three matrices for blocks of 16 take 4 MB.
inline constexpr std::size_t kMostShieldKeyBytes = std::size_t{1} << 24;

/// A new file, readable by its owner only (mode 0600), sealed where `sealing` says so. Throws IoError if there is one
/// already, as what it protected could not be revealed; and what ckks::save_secret() throws.
void save_shield_key(const std::filesystem::path& path, const shield::Key& key, const ckks::Sealing& sealing);

/// A key that is sealed, or not. Asks for a passphrase only where it needs one; throws MismatchError where one was
/// given on purpose (`seal_new`) and the file is not sealed, as whoever gives it thinks that it is. Throws what
/// ckks::load_secret() and shield::parse_key() throw.
shield::Key load_shield_key(const std::filesystem::path& path, const ckks::Sealing& sealing);

}  // namespace obscura::study
