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
#include "nn/onnx_places.h"

namespace obscura::nn {

/// factor * function(argument), element by element, factor and argument polynomials in one tensor: what files make
/// SiLU, GELU and their like of.
struct Gate {
  Activation function;
  Expression argument;
  Expression factor = Expression::constant(1.0);
  std::string label = {};    ///< node of the file that applies the function
  bool of_softplus = false;  ///< to the softplus of the argument, as Mish has it
};

/// What a name in the file stands for: a constant, or a polynomial in the output of a node of the graph plus at most
/// one activation of it. The sum becomes layers when something else than arithmetic needs it. The order of the values
/// is that of the graph's node, whatever its shape: views of it have other dims.
struct Value {
  std::shared_ptr<const Constant> constant;  // null: a tensor that depends on the image
  std::size_t node = 0;
  Expression expression;
  std::optional<Gate> gate;
  Dims dims;             // as the file sees the tensor, batch axis 1
  std::string label;     // node of the file that made it
  bool precise = false;  // computed in double precision: the expression's rows count Chebyshev polynomials
};

/// How files lay out one image with that many axes: [1, C, H, W], [C, H, W], and [1, n] or [n] for a flat one.
/// Empty if it cannot be.
Dims standard_dims(const Shape& shape, std::size_t rank);

/// The image that a tensor of these dims is; nothing if no image is laid out so.
std::optional<Shape> as_shape(const Dims& dims);

/// An axis counted from the front; those from the end are negative. Fails in the name of the node.
std::int64_t normal_axis(const NodeView& node, std::int64_t axis, std::size_t rank);

/// Turns the nodes of an ONNX graph into layers, one call of add() a node in the file's order.
class Importer {
 public:
  /// `file_bytes` bounds the weights that are copied, however often nodes share them. `image`: what an input that is
  /// laid out as numbers stands for; channels 0: not said.
  /// `chunks`: what the file or the caller says of chunks (onnx_chunks.h); empty: the network is of pictures.
  Importer(const onnx::GraphProto& proto, std::size_t file_bytes, const Shape& image, std::string chunks = {});

  /// Reads initialisers, the input and every node that the output needs.
  Graph run();

 private:
  // onnx_import_names.cpp: what names of the file stand for, and who reads them
  void read_input();
  void read_initialisers();
  void count_uses(const std::vector<bool>& needed);
  void find_end();
  void check_output() const;
  void add(const NodeView& node);
  void settle(const NodeView& node);
  void retire_inputs(const NodeView& node);
  bool read_once(const std::string& name) const;
  const Value& value(const std::string& name, const NodeView& node) const;
  bool has_input(const NodeView& node, int i) const;
  const Value& input(const NodeView& node, int i) const;
  const Constant& constant_input(const NodeView& node, int i, const char* what) const;
  void define(const NodeView& node, Value made, int output = 0);
  void define_constant(const NodeView& node, Constant constant);
  void define_layer(const NodeView& node, Layer layer, std::vector<std::size_t> inputs, Dims dims);
  std::size_t materialise(const std::string& name);
  std::size_t emit(const std::string& label, std::size_t node, const Expression& expression, bool precise = false);
  bool is_plain(const Value& value) const { return !value.gate && value.expression.is_identity(); }
  std::size_t layer_input(const NodeView& node, int i);
  void need_image(const NodeView& node);
  bool is_standard(const Value& tensor) const;
  void charge(std::size_t count);
  void charge_coefficients(const NodeView& node, const Value& value);
  static std::size_t coefficients_of(const Value& value);
  std::vector<float> copy(const std::vector<float>& values);

  // onnx_import_layers.cpp
  void add_conv(const NodeView& node);
  void add_average_pool(const NodeView& node);
  void add_max_pool(const NodeView& node);
  void add_global_pool(const NodeView& node);
  void add_reduction(const NodeView& node);
  bool merge_by_mean(const NodeView& node, const Dims& reduced);
  bool merge_by_concat(const NodeView& node);
  void merge_at_end();
  void add_batch_norm(const NodeView& node);
  void add_gemm(const NodeView& node);
  void add_matmul(const NodeView& node);
  std::vector<float> row_vector(const NodeView& node, int i, std::size_t size, float factor);
  void finish_linear(const NodeView& node, bool transposed, float alpha, std::vector<float> bias);

  // onnx_import_pads.cpp
  void add_pad(const NodeView& node);
  void pad_places(const NodeView& node, const Dims& pads, float value);
  float pad_value(const NodeView& node) const;
  Dims pad_list(const NodeView& node, std::size_t rank) const;
  Pad take_zero_padding(const NodeView& node, std::size_t& source);

  // onnx_import_activations.cpp
  void add_activation(const NodeView& node);
  void add_clip(const NodeView& node);
  void add_prelu(const NodeView& node);
  void add_celu(const NodeView& node);
  void add_softmax(const NodeView& node);
  void leave_to_owner(const NodeView& node, Head head);
  Activation activation_of(const NodeView& node) const;
  void define_gate(const NodeView& node, const Activation& function, const Expression& argument, Expression factor,
                   Expression rest);
  std::optional<double> bound(const NodeView& node, int i, const char* attribute) const;
  std::size_t emit_gate(const Value& value);

  // onnx_import_arithmetic.cpp
  void add_rounding(const NodeView& node);
  void add_float_constants(const NodeView& node, const Constant& left, const Constant& right);
  void add_constants(const NodeView& node, const Constant& left, const Constant& right);
  bool combine_gates(const NodeView& node, const Value& left, const Value& right);
  void add_arithmetic(const NodeView& node);
  void add_with_constant(const NodeView& node, int tensor, const Constant& constant);
  void add_two_tensors(const NodeView& node);
  void add_power(const NodeView& node);
  bool absorb_into_bias(const NodeView& node, int tensor, const Expression& result);
  Expression broadcast(const NodeView& node, const Constant& constant, const Value& tensor) const;
  void square_or_power(const NodeView& node, std::size_t exponent);

  // onnx_import_repeat.cpp: what repeats values
  std::size_t repeated_input(const NodeView& node, int i, const Dims& dims, const std::string& label);
  void add_two_shapes(const NodeView& node);
  void add_expand(const NodeView& node);
  void compare_sizes(const NodeView& node);

  // onnx_import_shapes.cpp
  void add_reshaping(const NodeView& node);
  void add_constant_node(const NodeView& node);
  void add_constant_shape(const NodeView& node);
  void add_gather(const NodeView& node);
  void add_concat(const NodeView& node);
  void join_tensors(const NodeView& node);
  void add_constant_of_shape(const NodeView& node);
  void slice_list(const NodeView& node);
  void transpose_constant(const NodeView& node);
  void add_pass_through(const NodeView& node);
  Dims reshaped_dims(const NodeView& node, const Dims& dims) const;
  Dims axes(const NodeView& node) const;
  void view_tensor(const NodeView& node, const Dims& dims);
  bool restate_input(const NodeView& node, const Dims& dims, const std::optional<Shape>& shape);
  void convert_constant(const NodeView& node, std::int64_t type);

  // onnx_import_places.cpp: what moves values about
  void add_slice(const NodeView& node);
  void add_split(const NodeView& node);
  void add_transpose(const NodeView& node);
  void add_depth_to_space(const NodeView& node);
  void add_space_to_depth(const NodeView& node);
  void add_resize(const NodeView& node);
  void gather_places(const NodeView& node, const Constant& index);
  Places places(const NodeView& node);
  void define_places(const NodeView& node, Places made, int output = 0, float fill = 0.0F, bool alone = true);
  void fuse(Rearrange& layer, std::size_t& source);
  void lay_out(const NodeView& node, int i);
  void lay_out(const std::string& name, const std::string& label);
  void charge_places(std::size_t count);

  const onnx::GraphProto& proto_;
  Graph graph_;
  std::map<std::string, Value> values_;
  std::map<std::string, std::size_t> uses_;       // reads of a name by all nodes
  std::map<std::string, std::size_t> remaining_;  // by nodes that are not done yet
  std::size_t weight_budget_;
  std::size_t coefficient_budget_ = 2 * kMaxCoefficients;
  std::size_t place_budget_;
  Shape image_;
  std::string chunks_;
  std::string output_;
  std::string end_;  // the output, before what only looks at it with other axes
};

/// Most nodes of a file.
inline constexpr int kMaxNodes = 8192;

/// Most axes of a tensor that is moved about.
inline constexpr std::size_t kMaxAxes = 8;

/// Which nodes the network's output depends on; the rest of the file is not looked at. Throws FormatError for a tensor
/// that two nodes make.
std::vector<bool> needed_nodes(const onnx::GraphProto& proto);

}  // namespace obscura::nn
