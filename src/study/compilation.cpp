#include "study/compilation.h"

#include <algorithm>
#include <map>
#include <span>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/stopwatch.h"
#include "image/digest.h"
#include "message/client_wire.h"
#include "nn/classifier.h"
#include "nn/mirrored.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "owner/owner.h"
#include "program/program_wire.h"
#include "runtime/answer.h"
#include "runtime/runner.h"
#include "study/calibration.h"
#include "study/compile_network.h"
#include "study/machine_speed.h"
#include "study/memory_check.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

/// Pictures on which ways to replace ReLUs are compared: half of them choose, half judge what was chosen.
constexpr std::size_t kUnseenSamples = 384;

/// What a file says beside what a network holds: the command that made it, ...
std::map<std::string, std::string> other_metadata(const std::string& network) {
  auto metadata = nn::read_onnx_metadata(network);
  // What the written file says itself, in our words.
  for (const char* key : {"mean", "std", "range", "classes", "colour", "image_size", "calibration", "chunks",
                          "histogram", "Image.BitmapPixelFormat", "Image.NominalPixelRange"}) {
    metadata.erase(key);
  }
  std::erase_if(metadata, [](const auto& entry) { return entry.first.starts_with("obscura."); });
  return metadata;
}

/// Seconds of every stage of one query of made-up pixels, on one thread.
std::vector<double> measure(program::Program program, const compile::Budget& budget) {
  const owner::Owner owner(program.client);
  const auto seeded = owner.evaluation_keys();
  ThreadPool pool;
  const std::size_t ready = matrix_memory(budget, program);
  const auto runner = runtime::make_runner(std::move(program), &pool, ready);
  const auto keys = std::make_shared<const ckks::EvaluationKeys>(*runner->context(), seeded, &pool);
  // Noise, so that chunks have the gradients that are encrypted.
  std::vector<float> image(owner.client().input.size());
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i * 2654435761U % 1000) / 1000.0F;
  auto encrypted = owner.encrypt(std::span(&image, 1));
  const auto query = runtime::expand(*runner->context(), encrypted);
  std::vector<double> seconds;
  // The first run warms memory up.
  for (int run = 0; run < 2; ++run) {
    std::vector<runtime::StageTime> times;
    runner->run(keys, query, {nullptr, &times});
    seconds.clear();
    for (const auto& stage : times) seconds.push_back(stage.seconds);
  }
  return seconds;
}

/// What is saved says what it was made of.
void state_origin(nn::Graph& graph, const std::filesystem::path& network) {
  graph.origin.name = network.filename().string();
  graph.origin.sha256 = image::sha256(read_file(network));
}

/// Both files or none: the second is written when nothing is left that could fail but the disk.
void write_program_files(const program::Program& program, const fs::path& folder) {
  fs::create_directories(folder);
  write_file(folder / "client.spec", message::write_client_spec(program.client));
  write_file(folder / "server.program", program::write_program(program));
}

bool calibrates(const CompilationRequest& a) {
  return !a.calibrate.empty() || !a.samples.empty();
}

/// Throws UsageError for a wish about ReLUs that changes nothing.
void check_relu(const CompilationRequest& a, const nn::Graph& graph) {
  if (a.relu == ReluChoice::fitted) return;
  if (!calibrates(a)) throw UsageError("--relu needs the ranges of real images: add --calibrate DATASET");
  if (!has_relu(graph))
    throw UsageError("--relu changes nothing: " + graph.name +
                     " has no ReLU, and nothing that is made of one (LeakyReLU, ReLU6, HardSwish)");
}

compile::FitOptions fit_options_of(const CompilationRequest& a) {
  compile::FitOptions fitting;
  fitting.max_degree = a.max_degree;
  fitting.relu_bits = a.relu_bits;
  if (a.relu == ReluChoice::composite) fitting.relu = compile::FitOptions::Relu::composite;
  return fitting;
}

/// Ranges measured on images, and activations made polynomials; the samples, with which what was compiled
/// is checked.
std::vector<std::vector<float>> calibrate(const CompilationRequest& a, const compile::CompileOptions& options,
                                          ThreadPool& pool, Compilation& done) {
  const bool compared = a.relu == ReluChoice::automatic;
  const std::size_t count = kCalibrationSamples + (compared ? kUnseenSamples : 0);
  auto samples =
      a.samples.empty() ? calibration_samples(done.graph, a.calibrate, a.data, a.note, count, a.fit) : a.samples;
  compile::FitReport fitted;
  if (compared) {
    const std::size_t measured = std::min(kCalibrationSamples, samples.size() - samples.size() / 4);
    const auto first = samples.begin() + static_cast<std::ptrdiff_t>(measured);
    const auto middle = first + (samples.end() - first + 1) / 2;
    const std::vector unseen(first, middle), fresh(middle, samples.end());
    samples.resize(measured);
    const Stopwatch watch;
    auto study = compare_relu(done.graph, samples, unseen, fresh, options, fit_options_of(a), pool, a.note);
    done.seconds = watch.seconds();
    done.relu = std::move(study.comparison);
    done.program = *std::move(study.chosen.program);
    done.failure = compile::failure_of(done.program, study.chosen.sizes);
    if (a.on_comparison) a.on_comparison(*done.relu);
    done.graph = std::move(study.chosen.graph);
    fitted = std::move(study.chosen.fitted);
  } else {
    done.graph = calibrated(done.graph, samples, &fitted, &pool, fit_options_of(a));
  }
  if (!fitted.layers.empty()) state_origin(done.graph, a.network);
  if (a.on_fit && !fitted.layers.empty()) a.on_fit(fitted);
  return samples;
}

/// A classifier, with what is stated of it.
nn::Graph read_stated(const CompilationRequest& a) {
  nn::Graph graph =
      nn::read_onnx(a.network, a.input.empty() ? Shape{0, 1, 1} : nn::parse_shape(a.input), stated_entries(a.stated));
  nn::check_classifier(graph);
  return a.mirrored ? nn::mirrored(graph) : graph;
}

}  // namespace

nn::Graph state_network(const CompilationRequest& a) {
  if (stated_entries(a.stated).empty() && a.input.empty() && !a.mirrored) {
    throw UsageError(
        "--state-only writes what is stated, and nothing is: add --mean, --std, --input-range, --colour, "
        "--classes, --input or --mirrored");
  }
  const nn::Graph graph = read_stated(a);
  for (const auto& line : graph.notes) a.note(line);
  note_unstated(graph.preprocessing, a.network, a.note);
  nn::write_onnx(graph, a.save, other_metadata(a.network));
  return graph;
}

Compilation compile_program(const CompilationRequest& a) {
  const auto stated = stated_entries(a.stated);
  Compilation done;
  nn::Graph& graph = done.graph;
  graph = read_stated(a);
  for (const auto& line : graph.notes) a.note(line);
  note_unstated(graph.preprocessing, a.network, a.note);
  check_relu(a, graph);
  compile::CompileOptions options = a.options;
  apply_policy(a.policy, graph, options, a.note);
  if (!stated.empty() && a.save.empty()) {
    a.note("what is stated of preprocessing and classes holds for this run only: --save writes it into a network");
  }
  ThreadPool pool;
  const nn::Graph original = graph;
  std::vector<std::vector<float>> samples;
  if (calibrates(a)) samples = calibrate(a, options, pool, done);
  if (!done.relu) {
    const Stopwatch watch;
    program::Magnitudes sizes;
    done.program = compile_network(graph, options, &sizes);
    done.seconds = watch.seconds();
    done.failure = compile::failure_of(done.program, sizes);
  }
  // Nothing is saved that does not run.
  if (!samples.empty()) check_on_samples(original, graph, done.program, samples, pool, a.note);
  if (!a.save.empty()) nn::write_onnx(graph, a.save, other_metadata(a.network));
  if (!a.out.empty()) write_program_files(done.program, a.out);
  if (a.measure) done.measured = measure(done.program, a.options.budget);
  if (!a.measure && a.options.mode == compile::Mode::packed) done.slowdown = machine_slowdown(done.program);
  return done;
}

}  // namespace obscura::study
