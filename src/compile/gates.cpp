#include "compile/gates.h"

#include <algorithm>
#include <optional>

#include "circuits/gated.h"

namespace obscura::compile {
namespace {

std::vector<std::size_t> count_readers(const nn::Graph& graph) {
  std::vector<std::size_t> readers(graph.nodes.size(), 0);
  for (const nn::Node& node : graph.nodes) {
    for (const std::size_t input : node.inputs) ++readers[input];
  }
  return readers;
}

/// A polynomial that may be part of a gate, or nothing.
const nn::Polynomial* link_of(const nn::Node& node) {
  const auto* p = std::get_if<nn::Polynomial>(&node.layer);
  const bool good = p != nullptr && p->coefficients.size() == 1 &&
                    p->coefficients.front().size() <= circuits::kMaxPolynomialDegree + 1;
  return good ? p : nullptr;
}

/// The polynomials from `x` to `last`; nothing where something else lies between them.
std::optional<std::vector<std::size_t>> chain_between(const nn::Graph& graph, const std::vector<std::size_t>& readers,
                                                      std::size_t x, std::size_t last) {
  std::vector<std::size_t> chain;
  for (std::size_t at = last; at != x; at = graph.nodes[at].inputs.front()) {
    const auto* p = link_of(graph.nodes[at]);
    if (p == nullptr || readers[at] != 1 || chain.size() == circuits::kMaxGatePolynomials) return std::nullopt;
    const auto* before = chain.empty() ? p : link_of(graph.nodes[chain.back()]);
    if (p->basis != before->basis) return std::nullopt;
    chain.push_back(at);
  }
  std::ranges::reverse(chain);
  return chain.empty() ? std::nullopt : std::optional(std::move(chain));
}

}  // namespace

std::vector<GatedProduct> gated_products(const nn::Graph& graph) {
  std::vector<GatedProduct> result;
  const auto readers = count_readers(graph);
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
    const nn::Node& node = graph.nodes[i];
    if (!std::holds_alternative<nn::Product>(node.layer)) continue;
    const std::size_t a = node.inputs.at(0), b = node.inputs.at(1);
    auto chain = chain_between(graph, readers, a, b);
    const bool first = chain.has_value();
    if (!first) chain = chain_between(graph, readers, b, a);
    if (!chain) continue;
    result.push_back({i, first ? a : b, *std::move(chain)});
  }
  return result;
}

}  // namespace obscura::compile
