#include "compile/depth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "circuits/polynomial.h"
#include "ckks/parameters.h"
#include "compile/approximate_fit.h"
#include "compile/composite.h"
#include "compile/gates.h"
#include "compile/schedule.h"
#include "nn/reference.h"

namespace obscura::compile {
namespace {

/// What a level and a square stage take where networks are as precise as people want them: for remedies only.
constexpr double kUsualPrimeBits = 40, kUsualSquareBits = 48;
/// Weights from here on may make up for a level (schedule.cpp: a matrix of scale one is integers).
constexpr double kHeavyWeightBits = 8;
/// Entries of all maps, 16 bytes each, that a machine holds.
constexpr double kMostEntries = 1e9;
/// Multiplications in the clear of the largest network that is run to see how far its values reach: a second or so.
constexpr double kMostMultiplications = 3e8;
constexpr int kLargestRing = ScheduleOptions().max_log_degree;

/// Of an activation that is not linear.
std::size_t least_degree(std::size_t /*node*/) {
  return 2;
}

/// Bits that a level, a square and the linear map before a square take at the least.
struct Prices {
  double prime = kLeastPrimeBits, square = kLeastWaterlineBits, weight = kLeastWeightBits;
};

constexpr Prices kUsual{kUsualPrimeBits, kUsualSquareBits, 0};

/// Bits of Q that the largest ring has room for beside the smallest special prime.
double available_bits() {
  return ckks::max_log_qp(kLargestRing, 128) - (kLeastPrimeBits - 2);
}

template <typename Values>
double largest(const Values& values) {
  double most = 0;
  for (const auto v : values) most = std::max(most, std::abs(static_cast<double>(v)));
  return most;
}

/// log2 of the largest weight where it is over one: what a run of linear layers may gain in size.
double weight_bits(const nn::Layer& layer) {
  double most = 1;
  if (const auto* conv = std::get_if<nn::Conv2d>(&layer)) most = largest(conv->weights);
  if (const auto* linear = std::get_if<nn::Linear>(&layer)) most = largest(linear->weights);
  if (const auto* norm = std::get_if<nn::BatchNorm>(&layer)) most = largest(norm->scale);
  return std::log2(std::max(most, 1.0));
}

std::size_t degree_of(const nn::Polynomial& polynomial) {
  std::size_t degree = 0;
  for (const auto& row : polynomial.coefficients) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i] != 0) degree = std::max(degree, i);
    }
  }
  return degree;
}

/// What a network is before activations are replaced, or is already: gates with the levels they take.
class Gates {
 public:
  /// `composite`: levels of a ReLU that becomes one; 0: none does.
  explicit Gates(const nn::Graph& graph, std::size_t composite = 0) : levels_(graph.nodes.size(), 0), inside_(levels_) {
    for (const GatedProduct& gate : gated_products(graph)) {
      levels_[gate.product] = 1;
      for (const std::size_t node : gate.polynomials) {
        inside_[node] = 1;
        const auto& rows = std::get<nn::Polynomial>(graph.nodes[node].layer).coefficients;
        levels_[gate.product] += circuits::polynomial_depth(rows.front().size() - 1);
      }
    }
    for (std::size_t i = 0; i < graph.nodes.size() && composite > 0; ++i) {
      const auto* activation = std::get_if<nn::Activation>(&graph.nodes[i].layer);
      if (activation != nullptr && has_composite(*activation)) levels_[i] = composite;
    }
  }

  std::size_t levels(std::size_t node) const { return levels_[node]; }
  bool inside(std::size_t node) const { return inside_[node] != 0; }

 private:
  std::vector<std::size_t> levels_, inside_;
};

/// Of any node; 1 for what is linear.
std::size_t degree_at(const nn::Graph& graph, std::size_t node, const DegreeOf& degree) {
  const nn::Layer& layer = graph.nodes[node].layer;
  // A product that is no gate is two squares side by side.
  if (std::holds_alternative<nn::Square>(layer) || std::holds_alternative<nn::Product>(layer)) return 2;
  if (const auto* p = std::get_if<nn::Polynomial>(&layer)) return degree_of(*p);
  return std::holds_alternative<nn::Activation>(layer) ? degree(node) : 1;
}

/// The dearest way to a node, and log2 of what its linear layers since the last activation may gain.
struct Way {
  Depth depth;
  double gain = 0;
  bool deep = false;  // an activation lies on it
};

void gate(Way& way, std::size_t levels, const Prices& prices) {
  way.depth.bits += static_cast<double>(levels) * prices.prime;
  ++way.depth.gated[levels];
  if (way.deep && way.gain <= kHeavyWeightBits) way.depth.bits += prices.prime, ++way.depth.linear;
  way.deep = true;
  way.gain = 0;
}

void activate(Way& way, std::size_t degree, const Prices& prices) {
  const bool heavy = way.gain > kHeavyWeightBits;
  Depth& d = way.depth;
  if (degree == 2) {
    d.bits += prices.square + (way.deep ? std::max(0.0, prices.weight - way.gain) : 0);
    ++d.squares;
  } else {
    d.bits += static_cast<double>(circuits::polynomial_depth(degree)) * prices.prime;
    ++d.polynomials[degree];
    if (way.deep && !heavy) d.bits += prices.prime, ++d.linear;
  }
  way.deep = true;
  way.gain = 0;
}

/// `degree`: of any node.
Depth depth_at(const nn::Graph& graph, const Gates& gates, const DegreeOf& degree, const Prices& prices) {
  std::vector<Way> ways(1);
  ways[0].depth.bits = prices.square;  // what is left at the end: the answer above the noise
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
    const nn::Node& node = graph.nodes[i];
    Way way = ways[node.inputs.at(0)];
    double gain = 0;
    for (const std::size_t input : node.inputs) {
      if (ways[input].depth.bits > way.depth.bits) way = ways[input];
      gain = std::max(gain, ways[input].gain);
    }
    way.gain = gain + weight_bits(node.layer);
    if (const std::size_t levels = gates.levels(i); levels > 0) {
      gate(way, levels, prices);
    } else if (const std::size_t d = gates.inside(i) ? 1 : degree(i); d > 1) {
      activate(way, d, prices);
    }
    ways.push_back(std::move(way));
  }
  return ways.back().depth;
}

std::string plural(std::size_t count, const std::string& one, const std::string& many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

/// "19 activations of degree 15 take 4 levels each (76), 18 linear layers between them 1 each (18): ..."
std::string arithmetic(const Depth& depth) {
  std::string text;
  std::size_t levels = depth.linear;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  for (const auto& [degree, count] : depth.polynomials) {
    const std::size_t each = circuits::polynomial_depth(degree);
    add(fmt::format("{} of degree {} take {} levels each ({})", plural(count, "activation", "activations"), degree,
                    each, count * each));
    levels += count * each;
  }
  for (const auto& [each, count] : depth.gated) {
    add(fmt::format("{} take {} levels each ({})", plural(count, "composite ReLU", "composite ReLUs"), each,
                    count * each));
    levels += count * each;
  }
  if (depth.linear > 0) {
    add(fmt::format("{} between them 1 each ({})", plural(depth.linear, "linear layer", "linear layers"),
                    depth.linear));
  }
  if (levels > 0) text += fmt::format(": {} levels of {} bits or more", levels, kLeastPrimeBits);
  if (depth.squares > 0) {
    add(fmt::format("{} with their linear layers take {} bits or more each",
                    plural(depth.squares, "activation of degree 2", "activations of degree 2"), kLeastWaterlineBits));
  }
  return text;
}

/// The largest degree that has room, and 0 where none has.
std::size_t degree_with_room(const nn::Graph& graph, const Gates& gates, const DegreeOf& degree) {
  std::size_t most = 0;
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) most = std::max(most, degree_at(graph, i, degree));
  for (const std::size_t cap : {31U, 15U, 7U, 3U, 2U}) {
    if (cap >= most) continue;
    const DegreeOf capped = [&](std::size_t node) { return std::min(degree_at(graph, node, degree), cap); };
    if (depth_at(graph, gates, capped, kUsual).bits <= available_bits()) return cap;
  }
  return 0;
}

/// What makes a network with composite ReLUs fit: how many bits less are enough, or that none are.
std::string composite_remedy(const nn::Graph& graph, const DegreeOf& degree, const Depth& depth) {
  const DegreeOf all = [&](std::size_t node) { return degree_at(graph, node, degree); };
  std::size_t most = 0;
  for (const auto& [levels, count] : depth.gated) most = std::max(most, levels);
  for (int bits = static_cast<int>(most) - 1; bits >= static_cast<int>(kLeastReluBits); --bits) {
    const std::size_t levels = composite_relu(bits).levels();
    if (levels >= most || depth_at(graph, Gates(graph, levels), all, kUsual).bits > available_bits()) continue;
    return fmt::format("take less precise ones (compile --calibrate DATASET --relu composite --relu-bits {}), or ",
                       bits);
  }
  return "fit polynomials (compile --calibrate DATASET --relu fitted), retrain (obscura convert), or ";
}

[[noreturn]] void refuse(const nn::Graph& graph, const Gates& gates, const Depth& depth, const DegreeOf& degree) {
  const std::size_t room = degree_with_room(graph, gates, degree);
  std::string remedy =
      room > 0
          ? fmt::format("fit activations of degree {} (compile --calibrate DATASET --max-degree {}), or ", room, room)
          : std::string();
  if (!depth.gated.empty()) remedy = composite_remedy(graph, degree, depth);
  throw UnsupportedError(fmt::format(
      "the network {} is too deep: {}; that is {:.0f} bits, and the largest ring, 2^{}, has room for {:.0f} bits or {} "
      "levels at 128-bit security: {}use fewer activations, or train the network with squares in place of them",
      graph.name, arithmetic(depth), std::ceil(depth.bits), kLargestRing, available_bits(),
      static_cast<int>(available_bits() / kLeastPrimeBits), remedy));
}

void check(const nn::Graph& graph, const Gates& gates, const DegreeOf& degree) {
  const DegreeOf all = [&](std::size_t node) { return degree_at(graph, node, degree); };
  const Depth depth = depth_at(graph, gates, all, {});
  if (depth.bits > available_bits()) refuse(graph, gates, depth, degree);
}

/// The larger of two values is no polynomial of them.
void check_pools(const nn::Graph& graph) {
  for (const nn::Node& node : graph.nodes) {
    if (!std::holds_alternative<nn::MaxPool>(node.layer)) continue;
    throw UnsupportedError("layer '" + node.name +
                           "' has a maximum pooling, which cannot be computed under encryption; the network runs in "
                           "the clear: obscura convert puts average pooling in its place and retrains");
  }
}

/// The first activation, of those that the output depends on, that is not a polynomial.
const nn::Node* first_unfitted(const nn::Graph& graph) {
  std::vector<bool> used(graph.nodes.size(), false);
  used.back() = true;
  const nn::Node* first = nullptr;
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    if (!used[i]) continue;
    if (std::holds_alternative<nn::Activation>(graph.nodes[i].layer)) first = &graph.nodes[i];
    for (const std::size_t input : graph.nodes[i].inputs) used[input] = true;
  }
  return first;
}

/// Says so where polynomials of the default degree would be too deep.
void check_fitted(const nn::Graph& graph) {
  const nn::Node* node = first_unfitted(graph);
  if (node == nullptr) return;
  const DegreeOf usual = [](std::size_t) { return FitOptions().max_degree; };
  const Depth depth = depth_of(graph, usual);
  const std::size_t room = depth.bits > available_bits() ? degree_with_room(graph, Gates(graph), usual) : 0;
  std::string text = "layer " + node->name + " (" + layer_name(node->layer) +
                     ") is not a polynomial: fit one first, obscura compile --calibrate DATASET --save FITTED.onnx";
  if (room > 0) {
    text += fmt::format(" --max-degree {} ({}, and the largest ring has room for {})", room, arithmetic(depth),
                        static_cast<int>(available_bits() / kLeastPrimeBits));
  }
  throw UnsupportedError(text);
}

/// Entries of a layer's matrix.
double entries(const nn::Graph& graph, const nn::Node& node) {
  const Shape& in = graph.nodes[node.inputs.at(0)].shape;
  const auto out = static_cast<double>(node.shape.size());
  if (const auto* conv = std::get_if<nn::Conv2d>(&node.layer)) {
    return out * static_cast<double>(in.channels / conv->groups * conv->kernel[0] * conv->kernel[1]);
  }
  return std::holds_alternative<nn::Linear>(node.layer) ? out * static_cast<double>(in.size()) : out;
}

/// Of one run in the clear.
double multiplications(const nn::Graph& graph) {
  double total = 0;
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) total += entries(graph, graph.nodes[i]);
  return total;
}

/// The degree that a ReLU takes whose inputs lie on both sides of zero, the smaller side at least a quarter of the
/// other.
std::size_t relu_degree(const FitOptions& options) {
  const nn::Node node{};
  const auto on = [&](const Range& seen) { return fit_layer(node, nn::Activation{}, seen, {}, options).first.degree; };
  return std::min(on({-1, 4}), on({-4, 1}));
}

/// Bounds a network that is too large to be run: its ReLUs see both signs, other functions may see a short range only.
void check_unseen(const nn::Graph& graph, const Gates& gates, const FitOptions& options) {
  const std::size_t relu = relu_degree(options);
  check(graph, gates, [&](std::size_t node) {
    const auto* activation = std::get_if<nn::Activation>(&graph.nodes[node].layer);
    return activation != nullptr && activation->kind == nn::Activation::Kind::relu ? relu : std::size_t{2};
  });
}

/// Matrices that would fill the memory of the machine before anything can be said about them.
void check_size(const nn::Graph& graph) {
  double total = 0, most = 0;
  const nn::Node* widest = nullptr;
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
    const double count = entries(graph, graph.nodes[i]);
    total += count;
    if (count > most) most = count, widest = &graph.nodes[i];
  }
  if (total <= kMostEntries) return;
  throw UnsupportedError(fmt::format(
      "the network {} is too large: its layers are matrices of {:.2g} entries on an image of {} x {}, {:.0f} GB, layer "
      "{} alone of {:.2g}; at most {:.0g} are possible: use smaller images, fewer channels or larger strides",
      graph.name, total, graph.input_shape().height, graph.input_shape().width, total * 16e-9, widest->name, most,
      kMostEntries));
}

}  // namespace

Depth depth_of(const nn::Graph& graph, const DegreeOf& degree) {
  return depth_at(graph, Gates(graph), [&](std::size_t node) { return degree_at(graph, node, degree); }, {});
}

void check_depth(const nn::Graph& graph) {
  check_pools(graph);
  check(graph, Gates(graph), least_degree);
  check_fitted(graph);
  check_size(graph);
}

std::string depth_doubt(const nn::Graph& graph) {
  const Depth depth = depth_at(
      graph, Gates(graph), [&](std::size_t node) { return degree_at(graph, node, least_degree); }, kUsual);
  if (depth.bits <= available_bits()) return {};
  return fmt::format(
      "{} activations and products, one behind the other, usually take {:.0f} bits, and the largest ring has room for "
      "{:.0f} at 128-bit security: it will not compile unless much less precision is enough for it (--precision-bits)",
      depth.squares, depth.bits, available_bits());
}

void check_depth_before_fitting(const nn::Graph& graph, const std::vector<float>& sample, const FitOptions& options) {
  check_pools(graph);
  const bool composite = options.relu == FitOptions::Relu::composite;
  const Gates gates(graph, composite ? composite_relu(options.relu_bits).levels() : 0);
  check(graph, gates, least_degree);
  // A wider range asks for a higher degree of most functions, but not of all: four times the error is room enough.
  FitOptions rough = options;
  rough.method = FitOptions::Method::minimax;
  rough.relative_error *= 4;
  std::map<std::size_t, std::size_t> degrees;
  std::size_t usual = 2;
  std::vector<std::vector<double>> values{nn::input_values(graph, sample)};
  if (needs_fitting(graph) && multiplications(graph) > kMostMultiplications) {
    check_unseen(graph, gates, rough);
    return check_size(graph);
  }
  // What is fitted already needs no sample.
  const std::size_t last = needs_fitting(graph) ? graph.nodes.size() : 1;
  for (std::size_t i = 1; i < last; ++i) {
    const nn::Node& node = graph.nodes[i];
    values.push_back(nn::run_reference_node(graph, i, values));
    const auto* activation = std::get_if<nn::Activation>(&node.layer);
    if (activation == nullptr || is_composite(*activation, options)) continue;
    const auto& inputs = values[node.inputs.at(0)];
    const auto [low, high] = std::ranges::minmax_element(inputs);
    // Values that are not finite are named where all samples are measured.
    if (!std::isfinite(*low) || !std::isfinite(*high)) return;
    degrees[i] = fit_layer(node, *activation, {*low, *high}, {}, rough).first.degree;
    usual = std::max(usual, degrees[i]);
    const auto known = [&](std::size_t other) {
      return [&, other](std::size_t n) {
        const auto it = degrees.find(n);
        return it == degrees.end() ? other : it->second;
      };
    };
    // As soon as it is certain; what has not been seen is counted like the others in what is said then.
    const auto depth = [&](const DegreeOf& degree) {
      return depth_at(graph, gates, [&](std::size_t n) { return degree_at(graph, n, degree); }, {});
    };
    if (depth(known(2)).bits > available_bits()) refuse(graph, gates, depth(known(usual)), known(usual));
  }
  check_size(graph);
}

}  // namespace obscura::compile
