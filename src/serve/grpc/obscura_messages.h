#pragma once

#include <obscura.pb.h>

#include "serve/service.h"

/// Between the messages of obscura.proto and the service's types. Thread-safe.
namespace obscura::serve::grpc_front {

/// As obscura.proto limits them: of keys that come and of hints that go.
inline constexpr std::size_t kMaxChunkBytes = std::size_t{256} << 10;

void write_status(const KeyStatus& status, v1::KeyStatus& message);
void write_gallery(const GalleryFacts& gallery, v1::GalleryFacts& message);
void write_file(const Bytes& bytes, v1::File& message);
Bytes bytes_of(const std::string& data);

}  // namespace obscura::serve::grpc_front
