#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/parallel.h"
#include "search/gallery.h"
#include "secret/passphrase.h"
#include "study/search/gallery_scores.h"

/// Galleries whose vectors their owner does not show the server, either (search/encrypted_gallery.h).
namespace obscura::study {

/// Of an encrypted gallery, in its owner's folder of secrets.
inline constexpr const char* kGalleryKeyFile = "gallery.key";

struct EncryptedGallery {
  search::GalleryState state;
  std::size_t blocks = 0;     ///< in all
  std::size_t encrypted = 0;  ///< by this run: those that have changed
  std::uintmax_t bytes = 0;   ///< of the folder, what a server keeps
  double seconds = 0;
};

/// Encrypts the vectors of a gallery into a folder for a server, of which only blocks that have changed since the last
/// time are made anew. The key in `secret` is made if there is none, and sealed where `sealing` says so. Throws
/// UsageError for an empty gallery, MismatchError where the folder has another gallery, or one under another key.
EncryptedGallery encrypt_gallery(const std::filesystem::path& gallery, const std::filesystem::path& secret,
                                 const std::filesystem::path& out, const ckks::Sealing& sealing, std::size_t threads);

struct EncryptedFolders {
  std::filesystem::path encrypted;
  std::filesystem::path secret;       ///< the owner's
  ckks::PassphraseSource passphrase;  ///< where the key in it is sealed
};

/// Vector and gallery encrypted by the same owner; the server has neither. `state`: the version of the owner's own
/// gallery, which the folder must have. Throws MismatchError for another, or another key.
ScoreSource encrypted_source(VectorNetwork& network, const search::GalleryForm& form, const search::GalleryState& state,
                             const EncryptedFolders& folders, ThreadPool& pool);

}  // namespace obscura::study
