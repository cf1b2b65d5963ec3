#include "nn/onnx_node.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/error.h"
#include "nn/shapes.h"

namespace obscura::nn {
namespace {

constexpr auto kOperators = std::to_array<std::string_view>({"Conv",
                                                             "AveragePool",
                                                             "GlobalAveragePool",
                                                             "GlobalMaxPool",
                                                             "MaxPool",
                                                             "ReduceMean",
                                                             "ReduceMax",
                                                             "BatchNormalization",
                                                             "Flatten",
                                                             "Reshape",
                                                             "Squeeze",
                                                             "Unsqueeze",
                                                             "Gemm",
                                                             "MatMul",
                                                             "Add",
                                                             "Sub",
                                                             "Mul",
                                                             "Div",
                                                             "Neg",
                                                             "Pow",
                                                             "Pad",
                                                             "Relu",
                                                             "LeakyRelu",
                                                             "PRelu",
                                                             "Clip",
                                                             "Sigmoid",
                                                             "Tanh",
                                                             "Erf",
                                                             "Elu",
                                                             "Selu",
                                                             "HardSigmoid",
                                                             "HardSwish",
                                                             "Softplus",
                                                             "Mish",
                                                             "Celu",
                                                             "Gelu",
                                                             "Softmax",
                                                             "LogSoftmax",
                                                             "Concat",
                                                             "Identity",
                                                             "Dropout",
                                                             "Constant",
                                                             "Shape",
                                                             "Gather",
                                                             "ConstantOfShape",
                                                             "Slice",
                                                             "Cast",
                                                             "Transpose",
                                                             "ReduceSum",
                                                             "Split",
                                                             "DepthToSpace",
                                                             "SpaceToDepth",
                                                             "Resize",
                                                             "Upsample",
                                                             "Floor",
                                                             "Ceil",
                                                             "Expand",
                                                             "Equal",
                                                             "Where"});

}  // namespace

bool is_supported_operator(const std::string& type) {
  return std::ranges::find(kOperators, type) != kOperators.end();
}

NodeView::NodeView(const onnx::NodeProto& proto, std::size_t index) : proto_(proto), name_(proto.name()) {
  if (!name_.empty()) return;
  const bool output = proto.output_size() > 0 && !proto.output(0).empty();
  name_ = proto.op_type() + "_" + (output ? proto.output(0) : std::to_string(index));
}

void NodeView::fail(const std::string& problem) const {
  throw FormatError("operator " + type() + " (node '" + name_ + "') " + problem);
}

void NodeView::unsupported(const std::string& problem) const {
  throw UnsupportedError("operator " + type() + " (node '" + name_ + "') " + problem);
}

const onnx::AttributeProto* NodeView::find(const char* attribute) const {
  for (const auto& candidate : proto_.attribute()) {
    if (candidate.name() == attribute) return &candidate;
  }
  return nullptr;
}

const onnx::AttributeProto* NodeView::typed(const char* attribute, onnx::AttributeProto::AttributeType type) const {
  const auto* found = find(attribute);
  if (found != nullptr && found->type() != type)
    fail(std::string("has an attribute ") + attribute + " of a wrong type");
  return found;
}

std::int64_t NodeView::integer(const char* attribute, std::int64_t otherwise) const {
  const auto* found = typed(attribute, onnx::AttributeProto::INT);
  return found == nullptr ? otherwise : found->i();
}

float NodeView::real(const char* attribute, float otherwise) const {
  const auto* found = typed(attribute, onnx::AttributeProto::FLOAT);
  if (found == nullptr) return otherwise;
  if (!std::isfinite(found->f())) fail(std::string("has an attribute ") + attribute + " that is not a finite number");
  return found->f();
}

std::string NodeView::text(const char* attribute, const std::string& otherwise) const {
  const auto* found = typed(attribute, onnx::AttributeProto::STRING);
  return found == nullptr ? otherwise : found->s();
}

Dims NodeView::integers(const char* attribute, const Dims& otherwise) const {
  const auto* found = typed(attribute, onnx::AttributeProto::INTS);
  return found == nullptr ? otherwise : Dims(found->ints().begin(), found->ints().end());
}

std::vector<std::size_t> NodeView::sides(const char* attribute, std::size_t count,
                                         const std::vector<std::size_t>& otherwise, bool positive) const {
  if (!has(attribute)) return otherwise;
  const Dims values = integers(attribute, {});
  if (values.size() != count) {
    unsupported(std::string("has ") + std::to_string(values.size()) + " values in " + attribute + ", not the " +
                std::to_string(count) + " of two-dimensional images");
  }
  std::vector<std::size_t> sides;
  for (const std::int64_t v : values) {
    if (v < (positive ? 1 : 0) || v > static_cast<std::int64_t>(kMaxSide)) {
      fail(std::string("has an impossible value in ") + attribute);
    }
    sides.push_back(static_cast<std::size_t>(v));
  }
  return sides;
}

}  // namespace obscura::nn
