#include "study/audit/noise.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/version.h"
#include "nn/classifier.h"
#include "nn/onnx_read.h"
#include "study/calibration.h"
#include "study/compile_network.h"
#include "study/describe.h"
#include "study/evaluate/prepare.h"
#include "study/images/query_images.h"

namespace obscura::study {
namespace {

using Json = nlohmann::ordered_json;
using OnFit = std::function<void(const compile::FitReport&)>;

/// A network as it is compiled, and what it is run on.
struct Subject {
  nn::Graph graph;
  compile::CompileOptions options;
  std::vector<std::vector<float>> images;
  std::string selection;
};

std::size_t count_of(const NoiseAuditOptions& a) {
  if (a.count > 0) return a.count;
  return a.mode == message::Mode::packed ? kPackedNoiseImages : kBatchedNoiseImages;
}

Subject from_dataset(const NoiseAuditOptions& a, const Notes& note, const OnFit& on_fit, ThreadPool& pool) {
  EvaluationRequest request;
  request.network = a.network;
  request.dataset = a.dataset;
  request.data = a.data;
  request.mode = a.mode;
  request.images_per_ciphertext = a.images_per_ciphertext;
  request.limit = count_of(a);
  request.seed = a.seed;
  request.fit = a.fit;
  request.labels = false;
  request.stated = a.stated;
  request.policy = a.policy;
  request.note = note;
  request.on_fit = on_fit;
  Prepared prepared = prepare(request, pool);
  return {std::move(prepared.graph), prepared.options, std::move(prepared.images.values),
          fmt::format("{} test images of {}", prepared.images.selection, a.dataset)};
}

/// Activations that have to be fitted are fitted on the images themselves: there are no others.
Subject from_files(const NoiseAuditOptions& a, const Notes& note, const OnFit& on_fit, ThreadPool& pool) {
  Subject subject;
  subject.graph = nn::read_onnx(a.network, Shape{0, 1, 1}, stated_entries(a.stated));
  nn::check_classifier(subject.graph);
  for (const auto& line : subject.graph.notes) note(line);
  note_unstated(subject.graph.preprocessing, a.network, note);
  subject.options.mode = a.mode;
  subject.options.images_per_ciphertext = a.images_per_ciphertext;
  apply_policy(a.policy, subject.graph, subject.options, note);
  auto files = query_files(a.images, note);
  if (a.count > 0 && files.size() > a.count) files.resize(a.count);
  const auto& graph = subject.graph;
  for (auto& image : read_query_images(files, graph.input_shape(), graph.preprocessing, a.fit, note)) {
    subject.images.push_back(std::move(image.values));
  }
  if (graph.calibration.empty() || compile::needs_fitting(graph)) {
    compile::FitReport fitted;
    subject.graph = calibrated(graph, subject.images, &fitted, &pool);
    if (on_fit && !fitted.layers.empty()) on_fit(fitted);
  }
  subject.selection = fmt::format("{} picture files", subject.images.size());
  return subject;
}

Json stage_json(const StageNoise& stage) {
  const auto finite = [](double v) { return std::isfinite(v) ? Json(v) : Json(nullptr); };
  return {{"stage", stage.name},
          {"values", stage.values},
          {"predicted", finite(stage.predicted)},
          {"measured", finite(stage.measured)},
          {"low", finite(stage.interval.low)},
          {"high", finite(stage.interval.high)},
          {"degrees", stage.interval.degrees},
          {"ratio", finite(stage.ratio())},
          {"mean", finite(stage.mean)},
          {"largest", finite(stage.largest)},
          {"value_rms", finite(stage.value_deviation)},
          {"bits", finite(stage.bits())},
          {"prediction", to_string(stage.standing)}};
}

}  // namespace

double StageNoise::bits() const {
  return measured > 0 && value_deviation > 0 ? std::log2(value_deviation / measured) : 0;
}

bool NoiseAudit::holds() const {
  return std::ranges::none_of(stages, [](const StageNoise& s) { return s.standing == Standing::exceeded; });
}

NoiseAudit audit_noise(const NoiseAuditOptions& a, const Notes& note, const OnFit& on_fit, bool progress) {
  ThreadPool pool(a.threads);
  Subject subject = a.images.empty() ? from_dataset(a, note, on_fit, pool) : from_files(a, note, on_fit, pool);
  if (subject.graph.chunks) {
    note("a network of chunks is followed behind its merge: what is before it runs group by group");
  }
  auto program = compile_network(subject.graph, subject.options);
  NoiseAudit audit = trace_noise(subject.graph, std::move(program), subject.images, pool, progress);
  audit.selection = subject.selection;
  return audit;
}

nlohmann::ordered_json noise_audit_json(const NoiseAudit& audit, const NoiseAuditOptions& options,
                                        const std::string& command) {
  Json stages = Json::array();
  for (const auto& stage : audit.stages) stages.push_back(stage_json(stage));
  return {{"kind", "obscura audit noise"},
          {"format", 1},
          {"version", kVersion},
          {"command", command},
          {"network", options.network},
          {"images", audit.images},
          {"selection", audit.selection},
          {"mode", audit.client.mode == message::Mode::batched ? "batched" : "packed"},
          {"parameters", parameters_json(audit.client.parameters)},
          {"confidence", 0.99},
          {"holds", audit.holds()},
          {"stages", std::move(stages)},
          {"seconds", audit.seconds}};
}

}  // namespace obscura::study
