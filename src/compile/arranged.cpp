#include "compile/arranged.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "compile/stages.h"

namespace obscura::compile {
namespace {

using program::Arrangement;
using Sources = std::vector<std::uint32_t>;

/// Of each node that only moves the picture's values: where each value comes from. Nothing for other nodes.
std::vector<std::optional<Sources>> sources_of(const nn::Graph& graph) {
  std::vector<std::optional<Sources>> all(graph.nodes.size());
  Sources& picture = all[0].emplace();
  for (std::size_t i = 0; i < graph.nodes[0].shape.size(); ++i) picture.push_back(static_cast<std::uint32_t>(i));
  for (std::size_t n = 1; n < graph.nodes.size(); ++n) {
    const nn::Node& node = graph.nodes[n];
    const auto moved = [&](std::size_t input) { return all[input].has_value(); };
    if (!std::ranges::all_of(node.inputs, moved)) continue;
    if (const auto* rearrange = std::get_if<nn::Rearrange>(&node.layer)) {
      const auto filled = [](std::int32_t from) { return from == nn::Rearrange::kFill; };
      if (std::ranges::any_of(rearrange->source, filled)) continue;
      const Sources& before = *all[node.inputs[0]];
      Sources& here = all[n].emplace();
      for (const std::int32_t from : rearrange->source) here.push_back(before[static_cast<std::size_t>(from)]);
    } else if (std::holds_alternative<nn::Concat>(node.layer)) {
      Sources here;
      for (const std::size_t input : node.inputs) here.insert(here.end(), all[input]->begin(), all[input]->end());
      all[n] = std::move(here);
    }
  }
  return all;
}

/// The one node that all other layers read of those that move values; nothing where there is none but the picture, or
/// more than one.
std::optional<std::size_t> border_of(const nn::Graph& graph, const std::vector<std::optional<Sources>>& sources) {
  std::optional<std::size_t> border;
  for (std::size_t n = 1; n < graph.nodes.size(); ++n) {
    if (sources[n]) continue;
    for (const std::size_t input : graph.nodes[n].inputs) {
      if (!sources[input]) continue;
      if (border && *border != input) return std::nullopt;
      border = input;
    }
  }
  return border == 0 ? std::nullopt : border;
}

/// The layers behind the border, of which it is the input.
nn::Graph behind(const nn::Graph& graph, const std::vector<std::optional<Sources>>& sources, std::size_t border) {
  nn::Graph rest = nn::without_layers(graph);
  rest.nodes.front().shape = graph.nodes[border].shape;
  std::vector<std::size_t> place(graph.nodes.size(), 0);
  for (std::size_t n = 1; n < graph.nodes.size(); ++n) {
    if (sources[n]) continue;
    std::vector<std::size_t> inputs;
    for (const std::size_t input : graph.nodes[n].inputs) inputs.push_back(place[input]);
    place[n] = nn::add_node(rest, graph.nodes[n].name, graph.nodes[n].layer, std::move(inputs));
  }
  return rest;
}

}  // namespace

program::StagedNetwork arranged_network_of(const nn::Graph& graph) {
  if (graph.chunks || graph.nodes.size() < 2) return network_of(graph);
  const auto sources = sources_of(graph);
  const auto border = border_of(graph, sources);
  if (!border) return network_of(graph);
  Arrangement arrangement{graph.nodes[0].shape, graph.nodes[*border].shape, *sources[*border]};
  if (!is_whole(arrangement) || arrangement.source.size() > kMostArranged * arrangement.picture.size()) {
    return network_of(graph);
  }
  program::StagedNetwork network = network_of(behind(graph, sources, *border));
  network.arrangement = std::move(arrangement);
  return network;
}

}  // namespace obscura::compile
