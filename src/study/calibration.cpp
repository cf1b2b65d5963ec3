#include "study/calibration.h"

#include <algorithm>

#include "base/error.h"
#include "base/notes.h"
#include "compile/depth.h"
#include "compile/relu_sums.h"
#include "image/dataset.h"
#include "study/images/query_images.h"

namespace obscura::study {
namespace {

image::Dataset load(const std::string& dataset, const std::filesystem::path& data, std::size_t count,
                    const Notes& note) {
  try {
    return image::load_dataset(dataset, image::Split::train, data, count);
  } catch (const Error& e) {
    auto set = image::load_dataset(dataset, image::Split::test, data, count);
    note(std::string("ranges are measured on test images: ") + e.what());
    return set;
  }
}

}  // namespace

std::vector<std::vector<float>> calibration_samples(const nn::Graph& graph, const std::string& dataset,
                                                    const std::filesystem::path& data, const Notes& note,
                                                    std::size_t count, const PictureFit& fit) {
  const auto set = load(dataset, data, count, note);
  std::vector<std::vector<float>> samples;
  for (std::size_t i = 0; i < std::min(count, set.count); ++i) samples.push_back(network_values(set, i, graph, fit));
  return samples;
}

nn::Graph calibrated(const nn::Graph& graph, const std::vector<std::vector<float>>& samples, compile::FitReport* report,
                     ThreadPool* pool, const compile::FitOptions& options) {
  if (samples.empty()) throw MismatchError("ranges are measured on sample images, of which there is none");
  const bool composite = options.relu == compile::FitOptions::Relu::composite;
  nn::Graph result = composite ? compile::with_relu_sums(graph) : graph;
  compile::check_depth_before_fitting(result, samples.front(), options);
  if (compile::needs_fitting(graph)) result = compile::fit_activations_in_turn(result, samples, options, report, pool);
  std::vector<std::vector<double>> wide;
  for (const auto& sample : samples) wide.emplace_back(sample.begin(), sample.end());
  result.calibration = compile::calibration_numbers(result, wide);
  return result;
}

}  // namespace obscura::study
