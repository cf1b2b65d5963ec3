#include "program/merge.h"

namespace obscura::program {

std::vector<double> merged(const Merge& merge, const Parts& values) {
  if (merge.kind == Merge::Kind::concat) {
    std::vector<double> all;
    for (const auto& one : values) all.insert(all.end(), one.begin(), one.end());
    return all;
  }
  std::vector<double> sum(values.front().size(), 0);
  for (const auto& one : values) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += one[i];
  }
  return sum;
}

std::vector<double> run_network(const StagedNetwork& network, const Parts& parts) {
  if (network.arrangement) return run_stages(network.stages, network.arrangement->of(parts.front()));
  if (!network.merge) return run_stages(network.stages, parts.front());
  const std::size_t border = network.merge->value;
  Parts made;
  for (const auto& part : parts) {
    std::vector<std::vector<double>> values{part};
    for (std::size_t i = 0; i < border; ++i) values.push_back(run_stage(network.stages[i], values));
    made.push_back(std::move(values.back()));
  }
  std::vector<std::vector<double>> values(border);
  values.push_back(merged(*network.merge, made));
  for (std::size_t i = border; i < network.stages.size(); ++i) values.push_back(run_stage(network.stages[i], values));
  return values.back();
}

}  // namespace obscura::program
