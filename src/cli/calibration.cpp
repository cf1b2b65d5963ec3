#include "cli/calibration.h"

#include <algorithm>

#include "base/error.h"
#include "cli/query_images.h"
#include "image/dataset.h"
#include "nn/graph.h"

namespace obscura::cli {
namespace {

image::Dataset load(const std::string& dataset, const std::filesystem::path& data, std::size_t count) {
  try {
    return image::load_dataset(dataset, image::Split::train, data, count);
  } catch (const Error&) {
    return image::load_dataset(dataset, image::Split::test, data, count);
  }
}

}  // namespace

std::vector<std::vector<double>> calibration_samples(const nn::Graph& graph, const std::string& dataset,
                                                     const std::filesystem::path& data, std::size_t count) {
  const auto set = load(dataset, data, count);
  std::vector<std::vector<double>> samples;
  for (std::size_t i = 0; i < std::min(count, set.count); ++i) {
    const auto values = network_values(set, i, graph);
    samples.emplace_back(values.begin(), values.end());
  }
  return samples;
}

}  // namespace obscura::cli
