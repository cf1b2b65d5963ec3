#include "study/evaluate/evaluate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/machine.h"
#include "base/version.h"
#include "image/digest.h"
#include "nn/mirrored.h"
#include "nn/onnx_write.h"
#include "study/describe.h"
#include "study/evaluate/prepare.h"
#include "study/evaluate/run_journal.h"

namespace obscura::study {
namespace {

/// What must be the same for a run to be continued.
nlohmann::ordered_json identity_of(const EvaluationRequest& a, const nn::Graph& graph, const TestImages& images,
                                   const compile::CompileOptions& options, const ThreadPool& pool) {
  std::vector<std::uint8_t> values;
  for (const auto& image : images.values) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(image.data());
    values.insert(values.end(), bytes, bytes + image.size() * sizeof(float));
  }
  return {{"journal of", "obscura evaluate"},
          {"version", kVersion},
          {"network", image::sha256(nn::to_onnx(graph))},
          {"against", a.against.empty() ? std::string() : image::sha256(read_file(a.against))},
          {"dataset", a.dataset},
          {"mode", mode_name(a.mode)},
          {"seed", a.seed ? nlohmann::ordered_json(*a.seed) : nlohmann::ordered_json(nullptr)},
          {"limit", a.limit},
          {"images", image::sha256(values)},
          {"images_per_ciphertext", a.images_per_ciphertext},
          {"max_keys", a.budget.keys},
          {"max_memory", a.budget.memory},
          {"relative_error", a.relative_error},
          {"policy", message::to_string(options.policy)},
          {"threshold", options.threshold},
          {"score", to_string(options.score)},
          {"threads", pool.threads()}};
}

/// The largest error of a logit of every image, against these; infinity where one is no number.
std::vector<double> worst_errors(const std::vector<std::vector<float>>& expected, const EncryptedRun& run) {
  std::vector<double> worst(expected.size(), 0);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    for (std::size_t k = 0; k < expected[i].size(); ++k) {
      const double error = std::abs(run.logits[i][k] - expected[i][k]);
      worst[i] = std::isfinite(error) ? std::max(worst[i], error) : std::numeric_limits<double>::infinity();
    }
  }
  return worst;
}

/// Fills in what encryption did to the network as it was compiled. An image is lost where a logit is further off than
/// any noise: a hundred predicted deviations and a tenth of a logit.
void judge_encryption(const Prepared& prepared, Evaluation& result) {
  const bool fitted = !prepared.compiled.empty();
  const auto worst = worst_errors(fitted ? prepared.compiled : prepared.plain, result.run);
  const double limit = std::max(100 * result.run.client.logit_error, 0.1);
  for (std::size_t i = 0; i < worst.size(); ++i) {
    if (worst[i] > limit) result.lost.push_back(i);
    if (fitted && std::isfinite(worst[i]))
      result.max_encryption_error = std::max(result.max_encryption_error, worst[i]);
  }
}

}  // namespace

Evaluation evaluate(const EvaluationRequest& a) {
  ThreadPool pool(a.threads);
  Prepared prepared = prepare(a, pool);
  Evaluation result;
  result.network = a.network;
  result.dataset = a.dataset;
  result.mirrored = nn::is_mirrored(prepared.graph);
  result.threads = pool.threads();
  result.seed = a.seed;
  result.classes = prepared.images.classes;
  result.selection = prepared.images.selection;
  result.plain_seconds = prepared.plain_seconds;
  result.run =
      run_with_journal(a.journal, identity_of(a, prepared.graph, prepared.images, prepared.options, pool), a.stop_after,
                       prepared.graph, prepared.options, prepared.images.values, pool, a.together, a.note);
  result.scores = report::score(prepared.plain, result.run.logits, prepared.images.labels);
  if (prepared.original)
    result.original = score_original(*prepared.original, result.run.logits, prepared.images.labels);
  result.origin = prepared.origin;
  judge_encryption(prepared, result);
  result.peak_memory_mb = peak_memory_mb();
  return result;
}

SimulatedEvaluation simulate(const EvaluationRequest& a) {
  ThreadPool pool(a.threads);
  const Prepared prepared = prepare(a, pool);
  SimulatedEvaluation result;
  result.network = a.network;
  result.dataset = a.dataset;
  result.mirrored = nn::is_mirrored(prepared.graph);
  result.run = run_simulated(prepared.graph, prepared.options, prepared.images.values, pool, true);
  result.scores = report::score(prepared.plain, result.run.logits, prepared.images.labels);
  if (prepared.original) {
    result.original = score_original(*prepared.original, result.run.logits, prepared.images.labels);
  }
  result.origin = prepared.origin;
  result.classes = prepared.images.classes;
  result.selection = prepared.images.selection;
  return result;
}

}  // namespace obscura::study
