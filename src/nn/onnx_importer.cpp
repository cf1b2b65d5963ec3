#include "nn/onnx_importer.h"

#include <set>

#include "base/error.h"
#include "nn/shapes.h"

namespace obscura::nn {
namespace {

constexpr int kMaxNodes = 8192;
/// Above this a common factor stays a polynomial of one row: a batch norm would need a value a channel.
constexpr std::size_t kMaxScaledChannels = 4096;

std::size_t side(std::int64_t value, const std::string& what) {
  if (value < 1 || value > static_cast<std::int64_t>(kMaxInput)) throw FormatError(what + " has an impossible shape");
  return static_cast<std::size_t>(value);
}

/// Shape of the input and its dims with batch 1. Accepts [N, C, H, W], [N, n] with N 1 or symbolic, [C, H, W], [n].
std::pair<Shape, Dims> input_shape(const onnx::ValueInfoProto& info) {
  const std::string what = "input '" + info.name() + "'";
  const auto& type = info.type();
  if (!type.has_tensor_type()) throw FormatError(what + " is no tensor");
  const auto element = type.tensor_type().elem_type();
  if (element != onnx::TensorProto::FLOAT && element != onnx::TensorProto::FLOAT16 &&
      element != onnx::TensorProto::DOUBLE) {
    throw UnsupportedError(what + " must be of type float, float16 or double");
  }
  const auto& dims = type.tensor_type().shape().dim();
  const int rank = dims.size();
  if (rank < 1 || rank > 4) throw UnsupportedError(what + " must be [N, C, H, W], [C, H, W], [N, n] or [n]");
  const bool has_batch = rank == 4 || rank == 2;
  if (has_batch && dims[0].has_dim_value() && dims[0].dim_value() > 1) {
    throw UnsupportedError(what + " has a fixed batch of " + std::to_string(dims[0].dim_value()) +
                           "; export with a batch of 1 or a symbolic one");
  }
  Dims known;
  for (int i = 0; i < rank; ++i) {
    if (i == 0 && has_batch) {
      known.push_back(1);
      continue;
    }
    if (!dims[i].has_dim_value())
      throw UnsupportedError(what + " must have fixed sides; only the batch may be symbolic");
    known.push_back(static_cast<std::int64_t>(side(dims[i].dim_value(), what)));
  }
  const std::size_t first = has_batch ? 1 : 0;
  Shape shape{side(known[first], what), 1, 1};
  if (rank >= 3) shape = {shape.channels, side(known[first + 1], what), side(known[first + 2], what)};
  return {shape, known};
}

}  // namespace

Dims standard_dims(const Shape& shape, std::size_t rank) {
  const auto dim = [](std::size_t side) { return static_cast<std::int64_t>(side); };
  const bool flat = shape.height == 1 && shape.width == 1;
  if (rank == 4) return {1, dim(shape.channels), dim(shape.height), dim(shape.width)};
  if (rank == 3) return {dim(shape.channels), dim(shape.height), dim(shape.width)};
  if (rank == 2 && flat) return {1, dim(shape.channels)};
  if (rank == 1 && flat) return {dim(shape.channels)};
  return {};
}

Importer::Importer(const onnx::GraphProto& proto, std::size_t file_bytes)
    : proto_(proto), weight_budget_(4 * file_bytes + (std::size_t{1} << 20)) {}

Graph Importer::run() {
  if (proto_.node_size() == 0) throw FormatError("the network has no layers");
  if (proto_.node_size() > kMaxNodes) throw FormatError("the network has more than 8192 nodes");
  if (proto_.output_size() != 1) {
    throw UnsupportedError("the network has " + std::to_string(proto_.output_size()) + " outputs; one is supported");
  }
  output_ = proto_.output(0).name();
  read_initialisers();
  read_input();
  const auto needed = needed_nodes();
  count_uses(needed);
  for (int i = 0; i < proto_.node_size(); ++i) {
    if (needed[static_cast<std::size_t>(i)]) add(NodeView(proto_.node(i), static_cast<std::size_t>(i)));
  }
  const auto output = values_.find(output_);
  if (output == values_.end() || output->second.constant) {
    throw FormatError("the network's output '" + output_ + "' does not depend on its input");
  }
  const std::size_t last = materialise(output_);
  if (last == 0 || last + 1 != graph_.nodes.size()) throw FormatError("the network's output is not its last layer");
  return std::move(graph_);
}

void Importer::read_initialisers() {
  for (const auto& tensor : proto_.initializer()) {
    Value made;
    made.constant = std::make_shared<Constant>(read_constant(tensor, "initialiser '" + tensor.name() + "'"));
    if (!values_.emplace(tensor.name(), std::move(made)).second) {
      throw FormatError("initialiser '" + tensor.name() + "' is there twice");
    }
  }
}

void Importer::read_input() {
  const onnx::ValueInfoProto* found = nullptr;
  for (const auto& info : proto_.input()) {
    if (values_.contains(info.name())) continue;  // old files list initialisers among the inputs
    if (found != nullptr) throw UnsupportedError("the network has more than one input; one image is supported");
    found = &info;
  }
  if (found == nullptr) throw FormatError("the network has no input");
  const auto [shape, dims] = input_shape(*found);
  graph_ = make_graph(proto_.name(), shape);
  graph_.nodes[0].name = found->name();
  values_.emplace(found->name(), Value{nullptr, 0, {}, {}, dims, found->name()});
}

/// What the output depends on; the rest of the file is not looked at.
std::vector<bool> Importer::needed_nodes() const {
  std::map<std::string, std::size_t> makers;
  for (int i = 0; i < proto_.node_size(); ++i) {
    for (const auto& name : proto_.node(i).output()) {
      if (name.empty()) continue;
      if (values_.contains(name) || !makers.emplace(name, static_cast<std::size_t>(i)).second) {
        throw FormatError("the tensor '" + name + "' is made twice");
      }
    }
  }
  std::vector<bool> needed(static_cast<std::size_t>(proto_.node_size()), false);
  std::vector<std::string> open{output_};
  while (!open.empty()) {
    const auto maker = makers.find(open.back());
    open.pop_back();
    if (maker == makers.end() || needed[maker->second]) continue;
    needed[maker->second] = true;
    for (const auto& name : proto_.node(static_cast<int>(maker->second)).input()) open.push_back(name);
  }
  return needed;
}

void Importer::count_uses(const std::vector<bool>& needed) {
  ++uses_[output_];
  for (std::size_t i = 0; i < needed.size(); ++i) {
    if (!needed[i]) continue;
    for (const auto& name : proto_.node(static_cast<int>(i)).input()) ++uses_[name];
  }
}

const Value& Importer::value(const std::string& name, const NodeView& node) const {
  const auto found = values_.find(name);
  if (found == values_.end()) {
    node.fail("reads '" + name + "', which no initialiser and no earlier node provides");
  }
  return found->second;
}

bool Importer::has_input(const NodeView& node, int i) const {
  return i < node.proto().input_size() && !node.proto().input(i).empty();
}

const Value& Importer::input(const NodeView& node, int i) const {
  if (!has_input(node, i)) node.fail("lacks input " + std::to_string(i + 1));
  return value(node.proto().input(i), node);
}

const Constant& Importer::constant_input(const NodeView& node, int i, const char* what) const {
  const Value& found = input(node, i);
  if (!found.constant) node.unsupported(std::string("has a ") + what + " that is not a constant");
  return *found.constant;
}

void Importer::define(const NodeView& node, Value made) {
  if (node.proto().output_size() == 0 || node.proto().output(0).empty()) node.fail("has no output");
  made.label = node.name();
  const std::string& name = node.proto().output(0);
  charge_coefficients(node, made);
  values_.insert_or_assign(name, std::move(made));
  const Value& stored = values_.at(name);
  // Read more than once: computed once, as a layer, and shared.
  if (!stored.constant && uses_[name] > 1) materialise(name);
}

void Importer::define_constant(const NodeView& node, Constant constant) {
  Value made;
  made.constant = std::make_shared<Constant>(std::move(constant));
  define(node, std::move(made));
}

void Importer::define_layer(const NodeView& node, Layer layer, std::vector<std::size_t> inputs, Dims dims) {
  const std::size_t index = add_node(graph_, node.name(), std::move(layer), std::move(inputs));
  define(node, Value{nullptr, index, {}, {}, std::move(dims), node.name()});
}

std::size_t Importer::materialise(const std::string& name) {
  Value& found = values_.at(name);
  if (is_plain(found)) return found.node;
  found.node = found.gate ? emit_gate(found) : emit(found.label, found.node, found.expression);
  found.expression = Expression();
  found.gate.reset();
  return found.node;
}

/// A polynomial in a node as the layer that it is; returns its node.
std::size_t Importer::emit(const std::string& label, std::size_t node, const Expression& expression) {
  if (expression.is_identity()) return node;
  const auto& rows = expression.rows();
  const std::size_t channels = graph_.nodes[node].shape.channels;
  Layer layer = Square{};
  if (expression.degree() == 1 && (rows.size() > 1 || channels <= kMaxScaledChannels)) {
    BatchNorm norm;
    for (std::size_t c = 0; c < channels; ++c) {
      const auto& row = rows.size() == 1 ? rows[0] : rows[c];
      norm.scale.push_back(static_cast<float>(row[1]));
      norm.shift.push_back(static_cast<float>(row[0]));
    }
    layer = std::move(norm);
  } else if (!expression.is_square()) {
    Polynomial polynomial;
    for (const auto& row : rows) {
      polynomial.coefficients.emplace_back(row.begin(), row.end());
      if (row.size() == 1) polynomial.coefficients.back().push_back(0.0F);
    }
    layer = std::move(polynomial);
  }
  return add_node(graph_, label, std::move(layer), {node});
}

std::size_t Importer::layer_input(const NodeView& node, int i) {
  if (input(node, i).constant) node.unsupported("works on a constant");
  return materialise(node.proto().input(i));
}

void Importer::need_image(const NodeView& node) const {
  const Value& tensor = input(node, 0);
  if (tensor.dims.size() != 4 || !is_standard(tensor)) node.unsupported("needs an input of [N, C, H, W]");
}

bool Importer::is_standard(const Value& tensor) const {
  return !tensor.constant && tensor.dims == standard_dims(graph_.nodes[tensor.node].shape, tensor.dims.size());
}

void Importer::charge(std::size_t count) {
  const std::size_t bytes = count * sizeof(float);
  if (bytes > weight_budget_) throw FormatError("the network repeats its weights too often");
  weight_budget_ -= bytes;
}

/// A polynomial with a row a channel is kept for every step of its computation.
void Importer::charge_coefficients(const NodeView& node, const Value& value) {
  constexpr std::size_t kRowOverhead = 4;
  const auto size = [](const Expression& e) { return e.rows().size() * (e.degree() + kRowOverhead); };
  const std::size_t count =
      size(value.expression) + (value.gate ? size(value.gate->argument) + size(value.gate->factor) : 0);
  if (count > coefficient_budget_) node.fail("is one of too many steps with constants a channel");
  coefficient_budget_ -= count;
}

/// Weights may be shared by many nodes; every node keeps a copy.
std::vector<float> Importer::copy(const std::vector<float>& values) {
  charge(values.size());
  return values;
}

void Importer::add(const NodeView& node) {
  using Handler = void (Importer::*)(const NodeView&);
  static const std::map<std::string, Handler> handlers{
      {"Conv", &Importer::add_conv},
      {"AveragePool", &Importer::add_average_pool},
      {"GlobalAveragePool", &Importer::add_global_pool},
      {"ReduceMean", &Importer::add_reduce_mean},
      {"BatchNormalization", &Importer::add_batch_norm},
      {"Gemm", &Importer::add_gemm},
      {"MatMul", &Importer::add_matmul},
      {"Add", &Importer::add_arithmetic},
      {"Sub", &Importer::add_arithmetic},
      {"Mul", &Importer::add_arithmetic},
      {"Div", &Importer::add_arithmetic},
      {"Neg", &Importer::add_arithmetic},
      {"Relu", &Importer::add_activation},
      {"LeakyRelu", &Importer::add_activation},
      {"Sigmoid", &Importer::add_activation},
      {"Tanh", &Importer::add_activation},
      {"Erf", &Importer::add_activation},
      {"Elu", &Importer::add_activation},
      {"Selu", &Importer::add_activation},
      {"HardSigmoid", &Importer::add_activation},
      {"HardSwish", &Importer::add_activation},
      {"Softplus", &Importer::add_activation},
      {"Gelu", &Importer::add_activation},
      {"Clip", &Importer::add_clip},
      {"PRelu", &Importer::add_prelu},
      {"Softmax", &Importer::add_softmax},
      {"LogSoftmax", &Importer::add_softmax},
      {"Pad", &Importer::add_pad},
      {"ConstantOfShape", &Importer::add_constant_of_shape},
      {"Slice", &Importer::add_slice},
      {"Pow", &Importer::add_power},
      {"Flatten", &Importer::add_reshaping},
      {"Reshape", &Importer::add_reshaping},
      {"Squeeze", &Importer::add_reshaping},
      {"Unsqueeze", &Importer::add_reshaping},
      {"Identity", &Importer::add_pass_through},
      {"Dropout", &Importer::add_pass_through},
      {"Cast", &Importer::add_pass_through},
      {"Constant", &Importer::add_constant_node},
      {"Shape", &Importer::add_constant_shape},
      {"Gather", &Importer::add_gather},
      {"Concat", &Importer::add_concat},
      {"Transpose", &Importer::add_transpose},
  };
  (this->*handlers.at(node.type()))(node);
}

}  // namespace obscura::nn
