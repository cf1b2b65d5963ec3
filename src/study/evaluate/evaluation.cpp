#include "study/evaluate/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/machine.h"
#include "base/version.h"
#include "ring/isa.h"
#include "study/describe.h"
#include "study/preprocessing.h"

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

/// Images of one query: what its time is divided by. The last batched query may hold fewer and takes as long.
double images_a_query(const Evaluation& e) {
  return std::min<double>(static_cast<double>(e.run.client.images), static_cast<double>(e.images()));
}

bool packed(const Evaluation& e) {
  return e.run.client.mode == message::Mode::packed;
}

ordered_json stages_json(const EncryptedRun& run) {
  ordered_json stages = ordered_json::array();
  for (const auto& stage : run.stages) stages.push_back({{"name", stage.name}, {"milliseconds", 1e3 * stage.seconds}});
  return stages;
}

ordered_json seconds_json(const Evaluation& e) {
  const auto& s = e.run.seconds;
  return {{"encrypt", s.encrypt},     {"expand", s.expand},
          {"evaluate", s.evaluate},   {"decrypt", s.decrypt},
          {"total", s.total},         {"compile", e.run.setup.compile},
          {"keys", e.run.setup.keys}, {"prepare", e.run.setup.prepare},
          {"plain", e.plain_seconds}};
}

ordered_json per_class_json(const report::Scores& scores, const std::vector<std::string>& classes) {
  ordered_json list = ordered_json::array();
  for (std::size_t c = 0; c < scores.classes.size(); ++c) {
    const report::ClassScore& score = scores.classes[c];
    list.push_back({{"class", c < classes.size() ? classes[c] : std::to_string(c)},
                    {"images", score.images},
                    {"precision", score.precision},
                    {"recall", score.recall},
                    {"f1", score.f1}});
  }
  return list;
}

/// What is encrypted of pictures: chunks of them, or the whole.
ordered_json chunks_json(const message::ClientSpec& client, double encrypted) {
  const auto policy = client.chunks ? client.chunks->policy : message::Policy::whole;
  return {{"policy", message::to_string(policy)},
          {"chunks", chunked_json(client)},
          {"chunks_encrypted", client.chunks ? encrypted : 1.0}};
}

ordered_json interval_json(const report::Interval& interval) {
  return {interval.low, interval.high};
}

ordered_json histogram_json(const report::ErrorHistogram& errors) {
  return {{"log10_first", report::ErrorHistogram::kFirst},
          {"bins_per_decade", report::ErrorHistogram::kPerDecade},
          {"counts", errors.counts}};
}

/// What both kinds of run tell of scores: intervals, the majority, classes, confusion, scores a class, errors.
ordered_json scores_json(const report::Scores& scores, const std::vector<std::string>& classes) {
  const std::size_t c = scores.majority_class;
  return {
      {"plain_accuracy_interval", interval_json(scores.plain_interval)},
      {"encrypted_accuracy_interval", interval_json(scores.encrypted_interval)},
      {"majority", {{"class", c < classes.size() ? classes[c] : std::to_string(c)}, {"share", scores.majority_share}}},
      {"classes", classes},
      {"confusion", scores.confusion},
      {"per_class", per_class_json(scores, classes)},
      {"logits_without_number", scores.no_numbers},
      {"logit_error_histogram", histogram_json(scores.errors)}};
}

}  // namespace

double Evaluation::milliseconds_per_image() const {
  if (!packed(*this)) return 1e3 * run.seconds.evaluate / static_cast<double>(images());
  const double sum = std::accumulate(run.query_seconds.begin(), run.query_seconds.end(), 0.0);
  return 1e3 * sum / static_cast<double>(images());
}

double Evaluation::median_milliseconds_per_image() const {
  auto times = run.query_seconds;
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return 1e3 * *middle / images_a_query(*this);
}

std::string seen_text(const message::ClientSpec& client, bool mirrored) {
  return preprocessing_text(client.preprocessing, client.input) +
         (mirrored ? "; the mirror image beside each, and the mean of both answers" : "");
}

report::ScorePage evaluation_page(const SimulatedEvaluation& e) {
  const auto& client = e.run.client;
  return {client.network + " on " + e.dataset,
          e.selection + " images, " + mode_name(client.mode) + ", simulated: nothing was encrypted",
          {"Network: " + e.network, "As the network takes images: " + seen_text(client, e.mirrored)},
          "simulated",
          e.run.logits.size(),
          e.classes,
          e.scores};
}

report::ScorePage evaluation_page(const Evaluation& e) {
  const auto& client = e.run.client;
  return {client.network + " on " + e.dataset,
          fmt::format("{} images, {}, {}", e.selection, mode_name(client.mode), cpu_model()),
          {fmt::format("Network: {}", e.network), fmt::format("Images: {} of {}", e.selection, e.dataset),
           "As the network takes them: " + seen_text(client, e.mirrored), ckks::describe(client.parameters),
           fmt::format("obscura {}", kVersion)},
          "encrypted",
          e.images(),
          e.classes,
          e.scores};
}

ordered_json evaluation_json(const Evaluation& e) {
  ordered_json object = {
      {"network", e.network},
      {"dataset", e.dataset},
      {"mode", mode_name(e.run.client.mode)},
      {"images", e.images()},
      {"threads", e.threads},
      {"plain", plain_name(e.origin)},
      {"fitted_from", origin_json(e.origin)},
      {"original", original_json(e.original)},
      {"plain_accuracy", e.scores.plain_accuracy},
      {"encrypted_accuracy", e.scores.encrypted_accuracy},
      {"f1_macro", e.scores.f1_macro},
      {"plain_f1_macro", e.scores.plain_f1_macro},
      {"agreement", e.scores.agreement},
      {"max_logit_error", e.scores.max_logit_error},
      {"rms_logit_error", e.scores.rms_logit_error},
      {"predicted_logit_error", e.run.client.logit_error},
      {"predicted_fit_error", e.run.client.fit_error},
      {"seconds", seconds_json(e)},
      {"max_encryption_error", e.max_encryption_error > 0 ? e.max_encryption_error : e.scores.max_logit_error},
      {"images_lost", e.lost},
      {"queries_together", e.run.together},
      {"milliseconds_per_image", e.milliseconds_per_image()},
      {"median_milliseconds_per_image", e.median_milliseconds_per_image()},
      {"images_per_query", e.run.client.images},
      {"images_per_second",
       {{"evaluate", static_cast<double>(e.images()) / e.run.seconds.evaluate},
        {"total", static_cast<double>(e.images()) / e.run.seconds.total}}},
      {"stages", stages_json(e.run)},
      {"bytes",
       {{"upload", e.run.upload},
        {"upload_min", e.run.upload_min},
        {"upload_max", e.run.upload_max},
        {"reply", e.run.reply},
        {"evaluation_keys", e.run.evaluation_keys}}},
      {"peak_memory_mb", e.peak_memory_mb},
      {"parameters", parameters_json(e.run.client.parameters)},
      {"preprocessing", preprocessing_json(e.run.client.preprocessing, e.run.client.input)},
      {"mirrored", e.mirrored},
      {"selection", e.selection},
      {"seed", e.seed ? ordered_json(*e.seed) : ordered_json(nullptr)},
      {"version", kVersion},
      {"build", kBuildType},
      {"machine", cpu_model()},
      {"isa", std::string(ring::isa_name(ring::selected_isa()))}};
  object.update(scores_json(e.scores, e.classes));
  object.update(chunks_json(e.run.client, e.run.chunks_encrypted));
  return object;
}

ordered_json evaluation_json(const SimulatedEvaluation& e) {
  ordered_json object = {{"network", e.network},
                         {"dataset", e.dataset},
                         {"mode", mode_name(e.run.client.mode)},
                         {"simulated", true},
                         {"selection", e.selection},
                         {"mirrored", e.mirrored},
                         {"preprocessing", preprocessing_json(e.run.client.preprocessing, e.run.client.input)},
                         {"images", e.run.logits.size()},
                         {"plain", plain_name(e.origin)},
                         {"fitted_from", origin_json(e.origin)},
                         {"original", original_json(e.original)},
                         {"plain_accuracy", e.scores.plain_accuracy},
                         {"accuracy", e.scores.encrypted_accuracy},
                         {"agreement", e.scores.agreement},
                         {"logit_error", {{"max", e.scores.max_logit_error}, {"rms", e.scores.rms_logit_error}}},
                         {"predicted_logit_error", e.run.client.logit_error},
                         {"predicted_fit_error", e.run.client.fit_error},
                         {"images_out_of_range", e.run.overflows},
                         {"parameters", parameters_json(e.run.client.parameters)},
                         {"seconds", e.run.seconds}};
  object.update(scores_json(e.scores, e.classes));
  return object;
}

}  // namespace obscura::study
