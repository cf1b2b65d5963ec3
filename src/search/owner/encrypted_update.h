#pragma once

#include <functional>
#include <span>
#include <string>

#include "search/encrypted_gallery.h"
#include "search/owner/encrypted_owner.h"

namespace obscura::search {

/// What an encrypted gallery becomes.
struct EncryptedUpdate {
  std::string id;            ///< of the gallery, 32 hex digits
  std::int64_t version = 0;  ///< that the vectors are
  /// Blocks of plan().block_rows() places in which something has changed since `before`
  /// (Gallery::changed_blocks); those that are no longer there are left out, and those that `before` does not have
  /// are made in any case.
  std::vector<std::size_t> changed;
  const EncryptedGalleryHead* before = nullptr;  ///< none: the gallery is new, and all of its blocks are made
};

/// Takes the file of a block; they come in order, one at a time.
using BlockSink = std::function<void(const ckks::Bytes& file)>;

/// Encrypts what has changed of a gallery, block after block, and says what its head becomes: for a server to commit
/// (EncryptedGalleryFolder), and for the owner to keep. `vectors` as for EncryptedGalleryOwner::encrypt_block, all of
/// the places; holes are zeros, also of codes, for which Gallery::vectors gives ones. Throws as that and as
/// check_follows.
EncryptedGalleryHead encrypt_gallery(const EncryptedGalleryOwner& owner, const FeatureTable& vectors,
                                     const EncryptedUpdate& update, const BlockSink& sink, ThreadPool& pool);

}  // namespace obscura::search
