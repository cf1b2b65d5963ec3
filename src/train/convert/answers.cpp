#include "train/convert/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/progress.h"
#include "train/blas.h"
#include "train/convert/fit_start.h"
#include "train/encrypted/batches.h"
#include "train/encrypted/measure.h"
#include "train/encrypted/network.h"

namespace obscura::train {
namespace {

constexpr std::size_t kAnswerBatch = 500;

std::vector<std::int64_t> first_of(std::size_t count) {
  std::vector<std::int64_t> index(count);
  std::iota(index.begin(), index.end(), 0);
  return index;
}

}  // namespace

std::vector<std::int64_t> answers_of(const nn::Graph& graph, const image::Dataset& pictures, std::size_t threads,
                                     bool progress) {
  const Shape shape{pictures.channels, pictures.height, pictures.width};
  if (shape != graph.input_shape()) {
    const Shape wanted = graph.input_shape();
    throw MismatchError(fmt::format(
        "{} has pictures of {}x{}x{} (channels, height, width), and the network {} takes {}x{}x{}", pictures.name,
        shape.channels, shape.height, shape.width, graph.name, wanted.channels, wanted.height, wanted.width));
  }
  set_math_threads(threads);
  Network network(graph);
  network.set_weights(graph);
  const Batches batches(pictures, graph.preprocessing);
  const auto index = first_of(pictures.count);
  Answers answers;
  Progress shown("asking " + graph.name, pictures.count, "images", progress);
  for (std::size_t first = 0; first < index.size(); first += kAnswerBatch) {
    const std::size_t count = std::min(kAnswerBatch, index.size() - first);
    const Answers some = measure_answers(network, batches, std::span(index).subspan(first, count));
    answers.predicted.insert(answers.predicted.end(), some.predicted.begin(), some.predicted.end());
    shown.advance(count);
  }
  return answers.predicted;
}

FittedNetwork fitted_network(const Surgery& surgery, const image::Dataset& pictures, std::size_t threads) {
  set_math_threads(threads);
  NetworkForm form;
  form.normalised_squares = true;
  form.originals = surgery.originals;
  Network network(surgery.converted, form);
  const Batches batches(pictures, surgery.converted.preprocessing);
  FittedNetwork out;
  out.layers = fit_start(network, surgery, batches.plain(first_of(pictures.count)).images);
  out.graph = nn::fold_batch_norms(network.to_graph());
  return out;
}

}  // namespace obscura::train
