#include "compile/stages.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "base/error.h"
#include "compile/affine.h"
#include "compile/gates.h"

namespace obscura::compile {
namespace {

using nn::Node;
using program::AffineMap;

/// What circuits::evaluate_polynomial takes.
constexpr std::size_t kMostDegree = 63;

/// A tensor as a sum of maps of values, not yet computed.
struct Expression {
  struct Part {
    std::size_t value = 0;
    Shape input;
    std::array<std::size_t, 2> stride{1, 1};
    std::optional<AffineMap> map;  // nothing: the identity
    const AffineMap& made() {
      if (!map) map = program::identity_map(input.size());
      return *map;
    }
  };
  std::vector<Part> parts;
  Shape shape;
  std::vector<std::string> names;

  bool is_value() const { return parts.size() == 1 && !parts.front().map; }
};

std::vector<std::size_t> count_uses(const nn::Graph& graph) {
  std::vector<std::size_t> uses(graph.nodes.size(), 0);
  uses.back() = 1;
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    if (uses[i] == 0) continue;
    for (const std::size_t input : graph.nodes[i].inputs) ++uses[input];
  }
  return uses;
}

bool vanishes(const std::optional<AffineMap>& map) {
  return map && std::ranges::all_of(map->rows, [](const AffineMap::Row& row) {
           return std::ranges::all_of(row, [](const AffineMap::Entry& entry) { return entry.value == 0; });
         });
}

/// What it is where nothing of the image is left in it (a gate that never opens has polynomials of degree 0).
std::optional<std::vector<double>> constant_of(const Expression& e) {
  std::vector<double> values(e.shape.size(), 0);
  for (const auto& part : e.parts) {
    if (!vanishes(part.map)) return std::nullopt;
    for (std::size_t r = 0; r < values.size(); ++r) values[r] += part.map->bias[r];
  }
  return values;
}

/// Parts that add nothing but numbers are these numbers in another part. Precondition: it is no constant.
void drop_zero_parts(Expression& e) {
  std::vector<double> bias(e.shape.size(), 0);
  std::erase_if(e.parts, [&](const Expression::Part& part) {
    if (!vanishes(part.map)) return false;
    for (std::size_t r = 0; r < bias.size(); ++r) bias[r] += part.map->bias[r];
    return true;
  });
  e.parts.front().made();
  AffineMap& first = *e.parts.front().map;
  for (std::size_t r = 0; r < bias.size(); ++r) first.bias[r] += bias[r];
}

/// Adds what `from` says to `to`, row by row from `first_row` on.
void add_part(Expression& to, Expression::Part from, std::size_t first_row, std::size_t rows) {
  AffineMap map = from.made();
  if (map.rows.size() != rows) {
    AffineMap wide{map.columns, std::vector<AffineMap::Row>(rows), std::vector<double>(rows, 0)};
    std::move(map.rows.begin(), map.rows.end(), wide.rows.begin() + static_cast<std::ptrdiff_t>(first_row));
    std::copy(map.bias.begin(), map.bias.end(), wide.bias.begin() + static_cast<std::ptrdiff_t>(first_row));
    map = std::move(wide);
  }
  for (auto& part : to.parts) {
    if (part.value != from.value) continue;
    part.map = program::sum_of(part.made(), map);
    return;
  }
  from.map = std::move(map);
  to.parts.push_back(std::move(from));
}

void add_names(Expression& to, const Expression& from) {
  for (const auto& name : from.names) {
    if (std::find(to.names.begin(), to.names.end(), name) == to.names.end()) to.names.push_back(name);
  }
}

/// Builds stages node by node; a node's expression is forgotten after its last use.
class Builder {
 public:
  explicit Builder(const nn::Graph& graph)
      : graph_(graph), uses_(count_uses(graph)), expressions_(graph.nodes.size()), inside_(graph.nodes.size(), false) {
    gates_ = gated_products(graph);
    for (const GatedProduct& gate : gates_) {
      for (const std::size_t node : gate.polynomials) inside_[node] = true;
    }
  }

  program::StagedNetwork build() {
    expressions_[0] = value(0, graph_.nodes.front().shape);
    for (std::size_t i = 1; i < graph_.nodes.size(); ++i) {
      if (uses_[i] > 0 && !inside_[i]) expressions_[i] = of(i);
    }
    Expression& last = expressions_.back();
    if (constant_of(last)) {
      throw UnsupportedError("the output of the network " + graph_.name + " does not depend on the image: weights of " +
                             last.names.back() + " or before it are all zero, or an activation never opens");
    }
    const bool computed = last.is_value() && last.parts.front().value > (merge_ ? merge_->value : 0);
    if (!computed) close(std::move(last), Stage::Activation::none, {});
    return {std::move(stages_), merge_};
  }

 private:
  static Expression value(std::size_t index, const Shape& shape) {
    Expression e;
    e.parts.push_back({index, shape, {1, 1}, {}});
    e.shape = shape;
    return e;
  }

  Expression take(std::size_t node) { return --uses_[node] == 0 ? std::move(expressions_[node]) : expressions_[node]; }

  Expression of(std::size_t at) {
    const Node& node = graph_.nodes[at];
    if (std::holds_alternative<nn::Product>(node.layer)) return product(at);
    if (std::holds_alternative<nn::Add>(node.layer) || std::holds_alternative<nn::Concat>(node.layer)) {
      return join(node);
    }
    Expression e = take(node.inputs.at(0));
    if (const auto* m = std::get_if<nn::Merge>(&node.layer)) return merge(node, std::move(e), *m);
    if (std::holds_alternative<nn::Square>(node.layer)) return close(std::move(e), Stage::Activation::square, {});
    if (const auto* p = std::get_if<nn::Polynomial>(&node.layer)) return polynomial(node, std::move(e), *p);
    if (const auto* a = std::get_if<nn::Activation>(&node.layer)) {
      throw UnsupportedError(
          "layer " + node.name + " (" + layer_name(nn::Layer(*a)) +
          ") is not a polynomial: fit one first, obscura compile --calibrate DATASET --save FITTED.onnx");
    }
    return linear(node, std::move(e));
  }

  /// What is merged is the last value before: a linear map of it is the same map of the sum, or of each part.
  Expression merge(const Node& node, Expression e, const nn::Merge& layer) {
    if (e.parts.size() > 1) e = close(std::move(e), Stage::Activation::none, {});
    const std::size_t count = graph_.chunks->used();
    const bool sum = layer.kind == nn::Merge::Kind::mean;
    Expression::Part& part = e.parts.front();
    merge_ = program::Merge{sum ? program::Merge::Kind::sum : program::Merge::Kind::concat, part.value, count};
    AffineMap map = part.made();
    if (sum) {
      const double share = 1.0 / static_cast<double>(count);
      map.scale_rows([share](std::size_t) { return share; });
    } else {
      map = repeated(map, count);
      part.input = {part.input.size() * count, 1, 1};
    }
    part.map = std::move(map);
    e.shape = node.shape;
    e.names.push_back(node.name);
    return e;
  }

  /// The map of each of `count` inputs that stand one behind the other.
  static AffineMap repeated(const AffineMap& map, std::size_t count) {
    AffineMap all{map.columns * count, {}, {}};
    for (std::size_t k = 0; k < count; ++k) {
      for (const auto& row : map.rows) all.rows.push_back(row.moved_along(static_cast<std::int64_t>(k * map.columns)));
      all.bias.insert(all.bias.end(), map.bias.begin(), map.bias.end());
    }
    return all;
  }

  /// Whether two maps are better kept apart: a narrow layer between two wide ones (a gallery of vectors behind an
  /// embedding) would become one matrix of as many entries as no machine has memory for. That costs a level.
  static bool apart(const AffineMap& second, const Expression& first) {
    constexpr double kMostEntries = 0x1p24, kTimes = 4;
    double together = 0, alone = static_cast<double>(second.entries());
    for (const auto& part : first.parts) {
      if (!part.map) continue;
      const auto entries = static_cast<double>(part.map->entries());
      alone += entries;
      together += static_cast<double>(second.entries()) * entries / static_cast<double>(part.map->rows.size());
    }
    return together > kMostEntries && together > kTimes * alone;
  }

  Expression linear(const Node& node, Expression e) {
    if (std::holds_alternative<nn::Flatten>(node.layer)) {
      e.names.push_back(node.name);
      e.shape = node.shape;
      return e;
    }
    AffineMap map = affine_of(node, e.shape);
    if (apart(map, e)) e = close(std::move(e), Stage::Activation::none, {});
    e.names.push_back(node.name);
    std::array<std::size_t, 2> stride{1, 1};
    if (const auto* conv = std::get_if<nn::Conv2d>(&node.layer)) stride = conv->stride;
    if (const auto* pool = std::get_if<nn::AvgPool>(&node.layer)) stride = pool->stride;
    if (const auto* moved = std::get_if<nn::Rearrange>(&node.layer)) stride = grid_stride(*moved, e.shape);
    for (std::size_t k = 0; k < e.parts.size(); ++k) {
      auto& part = e.parts[k];
      part.stride = {part.stride[0] * stride[0], part.stride[1] * stride[1]};
      if (part.map || k + 1 < e.parts.size()) {
        part.map = program::compose(map, part.made());
      } else {
        part.map = std::move(map);
      }
      // The sums' constant belongs to one part only.
      if (k + 1 < e.parts.size()) std::fill(map.bias.begin(), map.bias.end(), 0);
    }
    e.shape = node.shape;
    return e;
  }

  Expression join(const Node& node) {
    Expression sum;
    sum.shape = node.shape;
    const bool concat = std::holds_alternative<nn::Concat>(node.layer);
    std::size_t first_row = 0;
    for (const std::size_t input : node.inputs) {
      Expression e = take(input);
      const std::size_t rows = e.shape.size();
      for (auto& part : e.parts) add_part(sum, std::move(part), concat ? first_row : 0, node.shape.size());
      add_names(sum, e);
      first_row += rows;
    }
    sum.names.push_back(node.name);
    return sum;
  }

  /// x -> scale[c] x + shift[c] in double precision: b^2 / 4a and (b / 2a)^2 cancel, and a float would show.
  static void scale_channels(Expression& e, const std::vector<double>& scale, const std::vector<double>& shift) {
    const std::size_t plane = e.shape.height * e.shape.width;
    for (std::size_t k = 0; k < e.parts.size(); ++k) {
      auto& part = e.parts[k];
      part.made();
      part.map->scale_rows([&](std::size_t r) { return scale[r / plane]; });
      for (std::size_t r = 0; r < part.map->rows.size(); ++r) {
        part.map->bias[r] = part.map->bias[r] * scale[r / plane] + (k == 0 ? shift[r / plane] : 0);
      }
    }
  }

  Expression close(Expression e, Stage::Activation activation, std::vector<std::vector<double>> coefficients,
                   circuits::Basis basis = circuits::Basis::monomial) {
    Stage stage;
    stage.output = e.shape;
    stage.activation = activation;
    stage.coefficients = std::move(coefficients);
    stage.basis = basis;
    if (auto values = constant_of(e)) return constant(std::move(e), stage, std::move(*values));
    drop_zero_parts(e);
    for (auto& part : e.parts) {
      part.made();
      stage.terms.push_back({part.value, std::move(*part.map), part.input, part.stride});
    }
    for (const auto& name : e.names) stage.name += (stage.name.empty() ? "" : " + ") + name;
    if (stage.name.empty()) stage.name = "input";
    stages_.push_back(std::move(stage));
    return value(stages_.size(), e.shape);
  }

  /// A stage that every image gives the same is none.
  static Expression constant(Expression e, const Stage& stage, std::vector<double> values) {
    program::apply_activation(stage, values);
    e.parts.resize(1);
    AffineMap& map = *e.parts.front().map;
    map = {map.columns, std::vector<AffineMap::Row>(values.size()), std::move(values)};
    return e;
  }

  Expression polynomial(const Node& node, Expression e, const nn::Polynomial& p) {
    std::vector<std::vector<double>> rows;
    std::size_t degree = 0;
    for (const auto& row : p.coefficients) {
      rows.push_back(row);
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (row[i] != 0) degree = std::max(degree, i);
      }
    }
    if (degree > kMostDegree) {
      throw UnsupportedError("layer " + node.name + " is a polynomial of degree " + std::to_string(degree) +
                             "; at most " + std::to_string(kMostDegree) + " runs encrypted");
    }
    // Up to degree two the neighbours take the coefficients in.
    if (degree <= 2) rows = nn::monomial_coefficients(p);
    if (degree <= 1) return degree_one(node, std::move(e), rows);
    for (auto& row : rows) row.resize(degree + 1, 0);
    if (degree == 2 && foldable(rows)) return quadratic(std::move(e), rows);
    const bool chebyshev = degree > 2 && p.basis == nn::Polynomial::Basis::chebyshev;
    return close(std::move(e), Stage::Activation::polynomial, std::move(rows),
                 chebyshev ? circuits::Basis::chebyshev : circuits::Basis::monomial);
  }

  Expression product(std::size_t at) {
    const auto gate = std::ranges::find(gates_, at, &GatedProduct::product);
    if (gate != gates_.end()) return gated(*gate);
    const Node& node = graph_.nodes[at];
    if (node.inputs.at(0) != node.inputs.at(1)) return of_branches(node);
    --uses_[node.inputs.front()];
    Expression e = take(node.inputs.front());
    e.names.push_back(node.name);
    return close(std::move(e), Stage::Activation::square, {});
  }

  static Expression times(Expression e, const std::vector<double>& factors, const Node& node) {
    for (auto& part : e.parts) {
      part.made();
      part.map->scale_rows([&](std::size_t r) { return factors[r]; });
      for (std::size_t r = 0; r < factors.size(); ++r) part.map->bias[r] *= factors[r];
    }
    e.names.push_back(node.name);
    return e;
  }

  /// Of two branches: a b = ((a + b)^2 - (a - b)^2) / 4, one level and two squares a value, and nothing but maps and
  /// squares for whoever runs it (multiplication by quarter squares).
  Expression of_branches(const Node& node) {
    std::array<Expression, 2> branches{take(node.inputs[0]), take(node.inputs[1])};
    for (const std::size_t k : {0U, 1U}) {
      if (const auto factors = constant_of(branches[k])) return times(std::move(branches[1 - k]), *factors, node);
    }
    Expression both;
    both.shape = {2 * node.shape.channels, node.shape.height, node.shape.width};
    const std::size_t rows = node.shape.size();
    for (const std::size_t k : {0U, 1U}) {
      Expression& e = branches[k];
      for (auto& part : e.parts) {
        part.made();
        Expression::Part other = part;
        if (k == 1) other.map->scale_rows([](std::size_t) { return -1.0; });
        if (k == 1) std::ranges::transform(other.map->bias, other.map->bias.begin(), std::negate<>());
        add_part(both, std::move(part), 0, 2 * rows);
        add_part(both, std::move(other), rows, 2 * rows);
      }
      add_names(both, e);
    }
    both.names.push_back(node.name);
    Expression squares = close(std::move(both), Stage::Activation::square, {});
    AffineMap map{2 * rows, std::vector<AffineMap::Row>(rows), std::vector<double>(rows, 0)};
    for (std::size_t r = 0; r < rows; ++r) {
      map.rows[r] = {{static_cast<std::uint32_t>(r), 0.25}, {static_cast<std::uint32_t>(rows + r), -0.25}};
    }
    squares.parts.front().map = std::move(map);
    squares.shape = node.shape;
    return squares;
  }

  /// The stage of x computes its polynomials and the product, too.
  Expression gated(const GatedProduct& gate) {
    --uses_[gate.input];  // the first polynomial's
    Expression e = take(gate.input);
    e.names.push_back(graph_.nodes[gate.product].name);
    std::vector<std::vector<double>> rows;
    bool chebyshev = false;
    for (const std::size_t node : gate.polynomials) {
      const auto& p = std::get<nn::Polynomial>(graph_.nodes[node].layer);
      rows.push_back(p.coefficients.front());
      chebyshev = p.basis == nn::Polynomial::Basis::chebyshev;
    }
    return close(std::move(e), Stage::Activation::gated, std::move(rows),
                 chebyshev ? circuits::Basis::chebyshev : circuits::Basis::monomial);
  }

  static Expression degree_one(const Node& node, Expression e, std::vector<std::vector<double>>& rows) {
    std::vector<double> scale, shift;
    for (std::size_t ch = 0; ch < e.shape.channels; ++ch) {
      auto& row = rows[rows.size() == 1 ? 0 : ch];
      row.resize(2, 0);
      scale.push_back(row[1]);
      shift.push_back(row[0]);
    }
    scale_channels(e, scale, shift);
    e.names.push_back(node.name);
    return e;
  }

  /// Unless a leading coefficient is too small to divide by.
  static bool foldable(const std::vector<std::vector<double>>& rows) {
    return std::all_of(rows.begin(), rows.end(),
                       [](const auto& row) { return std::abs(row[2]) >= 1e-4 * (std::abs(row[1]) + 1); });
  }

  /// A square between two maps. The root of the leading coefficient goes before the square, so that what is squared is
  /// about as large as what comes out whatever the coefficient.
  Expression quadratic(Expression e, const std::vector<std::vector<double>>& rows) {
    std::vector<double> root, before, sign, after;
    for (std::size_t ch = 0; ch < e.shape.channels; ++ch) {
      const auto& row = rows[rows.size() == 1 ? 0 : ch];
      const double a = row[2], b = row[1], c = row[0];
      root.push_back(std::sqrt(std::abs(a)));
      sign.push_back(a < 0 ? -1 : 1);
      before.push_back(b / (2 * sign.back() * root.back()));
      after.push_back(c - b * b / (4 * a));
    }
    scale_channels(e, root, before);
    Expression squared = close(std::move(e), Stage::Activation::square, {});
    scale_channels(squared, sign, after);
    return squared;
  }

  const nn::Graph& graph_;
  std::vector<std::size_t> uses_;
  std::vector<Expression> expressions_;
  std::vector<Stage> stages_;
  std::vector<GatedProduct> gates_;
  std::vector<bool> inside_;  ///< of a gate
  std::optional<program::Merge> merge_;
};

}  // namespace

program::StagedNetwork network_of(const nn::Graph& graph) {
  if (graph.nodes.size() < 2) throw UnsupportedError("the network " + graph.name + " has no layer");
  nn::check_chunks(graph);
  return Builder(graph).build();
}

std::vector<Stage> stages_of(const nn::Graph& graph) {
  return network_of(graph).stages;
}

}  // namespace obscura::compile
