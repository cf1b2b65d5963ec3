#include "train/measure.h"

#include <algorithm>
#include <cmath>

namespace obscura::train {
namespace {

constexpr std::size_t kTestBatch = 500;
constexpr double kOutlierLimits[] = {8, 10, 16};

template <typename Body>
void for_batches(Network& network, const Batches& images, std::size_t count, Body body) {
  const torch::NoGradGuard no_grad;
  network.eval();
  for (std::size_t first = 0; first < count; first += kTestBatch) {
    body(images.plain(first, std::min(kTestBatch, count - first)));
  }
}

/// The value that all but a thousandth of the images stay below.
double percentile_999(std::vector<float> largest) {
  std::ranges::sort(largest);
  return static_cast<double>(largest[(largest.size() - 1) * 999 / 1000]);
}

}  // namespace

double measure_accuracy(Network& network, const Batches& images, std::size_t count) {
  std::int64_t correct = 0;
  for_batches(network, images, count, [&](const Batch& batch) {
    correct += network.forward(batch.images).argmax(1).eq(batch.labels).sum().item<std::int64_t>();
  });
  return static_cast<double>(correct) / static_cast<double>(count);
}

void measure_ranges(Network& network, const Batches& images, std::size_t count, TrainResult& result) {
  const auto names = network.observed_names();
  std::vector<std::vector<float>> largest(names.size());  // [layer][image]
  std::vector<double> squares(names.size(), 0), counts(names.size(), 0);
  for_batches(network, images, count, [&](const Batch& batch) {
    std::vector<torch::Tensor> observed;
    network.forward(batch.images, &observed);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto peaks = observed[i].abs().flatten(1).amax(1).contiguous();
      largest[i].insert(largest[i].end(), peaks.data_ptr<float>(), peaks.data_ptr<float>() + peaks.numel());
      squares[i] += observed[i].square().sum().item<double>();
      counts[i] += static_cast<double>(observed[i].numel());
    }
  });
  result.activations.clear();
  std::vector<float> worst(count, 0.0F);
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t n = 0; n < count; ++n) worst[n] = std::max(worst[n], largest[i][n]);
    const auto peak = static_cast<double>(*std::ranges::max_element(largest[i]));
    result.activations.push_back({names[i], peak, std::sqrt(squares[i] / counts[i]), percentile_999(largest[i])});
  }
  result.outliers.clear();
  for (const double limit : kOutlierLimits) {
    const auto beyond = std::ranges::count_if(worst, [=](float w) { return !(static_cast<double>(w) <= limit); });
    result.outliers.push_back({limit, static_cast<std::size_t>(beyond)});
  }
}

}  // namespace obscura::train
