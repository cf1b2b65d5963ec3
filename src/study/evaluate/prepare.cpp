#include "study/evaluate/prepare.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/notes.h"
#include "base/stopwatch.h"
#include "image/dataset.h"
#include "image/picture_form.h"
#include "nn/classifier.h"
#include "nn/mirrored.h"
#include "nn/onnx_read.h"
#include "nn/reference.h"
#include "study/calibration.h"
#include "study/images/labelled_images.h"
#include "study/images/query_images.h"

namespace obscura::study {
namespace {

constexpr std::size_t kPlainBatch = 256;

/// Images of another shape are made to fit, which is said once.
void note_shape(const image::Dataset& set, const Shape& input, const Notes& note) {
  if (set.channels == input.channels && set.height == input.height && set.width == input.width) return;
  note(fmt::format("{} images are {}x{}x{} (channels, height, width), made {}x{}x{} for the network", set.name,
                   set.channels, set.height, set.width, input.channels, input.height, input.width));
}

/// How the network's own pictures were made to fit, where its file says it; nothing else does.
std::string stated_fit(const std::string& network) {
  const auto metadata = nn::read_onnx_metadata(network);
  const auto fit = metadata.find("fit");
  if (fit == metadata.end()) return "";
  try {
    return image::to_string(image::parse_fit(fit->second));
  } catch (const UsageError& e) {
    throw FormatError(network + " does not say how its pictures were made to fit: " + e.what());
  }
}

/// Photos of a folder go from their own size to the network's in one step, as in training.
image::Dataset load_set(const EvaluationRequest& a, const nn::Graph& graph) {
  const std::size_t limit = a.seed ? 0 : a.limit;
  const Shape& input = graph.input_shape();
  if (!is_picture_folder(a.dataset) || (input.channels != 1 && input.channels != 3)) {
    return load_noted(a.dataset, image::Split::test, a.data, a.note, limit);
  }
  image::PictureForm form;
  form.width = input.width, form.height = input.height, form.channels = input.channels;
  form.fit = a.fit.chosen();
  if (const auto stated = a.fit.fit.empty() ? stated_fit(a.network) : ""; !stated.empty()) {
    form.fit = image::parse_fit(stated);
  }
  return load_noted(a.dataset, image::Split::test, a.data, form, a.note, limit);
}

TestImages load_images(const EvaluationRequest& a, const nn::Graph& graph) {
  auto set = load_set(a, graph);
  if (set.count == 0) throw FormatError(a.dataset + " has no test images");
  const Selection chosen = select_images(set, a.limit, a.seed, a.note);
  if (a.labels) take_classes(set, graph.preprocessing.classes, graph.output_shape().size(), a.note);
  note_shape(set, graph.input_shape(), a.note);
  note_set(set, graph.input_shape(), graph.preprocessing, a.fit, a.note);
  TestImages images;
  images.classes = set.classes;
  images.selection = chosen.text;
  for (const std::size_t i : chosen.index) {
    images.values.push_back(network_values(set, i, graph, a.fit));
    images.labels.push_back(set.labels[i]);
  }
  return images;
}

std::vector<std::vector<float>> run_plain(const nn::Graph& graph, const std::vector<std::vector<float>>& images) {
  nn::Reference reference(graph);
  const std::size_t outputs = reference.outputs();
  std::vector<std::vector<float>> logits;
  for (std::size_t first = 0; first < images.size(); first += kPlainBatch) {
    const std::size_t last = std::min(first + kPlainBatch, images.size());
    std::vector<float> values;
    for (std::size_t i = first; i < last; ++i) values.insert(values.end(), images[i].begin(), images[i].end());
    const auto result = reference.run(values);
    for (auto at = result.begin(); at != result.end(); at += static_cast<std::ptrdiff_t>(outputs)) {
      logits.emplace_back(at, at + static_cast<std::ptrdiff_t>(outputs));
    }
  }
  return logits;
}

/// In double precision: polynomials of high degree need it.
std::vector<std::vector<float>> run_reference(const nn::Graph& graph, const std::vector<std::vector<float>>& images,
                                              ThreadPool& pool) {
  std::vector<std::vector<float>> logits(images.size());
  pool.parallel_for(images.size(), [&](std::size_t i) {
    const auto values = nn::run_reference(graph, images[i]);
    logits[i].assign(values.begin(), values.end());
  });
  return logits;
}

}  // namespace

Prepared prepare_plain(const EvaluationRequest& a) {
  Prepared result;
  result.graph = nn::read_onnx(a.network, Shape{0, 1, 1}, stated_entries(a.stated));
  nn::check_classifier(result.graph);
  if (a.mirrored) result.graph = nn::mirrored(result.graph);
  for (const auto& line : result.graph.notes) a.note(line);
  note_unstated(result.graph.preprocessing, a.network, a.note);
  result.options.mode = a.mode;
  apply_policy(a.policy, result.graph, result.options, a.note);
  result.origin = result.graph.origin;
  std::optional<nn::Graph> original;
  if (!a.against.empty()) original = read_original(a.against, result.graph, a.note);
  result.images = load_images(a, result.graph);
  const Stopwatch watch;
  result.plain = run_plain(result.graph, result.images.values);
  result.plain_seconds = watch.seconds();
  if (original) result.original = OriginalRun{a.against.string(), run_plain(*original, result.images.values)};
  result.options.images_per_ciphertext = a.images_per_ciphertext;
  result.options.budget = a.budget;
  result.options.relative_error = a.relative_error;
  return result;
}

Prepared prepare(const EvaluationRequest& a, ThreadPool& pool) {
  Prepared result = prepare_plain(a);
  if (result.graph.calibration.empty() || compile::needs_fitting(result.graph)) {
    compile::FitReport fitted;
    const auto samples = calibration_samples(result.graph, a.dataset, a.data, a.note, kCalibrationSamples, a.fit);
    result.graph = calibrated(result.graph, samples, &fitted, &pool);
    if (a.on_fit && !fitted.layers.empty()) a.on_fit(fitted);
    if (!fitted.layers.empty()) result.compiled = run_reference(result.graph, result.images.values, pool);
  }
  return result;
}

}  // namespace obscura::study
