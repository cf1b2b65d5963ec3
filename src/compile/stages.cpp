#include "compile/stages.h"

#include <cmath>

#include "base/error.h"

namespace obscura::compile {
namespace {

using nn::Node;
using nn::Shape;

/// What circuits::evaluate_polynomial takes.
constexpr std::size_t kMostDegree = 63;

/// Builds stages node by node; `open` is the stage whose activation has not come yet.
class Builder {
 public:
  explicit Builder(const Shape& input) { start(input); }

  void linear(const Node& node) {
    append(affine_of(node, open_.output), node.name);
    open_.output = node.shape;
    std::array<std::size_t, 2> stride{1, 1};
    if (const auto* conv = std::get_if<nn::Conv2d>(&node.layer)) stride = conv->stride;
    if (const auto* pool = std::get_if<nn::AvgPool>(&node.layer)) stride = pool->stride;
    open_.stride[0] *= stride[0];
    open_.stride[1] *= stride[1];
  }

  void square() { close(Stage::Activation::square, {}); }

  void polynomial(const Node& node, const nn::Polynomial& p) {
    std::vector<std::vector<double>> rows;
    std::size_t degree = 0;
    for (const auto& row : p.coefficients) {
      rows.emplace_back(row.begin(), row.end());
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (row[i] != 0) degree = std::max(degree, i);
      }
    }
    if (degree > kMostDegree) {
      throw UnsupportedError("layer " + node.name + " is a polynomial of degree " + std::to_string(degree) +
                             "; at most " + std::to_string(kMostDegree) + " runs encrypted");
    }
    if (degree <= 1) return degree_one(node, rows);
    if (degree == 2 && quadratic(node, rows)) return;
    close(Stage::Activation::polynomial, std::move(rows));
  }

  std::vector<Stage> finish() {
    if (started_) stages_.push_back(std::move(open_));
    return std::move(stages_);
  }

 private:
  void start(const Shape& input) {
    open_ = Stage{};
    open_.input = open_.output = input;
    started_ = false;
  }

  void append(const AffineMap& map, const std::string& name) {
    open_.map = started_ ? compose(map, open_.map) : map;
    started_ = true;
    if (!open_.name.empty()) open_.name += " + ";
    open_.name += name;
  }

  /// y = scale[c] x + shift[c] in double precision: b^2 / 4a and (b / 2a)^2 cancel, and a float would show.
  void scale_channels(const std::string& name, const std::vector<double>& scale, const std::vector<double>& shift) {
    const std::size_t plane = open_.output.height * open_.output.width;
    AffineMap map{open_.output.size(), {}, {}};
    for (std::size_t i = 0; i < map.columns; ++i) {
      map.rows.push_back({{static_cast<std::uint32_t>(i), scale[i / plane]}});
      map.bias.push_back(shift[i / plane]);
    }
    append(map, name);
  }

  void close(Stage::Activation activation, std::vector<std::vector<double>> coefficients) {
    if (!started_) linear(Node{"input", nn::Flatten{}, {}, open_.output});
    open_.activation = activation;
    open_.coefficients = std::move(coefficients);
    const Shape next = open_.output;
    stages_.push_back(std::move(open_));
    start(next);
  }

  void degree_one(const Node& node, const std::vector<std::vector<double>>& rows) {
    std::vector<double> scale, shift;
    for (std::size_t ch = 0; ch < open_.output.channels; ++ch) {
      const auto& row = rows[rows.size() == 1 ? 0 : ch];
      scale.push_back(row[1]);
      shift.push_back(row[0]);
    }
    scale_channels(node.name, scale, shift);
  }

  /// Folds a quadratic into its neighbours unless a leading coefficient is too small to divide by.
  bool quadratic(const Node& node, const std::vector<std::vector<double>>& rows) {
    std::vector<double> ones(open_.output.channels, 1), before, scale, shift;
    for (std::size_t ch = 0; ch < open_.output.channels; ++ch) {
      const auto& row = rows[rows.size() == 1 ? 0 : ch];
      const double a = row[2], b = row[1], c = row[0];
      if (std::abs(a) < 1e-4 * (std::abs(b) + 1)) return false;
      before.push_back(b / (2 * a));
      scale.push_back(a);
      shift.push_back(c - b * b / (4 * a));
    }
    scale_channels(node.name, ones, before);
    square();
    scale_channels(node.name, scale, shift);
    return true;
  }

  std::vector<Stage> stages_;
  Stage open_;
  bool started_ = false;
};

}  // namespace

std::vector<Stage> stages_of(const nn::Graph& graph) {
  if (graph.nodes.size() < 2) throw UnsupportedError("the network " + graph.name + " has no layer");
  Builder builder(graph.input_shape());
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.inputs != std::vector<std::size_t>{i - 1}) {
      throw UnsupportedError("layer " + node.name + " (" + layer_name(node.layer) +
                             ") branches: only chains of layers run encrypted");
    }
    if (std::holds_alternative<nn::Square>(node.layer)) {
      builder.square();
    } else if (const auto* p = std::get_if<nn::Polynomial>(&node.layer)) {
      builder.polynomial(node, *p);
    } else {
      builder.linear(node);
    }
  }
  return builder.finish();
}

std::vector<double> run_stages(const std::vector<Stage>& stages, std::vector<double> x) {
  for (const Stage& stage : stages) {
    x = stage.map.apply(x);
    const std::size_t plane = stage.output.height * stage.output.width;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (stage.activation == Stage::Activation::square) x[i] *= x[i];
      if (stage.activation == Stage::Activation::polynomial) {
        const auto& row = stage.coefficients[stage.coefficients.size() == 1 ? 0 : i / plane];
        double y = 0;
        for (auto it = row.rbegin(); it != row.rend(); ++it) y = y * x[i] + *it;
        x[i] = y;
      }
    }
  }
  return x;
}

}  // namespace obscura::compile
