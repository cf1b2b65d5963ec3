#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "nn/onnx_importer.h"

namespace obscura::nn {
namespace {

constexpr std::size_t kMaxExponent = 16;
/// Sizes and lists of them: no image has longer sides, no shape more.
constexpr std::int64_t kMaxInteger = std::int64_t{1} << 31;
constexpr std::size_t kMaxIntegers = 64;

/// Axis of the channels in a tensor of that many axes: [N, C, H, W], [N, n], [C, H, W], [n].
std::size_t channel_axis(std::size_t rank) {
  return rank == 4 || rank == 2 ? 1 : 0;
}

void add_to_bias(std::vector<float>& bias, std::size_t outputs, const Expression& shift) {
  if (bias.empty()) bias.assign(outputs, 0.0F);
  for (std::size_t o = 0; o < outputs; ++o) {
    const auto& row = shift.rows().size() == 1 ? shift.rows()[0] : shift.rows()[o];
    bias[o] = static_cast<float>(static_cast<double>(bias[o]) + row[0]);
  }
}

}  // namespace

/// A constant as an expression of degree zero: one value, or one a channel, by NumPy's broadcasting.
Expression Importer::broadcast(const NodeView& node, const Constant& constant, const Value& tensor) const {
  if (constant.integral && constant.size() != 1) node.unsupported("combines an image with integers");
  if (constant.size() == 0 || constant.dims.size() > tensor.dims.size()) {
    node.unsupported("combines an image with a constant of another shape");
  }
  if (constant.size() == 1) {
    if (constant.integral) return Expression::constant(static_cast<double>(constant.ints[0]));
    const bool precise = tensor.precise && !constant.doubles.empty();
    return Expression::constant(precise ? constant.doubles[0] : static_cast<double>(constant.floats[0]));
  }
  const std::size_t offset = tensor.dims.size() - constant.dims.size();
  for (std::size_t i = 0; i < constant.dims.size(); ++i) {
    if (!is_standard(tensor)) node.unsupported("combines a reshaped image with a constant of more than one value");
    const std::int64_t expected = offset + i == channel_axis(tensor.dims.size()) ? tensor.dims[offset + i] : 1;
    if (constant.dims[i] != expected) {
      node.unsupported(
          "combines an image with a constant that differs from place to place; one value, or one a "
          "channel, is supported");
    }
  }
  return tensor.precise && !constant.doubles.empty() ? Expression::constant(constant.doubles)
                                                     : Expression::constant(constant.floats);
}

void Importer::add_arithmetic(const NodeView& node) {
  if (node.type() == "Neg") {
    Value made = input(node, 0);
    if (made.constant) node.unsupported("works on a constant");
    made.label = node.name();
    made.expression = made.expression.negated();
    if (made.gate) made.gate->factor = made.gate->factor.negated();
    define(node, std::move(made));
    return;
  }
  const Value& left = input(node, 0);
  const Value& right = input(node, 1);
  if (left.constant && right.constant) return add_constants(node, *left.constant, *right.constant);
  if (right.constant) return add_with_constant(node, 0, *right.constant);
  if (left.constant) return add_with_constant(node, 1, *left.constant);
  add_two_tensors(node);
}

/// Sizes on their way from one type to another, as exporters scale them.
void Importer::add_rounding(const NodeView& node) {
  Constant made = constant_input(node, 0, "value");
  if (made.integral || made.size() > kMaxIntegers) node.unsupported("is supported on sizes only");
  for (float& v : made.floats) v = node.type() == "Floor" ? std::floor(v) : std::ceil(v);
  made.doubles.clear();
  define_constant(node, std::move(made));
}

/// The same of numbers, of which the file makes sizes.
void Importer::add_float_constants(const NodeView& node, const Constant& left, const Constant& right) {
  const std::size_t size = std::max(left.size(), right.size());
  Constant made = left.size() == size ? left : right;
  made.doubles.clear();
  for (std::size_t i = 0; i < size; ++i) {
    const float a = left.floats[left.size() == 1 ? 0 : i], b = right.floats[right.size() == 1 ? 0 : i];
    const float v = node.type() == "Add" ? a + b : node.type() == "Sub" ? a - b : node.type() == "Mul" ? a * b : a / b;
    if (!std::isfinite(v)) node.fail("computes a number that is not finite");
    made.floats[i] = v;
  }
  define_constant(node, std::move(made));
}

/// Sizes that a file computes: integers, element by element, one of the two at times a single one.
void Importer::add_constants(const NodeView& node, const Constant& left, const Constant& right) {
  const std::size_t size = std::max(left.size(), right.size());
  const bool fits = (left.size() == size || left.size() == 1) && (right.size() == size || right.size() == 1);
  const bool short_lists = size <= kMaxIntegers && fits && left.size() != 0 && right.size() != 0;
  if (!left.integral && !right.integral && short_lists) return add_float_constants(node, left, right);
  if (!left.integral || !right.integral || size > kMaxIntegers || !fits || left.size() == 0 || right.size() == 0) {
    node.unsupported("works on constants; export with constant folding");
  }
  Constant made = left.size() == size ? left : right;
  for (std::size_t i = 0; i < size; ++i) {
    const std::int64_t a = left.ints[left.size() == 1 ? 0 : i];
    const std::int64_t b = right.ints[right.size() == 1 ? 0 : i];
    if (std::max({a, -kMaxInteger, b}) > kMaxInteger || std::min({a, b, kMaxInteger}) < -kMaxInteger) {
      node.fail("computes with integers that are no sizes");
    }
    if (node.type() == "Div" && b == 0) node.fail("divides by zero");
    made.ints[i] = node.type() == "Add" ? a + b : node.type() == "Sub" ? a - b : node.type() == "Mul" ? a * b : a / b;
  }
  define_constant(node, std::move(made));
}

void Importer::add_with_constant(const NodeView& node, int tensor, const Constant& constant) {
  if (constant.size() > 1) lay_out(node, tensor);
  Value made = input(node, tensor);
  const Expression other = broadcast(node, constant, made);
  made.label = node.name();
  if (node.type() == "Mul" || node.type() == "Div") {
    if (node.type() == "Div" && tensor == 1) node.unsupported("divides by an image");
    const Expression factor = node.type() == "Mul" ? other : other.reciprocal();
    made.expression = made.expression * factor;
    if (made.gate) made.gate->factor = made.gate->factor * factor;
  } else if (node.type() == "Sub") {
    made.expression = tensor == 0 ? made.expression + other.negated() : made.expression.negated() + other;
    if (made.gate && tensor == 1) made.gate->factor = made.gate->factor.negated();
  } else {
    made.expression = made.expression + other;
  }
  if (!absorb_into_bias(node, tensor, made.expression)) define(node, std::move(made));
}

/// MatMul and Add are one dense layer; the same after a convolution that nobody else reads.
bool Importer::absorb_into_bias(const NodeView& node, int tensor, const Expression& result) {
  const std::string& name = node.proto().input(tensor);
  const Value& source = values_.at(name);
  if (!result.is_shift() || !is_plain(source) || source.precise || !read_once(name)) return false;
  if (graph_.nodes.size() != source.node + 1) return false;  // something may read it already
  Layer& layer = graph_.nodes[source.node].layer;
  const std::size_t outputs = graph_.nodes[source.node].shape.channels;
  if (auto* linear = std::get_if<Linear>(&layer)) {
    add_to_bias(linear->bias, outputs, result);
  } else if (auto* conv = std::get_if<Conv2d>(&layer)) {
    add_to_bias(conv->bias, outputs, result);
  } else {
    return false;
  }
  define(node, Value(source));
  return true;
}

void Importer::add_two_tensors(const NodeView& node) {
  const bool product = node.type() == "Mul";
  const bool precise = input(node, 0).precise;
  if (product && !precise && node.proto().input(0) == node.proto().input(1)) return square_or_power(node, 2);
  const Value& left = input(node, 0);
  const Value& right = input(node, 1);
  if (node.type() == "Div") node.unsupported("divides by an image");
  if (left.dims != right.dims) return add_two_shapes(node);
  if (combine_gates(node, left, right)) return;
  if (left.node == right.node && !left.gate && !right.gate) {  // a sum or product of polynomials in the same tensor
    Value made = left;
    made.label = node.name();
    if (product && precise) made.expression = chebyshev_product(left.expression, right.expression);
    if (product && !precise) made.expression = left.expression * right.expression;
    if (node.type() == "Add") made.expression = left.expression + right.expression;
    if (node.type() == "Sub") made.expression = left.expression + right.expression.negated();
    define(node, std::move(made));
    return;
  }
  const Dims dims = left.dims;
  if (graph_.nodes[left.node].shape != graph_.nodes[right.node].shape) {
    lay_out(node, 0);
    lay_out(node, 1);
  }
  const std::size_t a = layer_input(node, 0);
  std::size_t b = layer_input(node, 1);
  if (product) return define_layer(node, Product{}, {a, b}, dims);
  if (node.type() == "Sub") b = emit(node.name() + "_negated", b, Expression().negated());
  define_layer(node, Add{}, {a, b}, dims);
}

/// The sum or product of two values in one tensor of which one holds an activation, as again one such value.
bool Importer::combine_gates(const NodeView& node, const Value& left, const Value& right) {
  if (left.node != right.node || left.gate.has_value() == right.gate.has_value()) return false;
  const Value& gated = left.gate ? left : right;
  const Value& plain = left.gate ? right : left;
  Value made = gated;
  made.label = node.name();
  if (node.type() == "Mul") {
    made.expression = gated.expression * plain.expression;
    made.gate->factor = gated.gate->factor * plain.expression;
  } else if (node.type() == "Add") {
    made.expression = gated.expression + plain.expression;
  } else {
    made.expression = left.expression + right.expression.negated();
    if (right.gate) made.gate->factor = made.gate->factor.negated();
  }
  define(node, std::move(made));
  return true;
}

void Importer::add_power(const NodeView& node) {
  const Constant& exponent = constant_input(node, 1, "exponent");
  if (exponent.size() != 1) node.unsupported("has an exponent that differs from place to place");
  const double value =
      exponent.integral ? static_cast<double>(exponent.ints[0]) : static_cast<double>(exponent.floats[0]);
  if (value != std::floor(value) || value < 1 || value > static_cast<double>(kMaxExponent)) {
    node.unsupported("has an exponent that is not a whole number from 1 to 16");
  }
  square_or_power(node, static_cast<std::size_t>(value));
}

/// x^k starts from x as it is: a square of a square stays two layers.
void Importer::square_or_power(const NodeView& node, std::size_t exponent) {
  layer_input(node, 0);
  Value made = input(node, 0);
  made.label = node.name();
  made.expression = made.expression.power(exponent);
  define(node, std::move(made));
}

}  // namespace obscura::nn
