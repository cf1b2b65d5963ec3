#include "compile/score_layer.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "compile/magnitudes.h"
#include "compile/stages.h"

namespace obscura::compile {
namespace {

double longest(std::span<const float> rows, std::size_t columns) {
  double most = 0;
  for (std::size_t first = 0; first < rows.size(); first += columns) {
    double squares = 0;
    for (const float v : rows.subspan(first, columns)) squares += static_cast<double>(v) * v;
    most = std::max(most, std::sqrt(squares));
  }
  return most;
}

/// What is known of the network, for the one with scores of vectors up to that length; empty where nothing is.
std::vector<double> continued(const nn::Graph& graph, const nn::Graph& scored, double length) {
  const auto before = network_of(nn::fold_batch_norms(graph)), after = network_of(nn::fold_batch_norms(scored));
  auto known = from_numbers(before, graph.calibration);
  if (!known) return {};
  const double wide = std::sqrt(static_cast<double>(graph.output_shape().size()));
  auto scores = known->stages.back();
  scores.map_max = scores.activation_max = wide * scores.activation_max * length;
  scores.map_rms = scores.activation_rms = wide * scores.activation_rms * length;
  // A stage of its own, or one with what was the last.
  if (after.stages.size() == before.stages.size()) {
    known->stages.back() = scores;
  } else if (after.stages.size() == before.stages.size() + 1) {
    scores.fan_in_rms = wide * known->stages.back().activation_rms;
    known->stages.push_back(scores);
  } else {
    return {};
  }
  return to_numbers(*known);
}

}  // namespace

nn::Graph with_scores(const nn::Graph& graph, std::span<const float> rows, std::size_t columns) {
  if (columns != graph.output_shape().size() || rows.empty() || rows.size() % columns != 0) {
    throw MismatchError("vectors of " + std::to_string(columns) + " numbers, and a network that gives " +
                        std::to_string(graph.output_shape().size()));
  }
  nn::Graph scored = graph;
  scored.preprocessing.classes.clear();
  scored.head = Head::none;
  std::size_t last = scored.nodes.size() - 1;
  if (graph.output_shape().height * graph.output_shape().width > 1) {
    last = nn::add_node(scored, "flatten to score", nn::Flatten{}, {last});
  }
  nn::Linear layer;
  layer.out_features = rows.size() / columns;
  layer.weights.assign(rows.begin(), rows.end());
  nn::add_node(scored, "scores", std::move(layer), {last});
  if (!graph.calibration.empty()) scored.calibration = continued(graph, scored, longest(rows, columns));
  return scored;
}

}  // namespace obscura::compile
