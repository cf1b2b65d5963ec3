#pragma once

#include <obscura.pb.h>

#include <optional>

#include "serve/service.h"

namespace obscura::serve::grpc_front {

/// The chunks of one upload on their way to pieces of at most 1 MiB. Not thread-safe.
class UploadBuffer {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 20;

  /// The first message. Throws Failure, bad_request, where it names no file.
  explicit UploadBuffer(const v1::KeyChunk& first);
  const std::string& hash() const { return hash_; }

  /// Checks a message, the first one among them. Throws Failure: bad_request for one of another file or beyond the
  /// file's end, too_large for one of more than 256 KiB.
  void check(const v1::KeyChunk& chunk) const;
  /// Whether a checked chunk goes on where the buffer ends and has room there: else take() comes first.
  bool has_room(const v1::KeyChunk& chunk) const;
  void add(const v1::KeyChunk& chunk);

  bool empty() const { return bytes_.empty(); }
  /// It ends where the file ends.
  bool complete() const { return !empty() && offset_ + bytes_.size() == total_; }
  /// What is in it, and then it is empty.
  KeyPiece take();

 private:
  std::string hash_;
  std::uint64_t total_ = 0, offset_ = 0;
  Bytes bytes_;
};

}  // namespace obscura::serve::grpc_front
