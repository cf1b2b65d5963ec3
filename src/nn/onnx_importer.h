#pragma once

// Internal to src/nn.
#include <onnx/onnx_pb.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nn/expression.h"
#include "nn/graph.h"
#include "nn/onnx_constant.h"
#include "nn/onnx_node.h"

namespace obscura::nn {

/// factor * function(argument), element by element, factor and argument polynomials in one tensor: what files make
/// SiLU, GELU and their like of.
struct Gate {
  Activation function;
  Expression argument;
  Expression factor = Expression::constant(1.0);
};

/// What a name in the file stands for: a constant, or a polynomial in the output of a node of the graph plus at most
/// one activation of it. The sum becomes layers when something else than arithmetic needs it.
struct Value {
  std::shared_ptr<const Constant> constant;  // null: a tensor that depends on the image
  std::size_t node = 0;
  Expression expression;
  std::optional<Gate> gate;
  Dims dims;          // as the file sees the tensor, batch axis 1
  std::string label;  // node of the file that made it
};

/// How files lay out one image with that many axes: [1, C, H, W], [C, H, W], and [1, n] or [n] for a flat one.
/// Empty if it cannot be.
Dims standard_dims(const Shape& shape, std::size_t rank);

/// Turns the nodes of an ONNX graph into layers, one call of add() a node in the file's order.
class Importer {
 public:
  /// `file_bytes` bounds the weights that are copied, however often nodes share them.
  Importer(const onnx::GraphProto& proto, std::size_t file_bytes);

  /// Reads initialisers, the input and every node that the output needs.
  Graph run();

 private:
  // onnx_importer.cpp: names, order, materialisation
  void read_input();
  void read_initialisers();
  std::vector<bool> needed_nodes() const;
  void count_uses(const std::vector<bool>& needed);
  void add(const NodeView& node);
  const Value& value(const std::string& name, const NodeView& node) const;
  bool has_input(const NodeView& node, int i) const;
  const Value& input(const NodeView& node, int i) const;
  const Constant& constant_input(const NodeView& node, int i, const char* what) const;
  void define(const NodeView& node, Value made);
  void define_constant(const NodeView& node, Constant constant);
  void define_layer(const NodeView& node, Layer layer, std::vector<std::size_t> inputs, Dims dims);
  std::size_t materialise(const std::string& name);
  std::size_t emit(const std::string& label, std::size_t node, const Expression& expression);
  bool is_plain(const Value& value) const { return !value.gate && value.expression.is_identity(); }
  std::size_t layer_input(const NodeView& node, int i);
  void need_image(const NodeView& node) const;
  bool is_standard(const Value& tensor) const;
  void charge(std::size_t count);
  void charge_coefficients(const NodeView& node, const Value& value);
  std::vector<float> copy(const std::vector<float>& values);

  // onnx_import_layers.cpp
  void add_conv(const NodeView& node);
  void add_average_pool(const NodeView& node);
  void add_global_pool(const NodeView& node);
  void add_reduce_mean(const NodeView& node);
  void add_batch_norm(const NodeView& node);
  void add_gemm(const NodeView& node);
  void add_matmul(const NodeView& node);
  std::vector<float> row_vector(const NodeView& node, int i, std::size_t size, float factor);
  void finish_linear(const NodeView& node, bool transposed, float alpha, std::vector<float> bias);

  // onnx_import_pads.cpp
  void add_pad(const NodeView& node);
  Dims pad_list(const NodeView& node, std::size_t rank) const;
  Pad take_zero_padding(const NodeView& node, std::size_t& source);

  // onnx_import_activations.cpp
  void add_activation(const NodeView& node);
  void add_clip(const NodeView& node);
  void add_prelu(const NodeView& node);
  void add_softmax(const NodeView& node);
  Activation activation_of(const NodeView& node) const;
  void define_gate(const NodeView& node, const Activation& function, const Expression& argument, Expression factor,
                   Expression rest);
  std::optional<double> bound(const NodeView& node, int i, const char* attribute) const;
  std::size_t emit_gate(const Value& value);

  // onnx_import_arithmetic.cpp
  void add_constants(const NodeView& node, const Constant& left, const Constant& right);
  bool combine_gates(const NodeView& node, const Value& left, const Value& right);
  void add_arithmetic(const NodeView& node);
  void add_with_constant(const NodeView& node, int tensor, const Constant& constant);
  void add_two_tensors(const NodeView& node);
  void add_power(const NodeView& node);
  bool absorb_into_bias(const NodeView& node, int tensor, const Expression& result);
  Expression broadcast(const NodeView& node, const Constant& constant, const Value& tensor) const;
  void square_or_power(const NodeView& node, std::size_t exponent);

  // onnx_import_shapes.cpp
  void add_reshaping(const NodeView& node);
  void add_constant_node(const NodeView& node);
  void add_constant_shape(const NodeView& node);
  void add_gather(const NodeView& node);
  void add_concat(const NodeView& node);
  void join_tensors(const NodeView& node);
  void add_constant_of_shape(const NodeView& node);
  void add_slice(const NodeView& node);
  void add_transpose(const NodeView& node);
  void add_pass_through(const NodeView& node);
  Dims reshaped_dims(const NodeView& node, const Dims& dims) const;
  Dims axes(const NodeView& node) const;
  void view_tensor(const NodeView& node, const Dims& dims);

  const onnx::GraphProto& proto_;
  Graph graph_;
  std::map<std::string, Value> values_;
  std::map<std::string, std::size_t> uses_;
  std::size_t weight_budget_;
  std::size_t coefficient_budget_ = 2 * kMaxCoefficients;
  std::string output_;
};

}  // namespace obscura::nn
