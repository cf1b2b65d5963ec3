#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ckks/wire.h"
#include "search/encrypted_plan.h"

namespace obscura::search {

/// What stands over the blocks of an encrypted gallery: which state of which gallery it is, whose, and what its blocks
/// are. Its owner writes it and keeps a copy; a server goes by it.
struct EncryptedGalleryHead {
  std::string id;            ///< random, 32 hex digits: the gallery
  std::int64_t version = 0;  ///< counts its changes
  VectorKind kind = VectorKind::unit;
  std::size_t dimension = 0;
  ckks::KeyId key{};                 ///< of the secret key that it is encrypted under
  std::size_t rows = 0;              ///< places, holes included
  std::vector<ckks::Digest> blocks;  ///< BLAKE2b-256 of each block's file

  /// Throws as plan_encrypted_scores.
  EncryptedScorePlan plan() const { return plan_encrypted_scores(kind, dimension); }
  friend bool operator==(const EncryptedGalleryHead&, const EncryptedGalleryHead&) = default;
};

/// As a file (ckks::Kind::encrypted_gallery), under the digest of the plan's parameters:
///
///   payload := id:16 version:u64 kind:u8 dimension:u32 key_id:16 rows:u64 #blocks:u32 checksum:32...
///
/// kind: 0 codes, 1 unit vectors; as many checksums as the rows have blocks. Throws MismatchError for an id that is
/// none or blocks that are not those of the rows, and as EncryptedGalleryHead::plan.
ckks::Bytes write_gallery_head(const EncryptedGalleryHead& head);
/// Throws FormatError, and MismatchError for a head of other parameters.
EncryptedGalleryHead read_gallery_head(ckks::ByteSpan bytes, std::string_view what = "head of an encrypted gallery");

/// A block as a file (ckks::Kind::seeded_batch): a ciphertext a number, in their order.
ckks::Bytes write_gallery_block(const ckks::Context& context, std::span<const ckks::SeededCiphertext> numbers);
/// The bytes of the file of a block.
std::size_t gallery_block_bytes(const EncryptedScorePlan& plan);
/// What a head says of a block's file.
ckks::Digest gallery_block_checksum(ckks::ByteSpan file);
/// Throws FormatError for a file that is damaged or not the one of that checksum, MismatchError for one of another
/// plan.
std::vector<ckks::SeededCiphertext> read_gallery_block(const ckks::Context& context, const EncryptedScorePlan& plan,
                                                       const ckks::Digest& checksum, ckks::ByteSpan file,
                                                       std::string_view what = "block of an encrypted gallery");

/// The blocks of `next` that are not in `before` at the same place, in order.
std::vector<std::size_t> changed_blocks(const EncryptedGalleryHead& before, const EncryptedGalleryHead& next);

/// Throws MismatchError unless `next` is a later version of the same gallery, under the same key, of vectors of the
/// same kind and length.
void check_follows(const EncryptedGalleryHead& before, const EncryptedGalleryHead& next);

}  // namespace obscura::search
