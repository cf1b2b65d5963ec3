#include "nn/onnx_wire.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace obscura::nn {
namespace {

/// Messages of onnx.proto; leaf: a text, bytes or packed numbers.
enum class Message {
  leaf,
  model,
  graph,
  node,
  attribute,
  tensor,
  value_info,
  type,
  tensor_type,
  shape,
  entry,
  refused
};

constexpr std::size_t kMaxFields = std::size_t{1} << 20;
/// Packed varints grow from one byte to eight when they are parsed.
constexpr std::size_t kMaxVarintBytes = std::size_t{1} << 24;
constexpr int kMaxDepth = 32;

struct Child {
  Message parent;
  std::uint32_t field;
  Message child;
};

// Field numbers: onnx.proto, IR version 8.
constexpr std::array kChildren{
    Child{Message::model, 7, Message::graph},        Child{Message::model, 8, Message::entry},
    Child{Message::model, 14, Message::entry},       Child{Message::model, 20, Message::refused},
    Child{Message::model, 25, Message::refused},     Child{Message::graph, 1, Message::node},
    Child{Message::graph, 5, Message::tensor},       Child{Message::graph, 11, Message::value_info},
    Child{Message::graph, 12, Message::value_info},  Child{Message::graph, 13, Message::value_info},
    Child{Message::graph, 14, Message::refused},     Child{Message::graph, 15, Message::refused},
    Child{Message::node, 5, Message::attribute},     Child{Message::attribute, 5, Message::tensor},
    Child{Message::attribute, 6, Message::graph},    Child{Message::attribute, 10, Message::tensor},
    Child{Message::attribute, 11, Message::graph},   Child{Message::attribute, 14, Message::refused},
    Child{Message::attribute, 15, Message::refused}, Child{Message::attribute, 22, Message::refused},
    Child{Message::attribute, 23, Message::refused}, Child{Message::tensor, 3, Message::entry},
    Child{Message::tensor, 13, Message::entry},      Child{Message::value_info, 2, Message::type},
    Child{Message::type, 1, Message::tensor_type},   Child{Message::type, 4, Message::refused},
    Child{Message::type, 5, Message::refused},       Child{Message::type, 7, Message::refused},
    Child{Message::type, 8, Message::refused},       Child{Message::type, 9, Message::refused},
    Child{Message::tensor_type, 2, Message::shape},  Child{Message::shape, 1, Message::entry},
};

Message child_of(Message parent, std::uint32_t field) {
  const auto* found =
      std::ranges::find_if(kChildren, [&](const Child& c) { return c.parent == parent && c.field == field; });
  return found == kChildren.end() ? Message::leaf : found->child;
}

bool holds_varints(Message parent, std::uint32_t field) {
  if (parent == Message::attribute) return field == 8;
  return parent == Message::tensor && (field == 1 || field == 5 || field == 7 || field == 11);
}

class Walker {
 public:
  explicit Walker(const std::string& what) : what_(what) {}

  void walk(std::span<const std::uint8_t> bytes, Message message, int depth) {
    if (depth > kMaxDepth) fail("is nested too deeply");
    while (!bytes.empty()) {
      if (++fields_ > kMaxFields) fail("holds more parts than any network needs");
      const std::uint64_t tag = varint(bytes);
      const auto field = static_cast<std::uint32_t>(tag >> 3);
      if (tag >> 32 != 0 || field == 0) fail("is no ONNX file");
      skip_or_enter(bytes, message, field, static_cast<int>(tag & 7), depth);
    }
  }

 private:
  [[noreturn]] void fail(const char* problem) const { throw FormatError(what_ + " " + problem); }

  std::uint64_t varint(std::span<const std::uint8_t>& bytes) const {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes.empty()) fail("is truncated or no ONNX file");
      const std::uint8_t byte = bytes.front();
      bytes = bytes.subspan(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    fail("is no ONNX file");
  }

  std::span<const std::uint8_t> take(std::span<const std::uint8_t>& bytes, std::uint64_t size) const {
    if (size > bytes.size()) fail("is truncated or no ONNX file");
    const auto part = bytes.first(static_cast<std::size_t>(size));
    bytes = bytes.subspan(part.size());
    return part;
  }

  void skip_or_enter(std::span<const std::uint8_t>& bytes, Message message, std::uint32_t field, int wire_type,
                     int depth) {
    switch (wire_type) {
      case 0:
        varint(bytes);
        return;
      case 1:
        take(bytes, 8);
        return;
      case 5:
        take(bytes, 4);
        return;
      case 2:
        break;
      default:
        fail("is no ONNX file");
    }
    const auto part = take(bytes, varint(bytes));
    const Message child = child_of(message, field);
    if (child == Message::refused) {
      throw UnsupportedError(what_ + " holds functions, training information, sparse tensors or sequence types; " +
                             "export the plain inference graph");
    }
    if (holds_varints(message, field)) {
      varint_bytes_ += part.size();
      if (varint_bytes_ > kMaxVarintBytes) fail("holds more integers than any network needs");
    }
    if (child != Message::leaf) walk(part, child, depth + 1);
  }

  const std::string& what_;
  std::size_t fields_ = 0;
  std::size_t varint_bytes_ = 0;
};

}  // namespace

void check_onnx_wire(std::span<const std::uint8_t> bytes, const std::string& what) {
  if (bytes.empty()) throw FormatError(what + " is empty");
  if (bytes.size() > kMaxOnnxBytes) throw FormatError(what + " is larger than 1 GiB");
  Walker(what).walk(bytes, Message::model, 0);
}

}  // namespace obscura::nn
