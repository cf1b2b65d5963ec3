#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/machine.h"
#include "base/version.h"
#include "report/text.h"
#include "ring/isa.h"
#include "study/describe.h"
#include "study/evaluate/evaluation.h"

namespace obscura::study {
namespace {

template <typename... Values>
void add(std::string& out, fmt::format_string<Values...> format, Values&&... values) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Values>(values)...);
}

/// Accuracies with their intervals, and what is right by naming one class always. `run`: the run beside the plain one.
void add_accuracy(std::string& out, const report::Scores& scores, const std::vector<std::string>& classes,
                  const std::string& run) {
  const std::size_t c = scores.majority_class;
  add(out, "  accuracy   {}, {}\n", report::accuracy_text(scores.encrypted_accuracy, scores.encrypted_interval), run);
  add(out, "             {}, plain\n", report::accuracy_text(scores.plain_accuracy, scores.plain_interval));
  add(out, "             {:.2f} % for whoever always says '{}'\n", 100 * scores.majority_share,
      c < classes.size() ? classes[c] : std::to_string(c));
}

void add_step(std::string& out, const char* name, double seconds, std::size_t images) {
  add(out, "  {:<10} {:>10}  {:>12} an image\n", name, report::duration_text(seconds),
      report::duration_text(seconds / static_cast<double>(images)));
}

void add_errors(std::string& out, const report::Scores& scores, const message::ClientSpec& client) {
  add(out, "  logits     error at most {:.2g}, {:.2g} rms (predicted {:.2g})\n", scores.max_logit_error,
      scores.rms_logit_error, client.logit_error);
  if (scores.no_numbers > 0) {
    add(out, "             but for {} that are no numbers, in the clear or out of it\n", scores.no_numbers);
  }
}

void add_quality(std::string& out, const Evaluation& e) {
  add_accuracy(out, e.scores, e.classes, "encrypted");
  add(out, "  agreement  {:.2f} % of the images get the same class\n", 100 * e.scores.agreement);
  out += original_text(e.origin, e.original);
  add(out, "  F1 macro   {:.4f}\n", e.scores.f1_macro);
  add_errors(out, e.scores, e.run.client);
  if (e.max_encryption_error > 0) {
    add(out, "             most of it the fitted activations': encryption alone at most {:.2g}\n",
        e.max_encryption_error);
  }
  add(out, "  lost       {} image{} with values that left the range of the modulus\n", e.lost.size(),
      e.lost.size() == 1 ? "" : "s");
}

/// What shared the time that is divided by images.
std::string how_measured(const Evaluation& e) {
  if (e.run.client.mode != message::Mode::packed) return "a query's images on all threads";
  if (e.run.together == 1) return "one query after another on all threads";
  if (e.run.together > 1) return fmt::format("{} queries together on all threads", e.run.together);
  if (e.run.client.images == 1) return "one image on one thread";
  return fmt::format("a query of {} images on one thread", e.run.client.images);
}

void add_times(std::string& out, const Evaluation& e) {
  add(out, "time, {} thread{}\n", e.threads, e.threads == 1 ? "" : "s");
  const auto& s = e.run.seconds;
  add_step(out, "encrypt", s.encrypt, e.images());
  add_step(out, "expand", s.expand, e.images());
  add_step(out, "evaluate", s.evaluate, e.images());
  add_step(out, "decrypt", s.decrypt, e.images());
  add_step(out, "total", s.total, e.images());
  add(out, "  {}: {:.3f} ms an image (median {:.3f}), evaluation only\n", how_measured(e), e.milliseconds_per_image(),
      e.median_milliseconds_per_image());
  add(out, "  before: compile {}, keys {}, encode and expand keys {}\n", report::duration_text(e.run.setup.compile),
      report::duration_text(e.run.setup.keys), report::duration_text(e.run.setup.prepare));
  add(out, "stages of a query\n");
  for (const auto& stage : e.run.stages)
    add(out, "  {:<40.40} {:>10}\n", stage.name, report::duration_text(stage.seconds));
}

void add_sizes(std::string& out, const Evaluation& e) {
  add(out, "sizes\n");
  add(out, "  query      {:>10}, {} image{}\n", report::bytes_text(e.run.upload), e.run.client.images,
      e.run.client.images == 1 ? "" : "s");
  if (e.run.upload_min != e.run.upload_max) {
    add(out, "             {} to {}: queries tell how many chunks are encrypted\n",
        report::bytes_text(e.run.upload_min), report::bytes_text(e.run.upload_max));
  }
  add(out, "  answer     {:>10}\n", report::bytes_text(e.run.reply));
  add(out, "  eval. keys {:>10}, once\n", report::bytes_text(e.run.evaluation_keys));
  add(out, "  memory     {:>7.0f} MB at most\n", e.peak_memory_mb);
}

}  // namespace

std::string evaluation_text(const Evaluation& e) {
  std::string out;
  add(out, "{} on {} images of {}, {}\n", e.run.client.network, e.selection, e.dataset, mode_name(e.run.client.mode));
  add(out, "  images     {}\n", seen_text(e.run.client, e.mirrored));
  if (const auto& chunks = e.run.client.chunks) {
    add(out, "  chunks     {}, policy {}: {:.1f} % of them encrypted\n", chunking_text(chunks->cut),
        message::to_string(chunks->policy), 100 * e.run.chunks_encrypted);
  }
  add_quality(out, e);
  add_times(out, e);
  add_sizes(out, e);
  out += report::confusion_text(e.scores, e.classes, "what the encrypted run says");
  out += report::errors_text(e.scores.errors);
  add(out, "{}\n", ckks::describe(e.run.client.parameters));
  add(out, "obscura {} on {}, kernels {}\n", kVersion, cpu_model(), ring::isa_name(ring::selected_isa()));
  return out;
}

std::string evaluation_text(const SimulatedEvaluation& e) {
  std::string out;
  const auto& client = e.run.client;
  add(out, "{} on {} images of {}, {}, simulated: nothing was encrypted\n", client.network, e.selection, e.dataset,
      mode_name(client.mode));
  add(out, "  images     {}\n", seen_text(client, e.mirrored));
  add_accuracy(out, e.scores, e.classes, "simulated");
  add(out, "  agreement  {:.2f} % of the images get the same class\n", 100 * e.scores.agreement);
  out += original_text(e.origin, e.original);
  add_errors(out, e.scores, client);
  add(out, "  range      {} images leave the range of the modulus: their answers are lost\n", e.run.overflows.size());
  out += report::confusion_text(e.scores, e.classes, "what the simulated run says");
  return out + report::errors_text(e.scores.errors);
}

}  // namespace obscura::study
