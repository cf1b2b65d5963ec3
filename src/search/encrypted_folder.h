#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "search/encrypted_gallery.h"
#include "search/encrypted_table.h"

namespace obscura::search {

/// An encrypted gallery on disk: the file gallery.head and a file a block, named by its checksum, in a folder. Blocks
/// are written beside those that are in use, and count from the moment that a head names them, so that the folder is
/// one version or the next, also where the program or the machine stops in between. Not thread-safe; one program may
/// change a folder at a time. Throws IoError.
class EncryptedGalleryFolder {
 public:
  /// Makes the folder if need be, and reads the head if there is one. Throws as read_gallery_head.
  explicit EncryptedGalleryFolder(std::filesystem::path folder);

  const std::filesystem::path& path() const { return folder_; }
  /// None before the first commit.
  const std::optional<EncryptedGalleryHead>& head() const { return head_; }

  /// Keeps a block's file for the commit that names it. It is not looked at before.
  void put_block(ckks::ByteSpan file);
  /// The next version: checks that it follows and every block that is new, then writes the head and removes the files
  /// that it does not name. Throws as check_follows and read_gallery_block; then the folder is what it was.
  void commit(const EncryptedGalleryHead& next);

  /// Throws UsageError for a block that there is not, and as read_gallery_block.
  std::vector<ckks::SeededCiphertext> block(std::size_t block) const;

 private:
  std::vector<ckks::SeededCiphertext> read(const ckks::Context& context, const EncryptedScorePlan& plan,
                                           const ckks::Digest& checksum) const;
  std::filesystem::path file_of(const ckks::Digest& checksum) const;
  void remove_unnamed() const;

  std::filesystem::path folder_;
  std::optional<EncryptedGalleryHead> head_;
};

/// The gallery of a folder, ready to be compared with queries. Throws UsageError where there is no head.
EncryptedScoreTable load_table(const EncryptedGalleryFolder& folder, ThreadPool& pool);
/// Brings a table of version `before` to that of the folder: of blocks, those that have changed are read.
void update_table(EncryptedScoreTable& table, const EncryptedGalleryHead& before, const EncryptedGalleryFolder& folder,
                  ThreadPool& pool);

}  // namespace obscura::search
