#include "serve/grpc/upload_buffer.h"

#include <utility>

#include "serve/grpc/obscura_messages.h"

namespace obscura::serve::grpc_front {
namespace {

Failure bad(const std::string& sentence) {
  return {FailureCode::bad_request, sentence};
}

}  // namespace

UploadBuffer::UploadBuffer(const v1::KeyChunk& first) : hash_(first.hash()), total_(first.total()) {
  if (hash_.empty()) throw bad("the first message of an upload names no file: set hash and total");
  if (total_ == 0) throw bad("the first message of an upload has no total: set it to the file's size");
}

void UploadBuffer::check(const v1::KeyChunk& chunk) const {
  if (!chunk.hash().empty() && chunk.hash() != hash_) {
    throw bad("one upload sends one file: its chunks have the hash of the first message, or none");
  }
  if (chunk.total() != 0 && chunk.total() != total_) throw bad("two messages of one upload have different totals");
  const std::size_t size = chunk.data().size();
  if (size > kMaxChunkBytes) {
    throw Failure(FailureCode::too_large, "a chunk of keys has " + std::to_string(size) + " bytes: send at most " +
                                              std::to_string(kMaxChunkBytes));
  }
  if (chunk.offset() > total_ || size > total_ - chunk.offset()) {
    throw bad("a chunk of keys ends beyond the file's " + std::to_string(total_) + " bytes");
  }
}

bool UploadBuffer::has_room(const v1::KeyChunk& chunk) const {
  return empty() || (chunk.offset() == offset_ + bytes_.size() && bytes_.size() + chunk.data().size() <= kMaxBytes);
}

void UploadBuffer::add(const v1::KeyChunk& chunk) {
  if (empty()) offset_ = chunk.offset();
  bytes_.insert(bytes_.end(), chunk.data().begin(), chunk.data().end());
}

KeyPiece UploadBuffer::take() {
  return {hash_, total_, offset_, std::exchange(bytes_, {})};
}

}  // namespace obscura::serve::grpc_front
