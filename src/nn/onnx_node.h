#pragma once

// Internal to src/nn.
#include <onnx/onnx_pb.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "nn/onnx_constant.h"

namespace obscura::nn {

/// True if read_onnx understands the operator at all.
bool is_supported_operator(const std::string& type);

/// A node of the file with checked access to its attributes. Errors name operator and node.
class NodeView {
 public:
  explicit NodeView(const onnx::NodeProto& proto, std::size_t index);

  const onnx::NodeProto& proto() const { return proto_; }
  const std::string& type() const { return proto_.op_type(); }
  /// The node's name, or where the file gives none its operator and its output's.
  const std::string& name() const { return name_; }

  [[noreturn]] void fail(const std::string& problem) const;         ///< FormatError
  [[noreturn]] void unsupported(const std::string& problem) const;  ///< UnsupportedError

  bool has(const char* attribute) const { return find(attribute) != nullptr; }
  std::int64_t integer(const char* attribute, std::int64_t otherwise) const;
  float real(const char* attribute, float otherwise) const;
  std::string text(const char* attribute, const std::string& otherwise) const;
  Dims integers(const char* attribute, const Dims& otherwise) const;
  /// `count` numbers from 0 (or 1 if `positive`) to 65536.
  std::vector<std::size_t> sides(const char* attribute, std::size_t count, const std::vector<std::size_t>& otherwise,
                                 bool positive) const;
  const onnx::AttributeProto* find(const char* attribute) const;

 private:
  const onnx::AttributeProto* typed(const char* attribute, onnx::AttributeProto::AttributeType type) const;
  const onnx::NodeProto& proto_;
  std::string name_;
};

}  // namespace obscura::nn
