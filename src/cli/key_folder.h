#pragma once

#include <cstdint>
#include <filesystem>

#include "ckks/keys.h"
#include "owner/owner.h"

/// What the owner's verbs do with a folder of keys beyond reading it.
namespace obscura::cli {

/// From this many decrypted ciphertexts on, `decrypt` reminds that results are for the owner only, or new keys are
/// due: so many are what OpenFHE's default parameters are meant to bear being shared.
inline constexpr std::uint64_t kDecryptionsBeforeNote = 128;

/// owner::save_keys, all files or none: they are written into a folder beside and moved when they are whole.
/// Throws IoError if there is a secret key already and `force` is not set, because what was encrypted with it would be
/// lost. The count of decryptions begins at 0 again.
void put_keys(const std::filesystem::path& folder, const owner::Owner& owner, const ckks::SeededEvaluationKeys& keys,
              bool force);
/// The first half of that check, before minutes of key generation.
void check_key_folder(const std::filesystem::path& folder, bool force);

/// Adds to the folder's count of decrypted ciphertexts and returns the sum. The count is a line of text in the file
/// `decryptions`; two programs at once count one after the other. Throws IoError and FormatError.
std::uint64_t count_decryptions(const std::filesystem::path& folder, std::uint64_t more);

}  // namespace obscura::cli
