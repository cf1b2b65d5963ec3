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
#include "study/search/gallery_evaluation.h"

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

study::GalleryEvaluationRequest gallery_request_of(const EvaluateArguments& a) {
  study::GalleryEvaluationRequest request;
  request.gallery = a.gallery, request.network = a.network.string();
  request.dataset = a.dataset, request.data = a.data;
  if (!a.mode.empty()) request.mode = a.mode;
  request.distance = a.distance, request.limit = a.limit, request.seed = a.request.seed, request.fit = a.request.fit;
  request.threads = a.threads, request.note = notes(), request.progress = true;
  return request;
}

void evaluate_on_gallery(const EvaluateArguments& a) {
  check_outputs({{a.out, study::FileKind::evaluation}}, {a.network, a.dataset, search::gallery_file(a.gallery)},
                a.force);
  const auto evaluation = study::evaluate_gallery(gallery_request_of(a));
  if (!a.out.empty()) write_file(a.out, study::evaluation_json(evaluation).dump(2) + "\n");
  if (a.json) return print_json(study::evaluation_json(evaluation));
  fmt::print("{}", study::evaluation_text(evaluation));
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

void refuse_beside_pictures(const CLI::App& verb) {
  const auto& table = evaluate_options();
  constexpr const char* kReason = "is for networks that run on encrypted images, not for a .safetensors file";
  table.refuse(verb, kEvaluatesOnnx, kReason);
  table.refuse(verb, kAsksOnnx, kReason);
  table.refuse(verb, kEvaluatesGallery, "needs the ONNX network that the gallery was indexed with");
  table.refuse(verb, kStatesOnnx, "is for ONNX networks: a .safetensors file says it itself");
  table.refuse(verb, kMakesKey, "would make a key that the network has never seen");
}

void refuse_beside_gallery(const EvaluateArguments& a, const CLI::App& verb) {
  const auto& table = evaluate_options();
  constexpr const char* kReason = "is for testing a network, and --gallery measures what it finds";
  for (const EvaluateMode mode : {kEvaluatesOnnx, kStatesOnnx, kEvaluatesPictures, kMakesKey}) {
    table.refuse(verb, mode, kReason);
  }
  if (verb.count("--colour") > 0) throw UsageError(std::string("--colour ") + kReason);
  if (verb.count("--dataset") == 0) throw UsageError("--dataset is required with --gallery: whose test images to find");
  if (a.mode == "packed" || a.mode == "batched") {
    throw UsageError("--mode is '" + a.mode + "', expected plain, blind or blind-features for a gallery");
  }
}

void refuse_beside_onnx(const EvaluateArguments& a, const CLI::App& verb) {
  const auto& table = evaluate_options();
  constexpr const char* kReason = "is for networks that `train --network` wrote: .safetensors files";
  table.refuse(verb, kEvaluatesPictures, kReason);
  table.refuse(verb, kMakesKey, kReason);
  table.refuse(verb, kEvaluatesGallery, "is for measuring a gallery: --gallery");
  if (verb.count("--colour") > 0 && a.colour.empty()) {
    throw UsageError("--colour needs grey, rgb or bgr for an ONNX network");
  }
  if (a.mode == "plain" || a.mode == "blind" || a.mode == "blind-features") {
    throw UsageError("--mode is '" + a.mode + "', expected packed or batched, or a --gallery");
  }
}

/// What was typed for another kind of evaluation would be left aside without a word.
void refuse_other_options(const EvaluateArguments& a, const CLI::App& verb) {
  if (a.reads_pictures()) {
    refuse_beside_pictures(verb);
    if (!a.colour.empty()) throw UsageError("--colour has no value for a .safetensors file");
  } else if (a.measures_gallery()) {
    refuse_beside_gallery(a, verb);
  } else {
    refuse_beside_onnx(a, verb);
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
      "With --gallery, what is measured is how good the gallery is at finding pictures.\n"
      "Examples:\n  obscura evaluate --network models/tenseal-mnist.onnx --dataset mnist --mode batched\n"
      "  obscura evaluate --network models/tenseal-mnist.onnx --dataset samples --limit 100 --json\n"
      "  obscura evaluate --gallery gallery/ --network models/obscura-m-cifar10.onnx --dataset cifar-10");
  verb.callback([args, &verb] {
    refuse_other_options(*args, verb);
    if (args->reads_pictures()) {
      evaluate_on_pictures(*args, verb.count("--colour") > 0);
    } else if (args->measures_gallery()) {
      evaluate_on_gallery(*args);
    } else {
      evaluate_onnx(*args);
    }
  });
}

}  // namespace obscura::cli
