#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nn/graph.h"
#include "nn/onnx_read.h"

/// ONNX models by hand, as other programs write them.
namespace obscura::nn::testing {

using Dims = std::vector<std::int64_t>;

class OnnxBuilder {
 public:
  /// A model with the float input "x" of these dims (-1: symbolic).
  explicit OnnxBuilder(const Dims& input, std::int64_t opset = 13) {
    model_.set_ir_version(7);
    auto* entry = model_.add_opset_import();
    entry->set_domain("");
    entry->set_version(opset);
    model_.mutable_graph()->set_name("test");
    declare(*model_.mutable_graph()->add_input(), "x", input);
  }

  /// A node "<type>_n" whose single output has its name; returns that.
  std::string node(const std::string& type, const std::vector<std::string>& inputs) {
    auto* made = model_.mutable_graph()->add_node();
    made->set_op_type(type);
    made->set_name(type + "_" + std::to_string(model_.graph().node_size()));
    for (const auto& input : inputs) made->add_input(input);
    made->add_output(made->name());
    return made->name();
  }

  OnnxBuilder& set(const std::string& name, std::int64_t value) {
    auto& made = attribute(name, onnx::AttributeProto::INT);
    made.set_i(value);
    return *this;
  }
  OnnxBuilder& set(const std::string& name, int value) { return set(name, std::int64_t{value}); }
  OnnxBuilder& set(const std::string& name, float value) {
    auto& made = attribute(name, onnx::AttributeProto::FLOAT);
    made.set_f(value);
    return *this;
  }
  OnnxBuilder& set(const std::string& name, const std::string& value) {
    auto& made = attribute(name, onnx::AttributeProto::STRING);
    made.set_s(value);
    return *this;
  }
  OnnxBuilder& set(const std::string& name, const Dims& values) {
    auto& made = attribute(name, onnx::AttributeProto::INTS);
    for (const auto v : values) made.add_ints(v);
    return *this;
  }

  std::string floats(const std::string& name, const Dims& dims, const std::vector<float>& values) {
    auto* tensor = model_.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    for (const auto d : dims) tensor->add_dims(d);
    for (const float v : values) tensor->add_float_data(v);
    return name;
  }
  std::string ints(const std::string& name, const Dims& values) {
    auto* tensor = model_.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::INT64);
    tensor->add_dims(static_cast<std::int64_t>(values.size()));
    for (const auto v : values) tensor->add_int64_data(v);
    return name;
  }

  /// The bytes with that tensor as output; its dims are not stated.
  std::string bytes(const std::string& output) {
    auto* info = model_.mutable_graph()->add_output();
    info->set_name(output);
    info->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
    info->mutable_type()->mutable_tensor_type()->mutable_shape();
    return model_.SerializeAsString();
  }
  Graph read(const std::string& output) { return read_bytes(bytes(output)); }

  static Graph read_bytes(const std::string& bytes) {
    return read_onnx(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), "test.onnx");
  }

  onnx::ModelProto& model() { return model_; }

 private:
  static void declare(onnx::ValueInfoProto& info, const std::string& name, const Dims& dims) {
    info.set_name(name);
    auto* type = info.mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    auto* shape = type->mutable_shape();
    for (const auto d : dims) {
      auto* dim = shape->add_dim();
      if (d < 0) {
        dim->set_dim_param("N");
      } else {
        dim->set_dim_value(d);
      }
    }
  }
  onnx::AttributeProto& attribute(const std::string& name, onnx::AttributeProto::AttributeType type) {
    auto* made = model_.mutable_graph()->mutable_node(model_.graph().node_size() - 1)->add_attribute();
    made->set_name(name);
    made->set_type(type);
    return *made;
  }

  onnx::ModelProto model_;
};

/// 1, 2, 3, ... scaled: weights whose places can be told apart.
inline std::vector<float> ramp(std::size_t count, float step = 0.01F) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = step * static_cast<float>(i + 1);
  return values;
}

}  // namespace obscura::nn::testing
