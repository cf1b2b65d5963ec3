#include "search/owner/encrypted_update.h"

#include <algorithm>

namespace obscura::search {
namespace {

/// All of what is to be encrypted, in order.
std::vector<std::size_t> blocks_to_make(const EncryptedUpdate& update, std::size_t blocks) {
  const std::size_t kept = update.before == nullptr ? 0 : std::min(update.before->blocks.size(), blocks);
  std::vector<bool> wanted(blocks, false);
  std::fill(wanted.begin() + static_cast<std::ptrdiff_t>(kept), wanted.end(), true);
  for (const std::size_t b : update.changed) {
    if (b < blocks) wanted[b] = true;
  }
  std::vector<std::size_t> made;
  for (std::size_t b = 0; b < blocks; ++b) {
    if (wanted[b]) made.push_back(b);
  }
  return made;
}

}  // namespace

EncryptedGalleryHead encrypt_gallery(const EncryptedGalleryOwner& owner, const FeatureTable& vectors,
                                     const EncryptedUpdate& update, const BlockSink& sink, ThreadPool& pool) {
  const EncryptedScorePlan& plan = owner.plan();
  EncryptedGalleryHead head{update.id, update.version, plan.kind, plan.dimension, owner.key().id(), vectors.rows(), {}};
  if (update.before != nullptr) {
    check_follows(*update.before, head);
    head.blocks = update.before->blocks;
  }
  head.blocks.resize(plan.blocks(head.rows));
  for (const std::size_t b : blocks_to_make(update, head.blocks.size())) {
    const auto file = write_gallery_block(*owner.context(), owner.encrypt_block(vectors, b, pool));
    head.blocks[b] = gallery_block_checksum(file);
    sink(file);
  }
  return head;
}

}  // namespace obscura::search
