#include "nn/onnx_importer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "nn/shapes.h"

namespace obscura::nn {
namespace {

/// Above this a common factor stays a polynomial of one row: a batch norm would need a value a channel.
constexpr std::size_t kMaxScaledChannels = 4096;
/// Entries of all index lists together that slices and shuffles may make, whatever the size of the file.
constexpr std::size_t kMaxPlaces = std::size_t{1} << 25;
/// From this degree on powers of x in single precision are worth a word.
constexpr std::size_t kNotedDegree = 4;
/// An error of a polynomial's values that is worth to fit it again.
constexpr double kNotedError = 1e-3;

/// Older versions of Obscura saved fitted polynomials so. Rounding every coefficient by 2^-25 of itself moves the value
/// at the ends of [-1, 1] by up to so much of their sum.
void note_powers(Graph& graph, const std::string& label, const Polynomial& polynomial) {
  const std::size_t degree = polynomial.coefficients[0].size() - 1;
  if (polynomial.basis != Polynomial::Basis::monomial || degree < kNotedDegree) return;
  double worst = 0;
  for (const auto& row : polynomial.coefficients) {
    double sum = 0;
    for (const double c : row) sum += std::abs(c);
    worst = std::max(worst, sum * 0x1p-25);
  }
  graph.notes.push_back(
      fmt::format("layer {} is a polynomial of degree {} in powers of x, in single precision: on "
                  "[-1, 1] its values may be off by {:.1g}{}",
                  label, degree, worst,
                  worst < kNotedError ? ""
                                      : "; fit the original network again (compile --calibrate "
                                        "--save), which keeps them in double precision"));
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

Importer::Importer(const onnx::GraphProto& proto, std::size_t file_bytes, const Shape& image, std::string chunks)
    : proto_(proto),
      weight_budget_(4 * file_bytes + (std::size_t{1} << 20)),
      place_budget_(kMaxPlaces),
      image_(image),
      chunks_(std::move(chunks)) {}

Graph Importer::run() {
  if (proto_.node_size() == 0) throw FormatError("the network has no layers");
  if (proto_.node_size() > kMaxNodes) throw FormatError("the network has more than 8192 nodes");
  if (proto_.output_size() != 1) {
    throw UnsupportedError("the network has " + std::to_string(proto_.output_size()) + " outputs; one is supported");
  }
  output_ = proto_.output(0).name();
  const auto needed = needed_nodes(proto_);
  count_uses(needed);
  read_initialisers();
  read_input();
  find_end();
  for (int i = 0; i < proto_.node_size(); ++i) {
    if (needed[static_cast<std::size_t>(i)]) add(NodeView(proto_.node(i), static_cast<std::size_t>(i)));
  }
  const auto output = values_.find(output_);
  if (output == values_.end() || output->second.constant) {
    throw FormatError("the network's output '" + output_ + "' does not depend on its input");
  }
  lay_out(output_, "output");
  const std::size_t last = materialise(output_);
  if (last == 0 || last + 1 != graph_.nodes.size()) throw FormatError("the network's output is not its last layer");
  if (graph_.chunks) merge_at_end();
  return std::move(graph_);
}

void Importer::define(const NodeView& node, Value made, int output) {
  if (node.proto().output_size() <= output || node.proto().output(output).empty()) node.fail("has no output");
  if (made.label.empty() || (is_plain(made) && !made.constant)) made.label = node.name();
  const std::string& name = node.proto().output(output);
  charge_coefficients(node, made);
  values_.insert_or_assign(name, std::move(made));
  const Value& stored = values_.at(name);
  // Read more than once: computed once, as a layer, and shared. But the terms of one polynomial are one layer.
  if (!stored.constant && uses_[name] > 1 && !stored.precise) materialise(name);
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
  found.node = found.gate ? emit_gate(found) : emit(found.label, found.node, found.expression, found.precise);
  found.expression = Expression();
  found.gate.reset();
  return found.node;
}

/// A polynomial in a node as the layer that it is; returns its node. Coefficients of powers are single, as files hold
/// them; those that count Chebyshev polynomials (`precise`) stay double.
std::size_t Importer::emit(const std::string& label, std::size_t node, const Expression& expression, bool precise) {
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
  } else if (precise ? !expression.is_chebyshev_square() : !expression.is_square()) {
    Polynomial polynomial;
    if (precise) polynomial.basis = Polynomial::Basis::chebyshev;
    polynomial.coefficients = rows;
    for (auto& row : polynomial.coefficients) {
      if (!precise) std::ranges::transform(row, row.begin(), [](double v) { return static_cast<float>(v); });
      if (row.size() == 1) row.push_back(0.0);
    }
    note_powers(graph_, label, polynomial);
    layer = std::move(polynomial);
  }
  return add_node(graph_, label, std::move(layer), {node});
}

std::size_t Importer::layer_input(const NodeView& node, int i) {
  if (input(node, i).constant) node.unsupported("works on a constant");
  return materialise(node.proto().input(i));
}

void Importer::need_image(const NodeView& node) {
  lay_out(node, 0);
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

std::size_t Importer::coefficients_of(const Value& value) {
  constexpr std::size_t kRowOverhead = 4;
  const auto size = [](const Expression& e) { return e.rows().size() * (e.degree() + kRowOverhead); };
  return size(value.expression) + (value.gate ? size(value.gate->argument) + size(value.gate->factor) : 0);
}

/// A polynomial with a row a channel is kept for every step of its computation.
void Importer::charge_coefficients(const NodeView& node, const Value& value) {
  const std::size_t count = coefficients_of(value);
  if (count > coefficient_budget_) node.fail("is one of too many steps with constants a channel");
  coefficient_budget_ -= count;
}

/// Weights may be shared by many nodes; every node keeps a copy.
std::vector<float> Importer::copy(const std::vector<float>& values) {
  charge(values.size());
  return values;
}

/// Only sums and products stay in double precision; all else reads layers.
void Importer::settle(const NodeView& node) {
  static const std::set<std::string> kept{"Add", "Sub", "Mul", "Neg", "Identity", "Cast"};
  std::size_t tensors = 0, precise = 0;
  for (const auto& name : node.proto().input()) {
    const auto found = values_.find(name);
    if (found == values_.end() || found->second.constant) continue;
    ++tensors;
    precise += found->second.precise ? 1 : 0;
  }
  if (precise == 0 || (precise == tensors && kept.contains(node.type()))) return;
  for (const auto& name : node.proto().input()) {
    const auto found = values_.find(name);
    if (found == values_.end() || !found->second.precise) continue;
    materialise(name);
    found->second.precise = false;
  }
}

void Importer::add(const NodeView& node) {
  using Handler = void (Importer::*)(const NodeView&);
  static const std::map<std::string, Handler> handlers{
      {"Conv", &Importer::add_conv},
      {"AveragePool", &Importer::add_average_pool},
      {"MaxPool", &Importer::add_max_pool},
      {"GlobalAveragePool", &Importer::add_global_pool},
      {"GlobalMaxPool", &Importer::add_global_pool},
      {"ReduceMean", &Importer::add_reduction},
      {"ReduceSum", &Importer::add_reduction},
      {"ReduceMax", &Importer::add_reduction},
      {"Split", &Importer::add_split},
      {"DepthToSpace", &Importer::add_depth_to_space},
      {"SpaceToDepth", &Importer::add_space_to_depth},
      {"Resize", &Importer::add_resize},
      {"Upsample", &Importer::add_resize},
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
      {"Mish", &Importer::add_activation},
      {"Celu", &Importer::add_celu},
      {"Gelu", &Importer::add_activation},
      {"Clip", &Importer::add_clip},
      {"PRelu", &Importer::add_prelu},
      {"Softmax", &Importer::add_softmax},
      {"LogSoftmax", &Importer::add_softmax},
      {"Pad", &Importer::add_pad},
      {"ConstantOfShape", &Importer::add_constant_of_shape},
      {"Slice", &Importer::add_slice},
      {"Floor", &Importer::add_rounding},
      {"Ceil", &Importer::add_rounding},
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
      {"Expand", &Importer::add_expand},
      {"Equal", &Importer::compare_sizes},
      {"Where", &Importer::compare_sizes},
  };
  settle(node);
  (this->*handlers.at(node.type()))(node);
  retire_inputs(node);
}

}  // namespace obscura::nn
