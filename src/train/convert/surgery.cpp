#include "train/convert/surgery.h"

#include <algorithm>
#include <set>

#include "base/error.h"

namespace obscura::train {
namespace {

// y = 0.40 + 0.50 z + 0.28 (z^2 - 1) / sqrt 2: a ReLU's first three Hermite coefficients (arXiv 2201.06699), with the
// mean that zero padding behind it makes tell.
constexpr double kMean = 0.40;
constexpr double kLinear = 0.50;
constexpr double kQuadratic = 0.28;

class Surgeon {
 public:
  explicit Surgeon(const nn::Graph& original) {
    out_.original = nn::fold_batch_norms(original);
    for (const nn::Node& node : out_.original.nodes) names_.insert(node.name);
    out_.converted = nn::without_layers(out_.original);
    out_.converted.origin = {};
    out_.originals.emplace_back();
    place_.push_back(0);
  }

  Surgery run() {
    for (std::size_t i = 1; i < out_.original.nodes.size(); ++i) place_.push_back(convert(i));
    out_.originals.resize(out_.converted.nodes.size());
    return std::move(out_);
  }

 private:
  std::size_t convert(std::size_t i) {
    const nn::Node& node = out_.original.nodes[i];
    const std::size_t input = place_[node.inputs[0]];
    if (std::holds_alternative<nn::Activation>(node.layer)) {
      const std::size_t channels = node.shape.channels;
      nn::BatchNorm norm{std::vector<float>(channels, 1.0F), std::vector<float>(channels, 0.0F)};
      nn::Polynomial quadratic;
      quadratic.coefficients.assign(channels, {kMean, kLinear, kQuadratic});
      return mark(add(node.name, std::move(quadratic), {add(unused(node.name + "_norm"), std::move(norm), {input})}),
                  i);
    }
    if (const auto* pool = std::get_if<nn::MaxPool>(&node.layer)) {
      return mark(add(node.name, nn::AvgPool{pool->kernel, pool->stride, pool->padding, false}, {input}), i);
    }
    std::vector<std::size_t> inputs;
    for (const std::size_t one : node.inputs) inputs.push_back(place_[one]);
    return add(node.name, node.layer, std::move(inputs));
  }

  std::size_t add(const std::string& name, nn::Layer layer, std::vector<std::size_t> inputs) {
    return nn::add_node(out_.converted, name, std::move(layer), std::move(inputs));
  }

  std::size_t mark(std::size_t node, std::size_t original) {
    out_.originals.resize(node + 1);
    out_.originals[node] = Original{out_.original.nodes[original].layer, original};
    return node;
  }

  std::string unused(std::string name) {
    while (!names_.insert(name).second) name += '_';
    return name;
  }

  Surgery out_;
  std::vector<std::size_t> place_;  // by node of the original
  std::set<std::string> names_;
};

std::size_t count_of(const Surgery& surgery, bool pools) {
  return static_cast<std::size_t>(std::ranges::count_if(surgery.originals, [&](const auto& one) {
    return one && std::holds_alternative<nn::MaxPool>(one->layer) == pools;
  }));
}

/// A fit of an activation on a range, of which nothing is left to be learnt from.
bool is_fitted(const nn::Node& node) {
  const auto* polynomial = std::get_if<nn::Polynomial>(&node.layer);
  return polynomial != nullptr && polynomial->basis == nn::Polynomial::Basis::chebyshev;
}

}  // namespace

std::size_t Surgery::activations() const {
  return count_of(*this, false);
}

std::size_t Surgery::pools() const {
  return count_of(*this, true);
}

Surgery replace_activations(const nn::Graph& network) {
  for (const nn::Node& node : network.nodes) {
    if (!is_fitted(node)) continue;
    const std::string from = network.origin.name.empty() ? "the network that it was fitted from" : network.origin.name;
    throw UnsupportedError("layer '" + node.name + "' of " + network.name +
                           " is a polynomial that was fitted to an activation: convert " + from);
  }
  Surgery surgery = Surgeon(network).run();
  if (surgery.activations() + surgery.pools() == 0) {
    throw UnsupportedError("the network " + network.name +
                           " has no activation and no maximum pool to be replaced: compile it as it is");
  }
  return surgery;
}

}  // namespace obscura::train
