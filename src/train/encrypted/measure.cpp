#include "train/encrypted/measure.h"

#include <algorithm>
#include <cmath>

namespace obscura::train {
namespace {

constexpr std::size_t kTestBatch = 500;
constexpr double kOutlierLimits[] = {8, 10, 16};

template <typename Body>
void for_batches(Network& network, const Batches& images, std::span<const std::int64_t> index, Body body) {
  const torch::NoGradGuard no_grad;
  network.eval();
  for (std::size_t first = 0; first < index.size(); first += kTestBatch) {
    body(images.plain(index.subspan(first, std::min(kTestBatch, index.size() - first))));
  }
}

/// The value that all but a thousandth of the images stay below.
double percentile_999(std::vector<float> largest) {
  std::ranges::sort(largest);
  return static_cast<double>(largest[(largest.size() - 1) * 999 / 1000]);
}

/// What goes into the activations, layer by layer.
struct Ranges {
  std::vector<std::vector<float>> largest;  // [layer][image]
  std::vector<double> squares, counts;

  explicit Ranges(std::size_t layers) : largest(layers), squares(layers, 0), counts(layers, 0) {}

  /// Of so many images: a network of chunks sees several values of each.
  void add(const std::vector<torch::Tensor>& observed, std::int64_t images) {
    for (std::size_t i = 0; i < observed.size(); ++i) {
      const auto peaks = observed[i].abs().reshape({images, -1}).amax(1).contiguous();
      largest[i].insert(largest[i].end(), peaks.data_ptr<float>(), peaks.data_ptr<float>() + peaks.numel());
      squares[i] += observed[i].square().sum().item<double>();
      counts[i] += static_cast<double>(observed[i].numel());
    }
  }
};

void put_ranges(const Ranges& ranges, const std::vector<std::string>& names, std::size_t images, TrainResult& result) {
  result.activations.clear();
  std::vector<float> worst(images, 0.0F);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& largest = ranges.largest[i];
    for (std::size_t n = 0; n < images; ++n) worst[n] = std::max(worst[n], largest[n]);
    const auto peak = static_cast<double>(*std::ranges::max_element(largest));
    result.activations.push_back(
        {names[i], peak, std::sqrt(ranges.squares[i] / ranges.counts[i]), percentile_999(largest)});
  }
  result.outliers.clear();
  for (const double limit : kOutlierLimits) {
    const auto beyond = std::ranges::count_if(worst, [=](float w) { return !(static_cast<double>(w) <= limit); });
    result.outliers.push_back({limit, static_cast<std::size_t>(beyond)});
  }
}

}  // namespace

void add_answers(Answers& answers, const torch::Tensor& logits, const torch::Tensor& labels) {
  const auto sum = torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kSum);
  answers.loss += torch::nn::functional::cross_entropy(logits, labels, sum).item<double>();
  const auto put = [](const torch::Tensor& values, std::vector<std::int64_t>& list) {
    const auto here = values.to(torch::kCPU, torch::kInt64).contiguous();
    list.insert(list.end(), here.data_ptr<std::int64_t>(), here.data_ptr<std::int64_t>() + here.numel());
  };
  put(labels, answers.labels);
  put(logits.argmax(1), answers.predicted);
}

Answers measure_answers(Network& network, const Batches& images, std::span<const std::int64_t> index) {
  Answers answers;
  for_batches(network, images, index,
              [&](const Batch& batch) { add_answers(answers, network.forward(batch.images), batch.labels); });
  answers.loss /= static_cast<double>(std::max<std::size_t>(index.size(), 1));
  return answers;
}

void measure_test(Network& network, const Batches& images, std::span<const std::int64_t> index, TrainResult& result) {
  const auto names = network.observed_names();
  Ranges ranges(names.size());
  Answers answers;
  std::int64_t classes = 0;
  for_batches(network, images, index, [&](const Batch& batch) {
    std::vector<torch::Tensor> observed;
    const auto logits = network.forward(batch.images, &observed);
    classes = logits.size(1);
    add_answers(answers, logits, batch.labels);
    ranges.add(observed, logits.size(0));
  });
  result.test = figures_of(answers.labels, answers.predicted, static_cast<std::size_t>(classes));
  put_ranges(ranges, names, index.size(), result);
}

}  // namespace obscura::train
