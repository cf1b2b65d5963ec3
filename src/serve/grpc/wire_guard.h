#pragma once

#include <google/protobuf/io/zero_copy_stream.h>
#include <google/protobuf/message.h>

#include <cstddef>

/// Messages that are read before memory is given out for what stands in them.
namespace obscura::serve::grpc_front {

/// No request of Obscura has more fields, those of messages in messages counted.
inline constexpr std::size_t kMaxFields = 4096;

/// Whether the bytes are a message of that kind's shape with at most `most` fields: an empty field of two bytes becomes
/// an object of a hundred, so that a few megabytes of them would take hundreds. Reads the stream to its end.
/// Thread-safe.
bool has_few_fields(google::protobuf::io::ZeroCopyInputStream& bytes, const google::protobuf::Descriptor& kind,
                    std::size_t most = kMaxFields);

}  // namespace obscura::serve::grpc_front
