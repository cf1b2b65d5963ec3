#pragma once

// Internal to src/nn.
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "nn/graph.h"

namespace obscura::nn {

/// Turns the layers of a graph into the nodes of an ONNX graph.
class OnnxWriter {
 public:
  /// `for_opencv`: in the spelling of to_onnx_for_opencv.
  OnnxWriter(const Graph& graph, onnx::GraphProto& proto, bool for_opencv)
      : graph_(graph), proto_(proto), for_opencv_(for_opencv) {}

  /// Fills the ONNX graph; called once.
  void write();

 private:
  using Ints = std::vector<std::int64_t>;

  /// Name and rank (4: [N, C, H, W], 2: [N, n]) of a layer's output in the ONNX graph.
  struct Value {
    std::string name;
    int rank = 4;
  };

  // onnx_writer.cpp: parts of the file
  static void set_shape(onnx::ValueInfoProto& info, const Shape& shape, int rank);
  std::string unique(const std::string& wanted);
  std::string constant(const std::string& name, const Ints& dims, std::span<const float> values);
  std::string doubles(const std::string& name, const Ints& dims, std::span<const double> values);
  std::string scalar(const std::string& name, float value);
  std::string list(const std::string& name, const Ints& values);
  onnx::NodeProto& add(const char* type, const std::string& name, const std::vector<std::string>& inputs);
  static void set(onnx::NodeProto& node, const char* name, std::int64_t value);
  static void set_float(onnx::NodeProto& node, const char* name, float value);
  static void set_text(onnx::NodeProto& node, const char* name, const std::string& value);
  template <typename Range>
  static void set_ints(onnx::NodeProto& node, const char* name, const Range& values);
  std::string flat(const Value& value, const std::string& name);
  std::string image(const Value& value, const std::string& name);
  const Value& input(std::size_t i = 0) const { return values_[at_->inputs[i]]; }

  // onnx_writer.cpp: layers
  Value write_node(std::size_t i);
  Value write_layer(const Input&);
  Value write_layer(const Conv2d& conv);
  Value write_layer(const AvgPool& pool);
  Value write_layer(const MaxPool& pool);
  Value write_layer(const BatchNorm& norm);
  Value write_layer(const Flatten&);
  Value write_layer(const Linear& linear);
  Value write_layer(const Square&);
  Value write_layer(const Add&);
  Value write_layer(const Product&);
  Value write_layer(const Concat&);
  Value write_layer(const Pad& pad);
  Value write_layer(const Rearrange& rearrange);
  Value write_layer(const Merge& merge);
  void write_head();
  std::string scale_and_shift(const std::string& name, const std::string& x, std::span<const float> scale,
                              std::span<const float> shift);
  std::vector<Value> inputs_of_one_rank();

  // onnx_write_activations.cpp
  Value write_layer(const Polynomial& polynomial);
  Value write_layer(const Activation& activation);
  Value write_chebyshev(const Polynomial& polynomial);
  Ints row_dims(const Polynomial& polynomial) const;
  Value write_horner(const Polynomial& polynomial);
  Value write_horner_for_opencv(const Polynomial& polynomial);
  Value write_clenshaw_for_opencv(const Polynomial& polynomial);
  std::string plus_coefficients(const std::string& x, const Polynomial& polynomial, std::size_t i);
  std::string coefficient(const Polynomial& polynomial, std::size_t i);
  void write_gelu();
  void write_gelu_tanh();
  void write_clip_for_opencv(const Activation& clip);

  const Graph& graph_;
  onnx::GraphProto& proto_;
  bool for_opencv_;
  std::vector<Value> values_;
  std::set<std::string> names_;
  const Node* at_ = nullptr;
};

}  // namespace obscura::nn
