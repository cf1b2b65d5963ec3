#include "study/chunked/plain_run.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <variant>

#include "nn/reference.h"
#include "report/scores.h"

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

std::vector<std::vector<double>> doubled(const std::vector<std::vector<float>>& logits) {
  std::vector<std::vector<double>> out;
  for (const auto& row : logits) out.emplace_back(row.begin(), row.end());
  return out;
}

std::size_t largest(const std::vector<float>& row) {
  return static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

bool averages_logits(const nn::Graph& graph) {
  if (!graph.chunks || graph.output_shape().size() < 2) return false;
  const auto& last = graph.nodes.back().layer;
  const auto* merge = std::get_if<nn::Merge>(&last);
  return merge != nullptr && merge->kind == nn::Merge::Kind::mean;
}

/// One row a chunk.
std::vector<std::vector<float>> chunk_logits(const nn::Graph& graph, nn::Reference& trunk,
                                             const std::vector<float>& image) {
  std::vector<float> inputs;
  for (const auto& chunk : nn::network_inputs(graph, image)) inputs.insert(inputs.end(), chunk.begin(), chunk.end());
  const auto values = trunk.run(inputs);
  std::vector<std::vector<float>> rows;
  const auto outputs = static_cast<std::ptrdiff_t>(trunk.outputs());
  for (auto at = values.begin(); at != values.end(); at += outputs) rows.emplace_back(at, at + outputs);
  return rows;
}

ordered_json vote_json(const Prepared& prepared) {
  if (!averages_logits(prepared.graph)) return nullptr;
  const auto& images = prepared.images;
  nn::Reference trunk(nn::split_at_merge(prepared.graph).trunk);
  std::size_t right = 0, ties = 0, same = 0;
  for (std::size_t i = 0; i < images.values.size(); ++i) {
    const Vote vote = vote_of(chunk_logits(prepared.graph, trunk, images.values[i]));
    right += static_cast<std::int64_t>(vote.winner) == images.labels[i];
    ties += vote.tie;
    same += vote.winner == largest(prepared.plain[i]);
  }
  const auto interval = report::wilson_interval(right, images.values.size());
  const auto share = [&](std::size_t part) {
    return static_cast<double>(part) / static_cast<double>(images.values.size());
  };
  return {{"accuracy", share(right)},
          {"interval", {interval.low, interval.high}},
          {"ties", ties},
          {"same_as_mean", share(same)}};
}

ordered_json per_class_json(const report::Scores& scores, const std::vector<std::string>& classes) {
  ordered_json list = ordered_json::array();
  for (std::size_t c = 0; c < scores.classes.size(); ++c) {
    const auto& one = scores.classes[c];
    list.push_back({{"class", c < classes.size() ? classes[c] : std::to_string(c)},
                    {"images", one.images},
                    {"precision", one.precision},
                    {"recall", one.recall},
                    {"f1", one.f1}});
  }
  return list;
}

}  // namespace

Vote vote_of(const std::vector<std::vector<float>>& logits) {
  std::vector<std::size_t> votes(logits.front().size());
  std::vector<double> sums(votes.size());
  for (const auto& row : logits) {
    ++votes[largest(row)];
    for (std::size_t c = 0; c < row.size(); ++c) sums[c] += row[c];
  }
  const std::size_t most = *std::max_element(votes.begin(), votes.end());
  Vote vote{votes.size(), std::count(votes.begin(), votes.end(), most) > 1};
  for (std::size_t c = 0; c < votes.size(); ++c) {
    if (votes[c] == most && (vote.winner == votes.size() || sums[c] > sums[vote.winner])) vote.winner = c;
  }
  return vote;
}

ordered_json plain_run_json(const Prepared& prepared) {
  const auto& images = prepared.images;
  const auto scores = report::score(prepared.plain, doubled(prepared.plain), images.labels);
  return {{"images", images.values.size()},
          {"plain_accuracy", scores.plain_accuracy},
          {"plain_accuracy_interval", {scores.plain_interval.low, scores.plain_interval.high}},
          {"f1_macro", scores.plain_f1_macro},
          {"classes", images.classes},
          {"confusion", scores.confusion},
          {"per_class", per_class_json(scores, images.classes)},
          {"seconds", prepared.plain_seconds},
          {"vote", vote_json(prepared)}};
}

}  // namespace obscura::study
