#include "cli/evaluation_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/version.h"
#include "cli/preprocessing.h"
#include "cli/support.h"
#include "ring/isa.h"

namespace obscura::cli {
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

ordered_json per_class_json(const Scores& scores, const std::vector<std::string>& classes) {
  ordered_json list = ordered_json::array();
  for (std::size_t c = 0; c < scores.classes.size(); ++c) {
    const ClassScore& score = scores.classes[c];
    list.push_back({{"class", c < classes.size() ? classes[c] : std::to_string(c)},
                    {"images", score.images},
                    {"precision", score.precision},
                    {"recall", score.recall},
                    {"f1", score.f1}});
  }
  return list;
}

ordered_json interval_json(const Interval& interval) {
  return {interval.low, interval.high};
}

ordered_json histogram_json(const ErrorHistogram& errors) {
  return {{"log10_first", ErrorHistogram::kFirst},
          {"bins_per_decade", ErrorHistogram::kPerDecade},
          {"counts", errors.counts}};
}

void print_step(const char* name, double seconds, std::size_t images) {
  fmt::print("  {:<10} {:>10}  {:>12} an image\n", name, duration_text(seconds),
             duration_text(seconds / static_cast<double>(images)));
}

void print_quality(const Evaluation& e) {
  print_accuracy(e.scores, e.classes, "encrypted");
  fmt::print("  agreement  {:.2f} % of the images get the same class\n", 100 * e.scores.agreement);
  print_original(e.origin, e.original);
  fmt::print("  F1 macro   {:.4f}\n", e.scores.f1_macro);
  fmt::print("  logits     error at most {:.2g}, {:.2g} rms (predicted {:.2g})\n", e.scores.max_logit_error,
             e.scores.rms_logit_error, e.run.client.logit_error);
  if (e.max_encryption_error > 0) {
    fmt::print("             most of it the fitted activations': encryption alone at most {:.2g}\n",
               e.max_encryption_error);
  }
  fmt::print("  lost       {} image{} with values that left the range of the modulus\n", e.lost.size(),
             e.lost.size() == 1 ? "" : "s");
}

/// What shared the time that is divided by images.
std::string how_measured(const Evaluation& e) {
  if (!packed(e)) return "a query's images on all threads";
  if (e.run.together == 1) return "one query after another on all threads";
  if (e.run.together > 1) return fmt::format("{} queries together on all threads", e.run.together);
  if (e.run.client.images == 1) return "one image on one thread";
  return fmt::format("a query of {} images on one thread", e.run.client.images);
}

void print_times(const Evaluation& e) {
  fmt::print("time, {} thread{}\n", e.threads, e.threads == 1 ? "" : "s");
  const auto& s = e.run.seconds;
  print_step("encrypt", s.encrypt, e.images());
  print_step("expand", s.expand, e.images());
  print_step("evaluate", s.evaluate, e.images());
  print_step("decrypt", s.decrypt, e.images());
  print_step("total", s.total, e.images());
  fmt::print("  {}: {:.3f} ms an image (median {:.3f}), evaluation only\n", how_measured(e), e.milliseconds_per_image(),
             e.median_milliseconds_per_image());
  fmt::print("  before: compile {}, keys {}, encode and expand keys {}\n", duration_text(e.run.setup.compile),
             duration_text(e.run.setup.keys), duration_text(e.run.setup.prepare));
  fmt::print("stages of a query\n");
  for (const auto& stage : e.run.stages) fmt::print("  {:<40.40} {:>10}\n", stage.name, duration_text(stage.seconds));
}

void print_sizes(const Evaluation& e) {
  fmt::print("sizes\n");
  fmt::print("  query      {:>10}, {} image{}\n", bytes_text(e.run.upload), e.run.client.images,
             e.run.client.images == 1 ? "" : "s");
  fmt::print("  answer     {:>10}\n", bytes_text(e.run.reply));
  fmt::print("  eval. keys {:>10}, once\n", bytes_text(e.run.evaluation_keys));
  fmt::print("  memory     {:>7.0f} MB at most\n", e.peak_memory_mb);
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

ordered_json scores_json(const Scores& scores, const std::vector<std::string>& classes) {
  const std::size_t c = scores.majority_class;
  return {
      {"plain_accuracy_interval", interval_json(scores.plain_interval)},
      {"encrypted_accuracy_interval", interval_json(scores.encrypted_interval)},
      {"majority", {{"class", c < classes.size() ? classes[c] : std::to_string(c)}, {"share", scores.majority_share}}},
      {"classes", classes},
      {"confusion", scores.confusion},
      {"per_class", per_class_json(scores, classes)},
      {"logit_error_histogram", histogram_json(scores.errors)}};
}

void print_accuracy(const Scores& scores, const std::vector<std::string>& classes, const std::string& run) {
  const std::size_t c = scores.majority_class;
  fmt::print("  accuracy   {}, {}\n", accuracy_text(scores.encrypted_accuracy, scores.encrypted_interval), run);
  fmt::print("             {}, plain\n", accuracy_text(scores.plain_accuracy, scores.plain_interval));
  fmt::print("             {:.2f} % for whoever always says '{}'\n", 100 * scores.majority_share,
             c < classes.size() ? classes[c] : std::to_string(c));
}

ScorePage evaluation_page(const Evaluation& e) {
  const auto& client = e.run.client;
  return {client.network + " on " + e.dataset,
          fmt::format("{} images, {}, {}", e.selection, mode_name(client.mode), cpu_model()),
          {fmt::format("Network: {}", e.network), fmt::format("Images: {} of {}", e.selection, e.dataset),
           "As the network takes them: " + preprocessing_text(client.preprocessing, client.input),
           ckks::describe(client.parameters), fmt::format("obscura {}", kVersion)},
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
      {"bytes", {{"upload", e.run.upload}, {"reply", e.run.reply}, {"evaluation_keys", e.run.evaluation_keys}}},
      {"peak_memory_mb", e.peak_memory_mb},
      {"parameters", parameters_json(e.run.client.parameters)},
      {"preprocessing", preprocessing_json(e.run.client.preprocessing, e.run.client.input)},
      {"selection", e.selection},
      {"seed", e.seed ? ordered_json(*e.seed) : ordered_json(nullptr)},
      {"version", kVersion},
      {"build", kBuildType},
      {"machine", cpu_model()},
      {"isa", std::string(ring::isa_name(ring::selected_isa()))}};
  object.update(scores_json(e.scores, e.classes));
  return object;
}

void print_evaluation(const Evaluation& e) {
  fmt::print("{} on {} images of {}, {}\n", e.run.client.network, e.selection, e.dataset, mode_name(e.run.client.mode));
  fmt::print("  images     {}\n", preprocessing_text(e.run.client.preprocessing, e.run.client.input));
  print_quality(e);
  print_times(e);
  print_sizes(e);
  fmt::print("{}", confusion_text(e.scores, e.classes, "what the encrypted run says"));
  fmt::print("{}", errors_text(e.scores.errors));
  fmt::print("{}\n", ckks::describe(e.run.client.parameters));
  fmt::print("obscura {} on {}, kernels {}\n", kVersion, cpu_model(), ring::isa_name(ring::selected_isa()));
}

}  // namespace obscura::cli
