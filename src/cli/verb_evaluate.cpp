#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "cli/console.h"
#include "cli/evaluate_options.h"
#include "cli/learned.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "study/evaluate/evaluate.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

/// Where the run keeps what is done: as asked, else beside the result if that is a file. Devices have nothing
/// beside.
fs::path journal_of(const EvaluateArguments& a) {
  std::error_code ec;
  const bool file = !a.out.empty() && (!fs::exists(a.out, ec) || fs::is_regular_file(a.out, ec));
  return !a.resume.empty() || !file ? a.resume : fs::path(a.out.string() + ".partial");
}

study::EvaluationRequest request_of(const EvaluateArguments& a) {
  study::EvaluationRequest request = a.request;
  request.network = a.network.string();
  request.dataset = a.dataset;
  request.data = a.data;
  request.mode = mode_of(a.mode);
  request.limit = a.limit;
  request.threads = a.threads;
  request.stated.colour = a.colour;
  request.journal = journal_of(a);
  request.note = notes();
  if (!a.json) request.on_fit = [](const compile::FitReport& fitted) { fmt::print("{}\n", fitted.text()); };
  return request;
}

/// Into the files and onto the console, as asked.
template <typename Found>
void put(const EvaluateArguments& a, const Found& evaluation) {
  if (!a.out.empty()) write_file(a.out, study::evaluation_json(evaluation).dump(2) + "\n");
  if (!a.report.empty()) {
    write_file(a.report, report::to_html(report::score_document(study::evaluation_page(evaluation))));
  }
  if (a.json) {
    print_json(study::evaluation_json(evaluation));
  } else {
    fmt::print("{}", study::evaluation_text(evaluation));
  }
}

void evaluate_onnx(const EvaluateArguments& a) {
  const auto request = request_of(a);
  check_outputs({{a.out, study::FileKind::evaluation},
                 {request.journal, study::FileKind::journal},
                 {a.report, study::FileKind::html}},
                {a.network, a.dataset}, a.force);
  if (a.simulate) return put(a, study::simulate(request));
  const auto evaluation = study::evaluate(request);
  put(a, evaluation);
  if (!request.journal.empty()) fs::remove(request.journal);
}

void evaluate_on_pictures(const EvaluateArguments& a, bool colour) {
  study::PictureEvaluation p = a.pictures;
  p.network = a.network;
  p.dataset = a.dataset;
  p.data = a.data;
  p.colour = colour;
  p.limit = a.limit;
  p.threads = a.threads;
  p.note = notes();
  evaluate_pictures(p, {a.out, a.json, a.force});
}

/// What was typed for the other kind of network would be left aside without a word.
void refuse_other_options(const EvaluateArguments& a, const CLI::App& verb) {
  const auto& table = evaluate_options();
  if (a.reads_pictures()) {
    table.refuse(verb, kEvaluatesOnnx, "is for networks that run on encrypted images, not for a .safetensors file");
    table.refuse(verb, kStatesOnnx, "is for ONNX networks: a .safetensors file says it itself");
    if (!a.colour.empty()) throw UsageError("--colour has no value for a .safetensors file");
    table.refuse(verb, kMakesKey, "would make a key that the network has never seen");
  } else {
    constexpr const char* kReason = "is for networks that `train --network` wrote: .safetensors files";
    table.refuse(verb, kEvaluatesPictures, kReason);
    table.refuse(verb, kMakesKey, kReason);
    if (verb.count("--colour") > 0 && a.colour.empty()) {
      throw UsageError("--colour needs grey, rgb or bgr for an ONNX network");
    }
  }
}

}  // namespace

void add_evaluate_verb(CLI::App& verb) {
  const auto args = std::make_shared<EvaluateArguments>();
  evaluate_options().add_to(verb, *args);
  add_threads(verb, args->threads);
  add_force(verb, args->force);
  add_json(verb, args->json);
  verb.footer(
      "A network of `train --network` (.safetensors) is tested on plain and on protected pictures, side by side.\n"
      "Examples:\n  obscura evaluate --network models/tenseal-mnist.onnx --dataset mnist --mode batched\n"
      "  obscura evaluate --network models/tenseal-mnist.onnx --dataset samples --limit 100 --json");
  verb.callback([args, &verb] {
    refuse_other_options(*args, verb);
    if (args->reads_pictures()) {
      evaluate_on_pictures(*args, verb.count("--colour") > 0);
    } else {
      evaluate_onnx(*args);
    }
  });
}

}  // namespace obscura::cli
