#include "serve/grpc/wire_guard.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

namespace obscura::serve::grpc_front {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

bool is_message(const Descriptor& kind, std::uint32_t tag) {
  const auto* field = kind.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
  return field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE &&
         WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
}

/// As deep as messages of these kinds go, and no deeper: none holds one of its own kind.
bool count(CodedInputStream& in, const Descriptor& kind, std::size_t& left) {
  for (;;) {
    const std::uint32_t tag = in.ReadTag();
    if (tag == 0) return in.ConsumedEntireMessage();
    if (left-- == 0) return false;
    // Groups are of an older protocol and could hold any number of fields.
    if (WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_START_GROUP) return false;
    if (!is_message(kind, tag)) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;
      continue;
    }
    std::uint32_t length = 0;
    if (!in.ReadVarint32(&length) || length > 0x7fffffffU) return false;
    const auto outer = in.PushLimit(static_cast<int>(length));
    const auto* inner = kind.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag))->message_type();
    if (!count(in, *inner, left) || in.BytesUntilLimit() != 0) return false;
    in.PopLimit(outer);
  }
}

}  // namespace

bool has_few_fields(google::protobuf::io::ZeroCopyInputStream& bytes, const Descriptor& kind, std::size_t most) {
  CodedInputStream in(&bytes);
  return count(in, kind, most);
}

}  // namespace obscura::serve::grpc_front
