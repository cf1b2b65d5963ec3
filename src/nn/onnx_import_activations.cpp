#include <cmath>
#include <map>
#include <numbers>

#include "base/error.h"
#include "nn/onnx_importer.h"

namespace obscura::nn {
namespace {

using Kind = Activation::Kind;

/// How far the constants of a spelled-out GELU or HardSwish may be from their exact values.
constexpr double kTolerance = 1e-4;

/// scale * function(argument) + rest.
struct Spelled {
  Activation function;
  Expression argument;
  Expression scale;
  Expression rest;
};

bool is_erf_of_gelu(const Gate& gate) {
  return gate.function.kind == Kind::erf && gate.argument.is_close_to({0, std::numbers::sqrt2 / 2}, kTolerance);
}

bool is_tanh_of_gelu(const Gate& gate) {
  const double root = std::sqrt(2 / std::numbers::pi);
  return gate.function.kind == Kind::tanh && gate.argument.is_close_to({0, root, 0, 0.044715 * root}, kTolerance);
}

bool is_sigmoid_of_hard_swish(const Gate& gate) {
  const Activation& f = gate.function;
  return f.kind == Kind::hard_sigmoid && gate.argument.is_identity() && f.beta == 0.5F &&
         std::abs(static_cast<double>(f.alpha) - 1.0 / 6) < kTolerance;
}

bool is_clip_of_hard_swish(const Gate& gate) {
  const Activation& f = gate.function;
  return f.kind == Kind::clip && f.alpha == 0.0F && f.beta == 6.0F && gate.argument.is_close_to({3, 1}, kTolerance);
}

/// softplus(x) alone, which nothing else reads: it would be a layer otherwise.
bool is_softplus(const Value& value) {
  if (!value.gate || value.gate->function.kind != Kind::softplus) return false;
  return value.gate->factor == Expression::constant(1.0) && value.expression == Expression::constant(0.0);
}

/// The k of k x in every channel, each of them other than zero.
std::optional<std::vector<double>> slopes_of(const Expression& expression) {
  if (expression.degree() != 1) return std::nullopt;
  std::vector<double> slopes;
  for (const auto& row : expression.rows()) {
    if (row[0] != 0 || row[1] == 0) return std::nullopt;
    slopes.push_back(row[1]);
  }
  return slopes;
}

/// k x sigmoid(b x) = (k / b) silu(b x): Swish, its b learnt or not, and QuickGELU.
std::optional<Spelled> swish_of(const Gate& gate) {
  if (gate.function.kind != Kind::sigmoid) return std::nullopt;
  const auto factor = slopes_of(gate.factor), argument = slopes_of(gate.argument);
  if (!factor || !argument) return std::nullopt;
  const Expression scale = Expression::constant(*factor) * Expression::constant(*argument).reciprocal();
  return Spelled{Activation{Kind::silu}, gate.argument, scale, Expression::constant(0.0)};
}

/// k x tanh(softplus(x))
std::optional<Spelled> mish_of(const Gate& gate) {
  const auto slopes = slopes_of(gate.factor);
  if (!slopes || !gate.argument.is_identity()) return std::nullopt;
  return Spelled{Activation{Kind::mish}, Expression(), Expression::constant(*slopes), Expression::constant(0.0)};
}

/// What k x f(x) is where that has a name: SiLU, GELU, HardSwish and Mish reach a file in parts.
std::optional<Spelled> spelled_out(const Gate& gate) {
  if (gate.of_softplus) return mish_of(gate);
  if (auto swish = swish_of(gate)) return swish;
  const Expression& factor = gate.factor;
  if (factor.rows().size() != 1 || factor.degree() != 1 || factor.rows()[0][0] != 0) return std::nullopt;
  const double k = factor.rows()[0][1];
  const auto named = [&](Kind kind, double scale, const Expression& rest) {
    return Spelled{Activation{kind}, Expression(), Expression::constant(scale), rest};
  };
  const Expression none = Expression::constant(0.0);
  if (is_sigmoid_of_hard_swish(gate)) return named(Kind::hard_swish, k, none);
  if (is_clip_of_hard_swish(gate)) return named(Kind::hard_swish, 6 * k, none);
  // k x erf(x / sqrt 2) = 2 k gelu(x) - k x
  if (is_erf_of_gelu(gate)) return named(Kind::gelu, 2 * k, factor.negated());
  if (is_tanh_of_gelu(gate)) return named(Kind::gelu_tanh, 2 * k, factor.negated());
  return std::nullopt;
}

}  // namespace

Activation Importer::activation_of(const NodeView& node) const {
  static const std::map<std::string, Kind> kinds{
      {"Relu", Kind::relu},
      {"LeakyRelu", Kind::leaky_relu},
      {"Sigmoid", Kind::sigmoid},
      {"Tanh", Kind::tanh},
      {"Erf", Kind::erf},
      {"Elu", Kind::elu},
      {"Selu", Kind::elu},
      {"HardSwish", Kind::hard_swish},
      {"HardSigmoid", Kind::hard_sigmoid},
      {"Gelu", Kind::gelu},
      {"Softplus", Kind::softplus},
      {"Mish", Kind::mish},
  };
  Activation made{kinds.at(node.type())};
  if (node.type() == "LeakyRelu") made.alpha = node.real("alpha", 0.01F);
  if (node.type() == "Elu") made.alpha = node.real("alpha", 1.0F);
  if (node.type() == "Selu") made.alpha = node.real("alpha", 1.67326319F), made.spelling = "SELU";
  if (node.type() == "HardSigmoid") {
    made.alpha = node.real("alpha", 0.2F);
    made.beta = node.real("beta", 0.5F);
  }
  if (node.type() == "Gelu" && node.text("approximate", "none") == "tanh") made.kind = Kind::gelu_tanh;
  return made;
}

/// rest + factor * function(argument), all in the tensor that input 1 is made of.
void Importer::define_gate(const NodeView& node, const Activation& function, const Expression& argument,
                           Expression factor, Expression rest) {
  Value made = input(node, 0);
  made.expression = std::move(rest);
  made.gate = Gate{function, argument, std::move(factor), node.name()};
  made.label = node.name();
  define(node, std::move(made));
}

void Importer::add_activation(const NodeView& node) {
  if (input(node, 0).constant) node.unsupported("works on a constant");
  if (node.type() == "Sigmoid" && node.proto().output_size() > 0 && node.proto().output(0) == end_) {
    return leave_to_owner(node, Head::sigmoid);
  }
  if (node.type() == "Tanh" && is_softplus(input(node, 0))) {
    Value made = input(node, 0);
    made.gate = Gate{Activation{Kind::tanh}, made.gate->argument, Expression::constant(1.0), node.name(), true};
    made.label = node.name();
    return define(node, std::move(made));
  }
  if (input(node, 0).gate) layer_input(node, 0);
  const double factor = node.type() == "Selu" ? static_cast<double>(node.real("gamma", 1.05070102F)) : 1.0;
  define_gate(node, activation_of(node), input(node, 0).expression, Expression::constant(factor),
              Expression::constant(0.0));
}

/// An end of a Clip: an attribute up to opset 10, an input since.
std::optional<double> Importer::bound(const NodeView& node, int i, const char* attribute) const {
  if (node.has(attribute)) return static_cast<double>(node.real(attribute, 0.0F));
  if (!has_input(node, i)) return std::nullopt;
  const Constant& value = constant_input(node, i, "bound");
  if (value.size() != 1) node.fail("has a bound that is no number");
  return value.integral ? static_cast<double>(value.ints[0]) : static_cast<double>(value.floats[0]);
}

void Importer::add_clip(const NodeView& node) {
  if (input(node, 0).constant) node.unsupported("works on a constant");
  if (input(node, 0).gate) layer_input(node, 0);
  // Files write the largest float where a side has no bound.
  constexpr double none = 1e30;
  const auto low = bound(node, 1, "min");
  const auto high = bound(node, 2, "max");
  const bool below = low && *low > -none, above = high && *high < none;
  if (!below && !above) return define(node, Value(input(node, 0)));
  const Expression x = input(node, 0).expression;
  Activation relu{Kind::relu};
  relu.spelling = "Clip";
  if (below && above) {
    const Activation clip{Kind::clip, static_cast<float>(*low), static_cast<float>(*high)};
    define_gate(node, clip, x, Expression::constant(1.0), Expression::constant(0.0));
  } else if (below) {  // low + relu(x - low)
    define_gate(node, relu, x + Expression::constant(-*low), Expression::constant(1.0), Expression::constant(*low));
  } else {  // high - relu(high - x)
    define_gate(node, relu, x.negated() + Expression::constant(*high), Expression::constant(-1.0),
                Expression::constant(*high));
  }
}

/// Below zero a slope for all, or one a channel: s x + (1 - s) relu(x).
void Importer::add_prelu(const NodeView& node) {
  const Constant& slope = constant_input(node, 1, "slope");
  layer_input(node, 0);
  if (slope.size() > 1) lay_out(node, 0);
  const Expression s = broadcast(node, slope, input(node, 0));
  const Expression none = Expression::constant(0.0);
  if (s.rows().size() == 1) {
    Activation leaky{Kind::leaky_relu, static_cast<float>(s.rows()[0][0])};
    leaky.spelling = "PReLU";
    return define_gate(node, leaky, Expression(), Expression::constant(1.0), none);
  }
  Activation relu{Kind::relu};
  relu.spelling = "PReLU";
  define_gate(node, relu, Expression(), Expression::constant(1.0) + s.negated(), s * Expression());
}

/// x, or a (e^(x / a) - 1) below zero: a elu(x / a).
void Importer::add_celu(const NodeView& node) {
  if (input(node, 0).constant) node.unsupported("works on a constant");
  if (input(node, 0).gate) layer_input(node, 0);
  const Expression alpha = Expression::constant(static_cast<double>(node.real("alpha", 1.0F)));
  Activation elu{Kind::elu, 1.0F};
  elu.spelling = "CELU";
  define_gate(node, elu, input(node, 0).expression * alpha.reciprocal(), alpha, Expression::constant(0.0));
}

/// At the end of a network nobody needs it encrypted.
void Importer::add_softmax(const NodeView& node) {
  const Value& source = input(node, 0);
  if (source.constant) node.unsupported("works on a constant");
  if (node.proto().output_size() == 0 || node.proto().output(0) != end_) {
    node.unsupported(
        "is supported over the classes at the network's end only, where it is left to the owner; inside, as attention "
        "has it, it does not run encrypted: retrain without it");
  }
  const std::size_t rank = source.dims.size();
  const auto axis = static_cast<std::size_t>(normal_axis(node, node.integer("axis", rank <= 2 ? -1 : 1), rank));
  std::int64_t values = 1;
  for (const std::int64_t d : source.dims) values *= d;
  if (source.dims[axis] != values) node.unsupported("is supported over all classes at once, one axis of all outputs");
  if (values == 1) {
    node.unsupported(
        "is over one output, which makes it the same for every image; a network with one output ends in a "
        "Sigmoid, or in the logit alone");
  }
  leave_to_owner(node, node.type() == "Softmax" ? Head::softmax : Head::log_softmax);
}

void Importer::leave_to_owner(const NodeView& node, Head head) {
  graph_.head = head;
  graph_.notes.push_back("layer " + node.name() + " (" + node.type() +
                         ") is left to the owner, who applies it to the decrypted outputs");
  define(node, Value(input(node, 0)));
}

/// The layers of a polynomial plus an activation; returns the last one's node.
std::size_t Importer::emit_gate(const Value& value) {
  const Gate& gate = *value.gate;
  const auto named = spelled_out(gate);
  const Spelled spelled = named.value_or(Spelled{gate.function, gate.argument, gate.factor, Expression::constant(0.0)});
  Expression rest = value.expression + spelled.rest;
  // What x / 2 + (x / 2) erf leaves of x where a file rounds its constants.
  if (named && rest.is_close_to({0, rest.rows()[0].back()}, 0) &&
      std::abs(rest.rows()[0].back()) < kTolerance * std::abs(spelled.scale.rows()[0][0])) {
    rest = Expression::constant(0.0);
  }
  // A function that is spelled out is known by the node that ends it, any other by its own.
  const std::string& name = named ? value.label : gate.label;
  const auto part = [&](const char* suffix) { return value.label == name ? name + suffix : value.label; };
  std::size_t argument = emit(name + "_argument", value.node, spelled.argument);
  if (gate.of_softplus && !named) {
    argument = add_node(graph_, name + "_softplus", Activation{Kind::softplus}, {argument});
  }
  std::size_t node = add_node(graph_, name, spelled.function, {argument});
  Expression scale = spelled.scale;
  if (scale.degree() != 0) {  // a product that has no name of its own, as that of any two branches
    const std::size_t factor = emit(name + "_factor", value.node, scale);
    node = add_node(graph_, name + "_product", Product{}, {factor, node});
    scale = Expression::constant(1.0);
  }
  const Expression slope = rest.from_degree(1);
  const Expression shift = rest + slope.negated();
  const bool sum = slope != Expression::constant(0.0);
  node = emit(sum ? name + "_scale" : part("_scale"), node, scale * Expression() + shift);
  if (!sum) return node;
  const std::size_t other = emit(name + "_rest", value.node, slope);
  return add_node(graph_, part("_sum"), Add{}, {node, other});
}

}  // namespace obscura::nn
