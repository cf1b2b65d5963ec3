#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "cli/calibration.h"
#include "cli/options.h"
#include "cli/original_run.h"
#include "cli/output.h"
#include "cli/preprocessing.h"
#include "cli/support.h"
#include "cli/verbs.h"
#include "compile/compile.h"
#include "image/digest.h"
#include "message/client_wire.h"
#include "message/messages.h"
#include "nn/classifier.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "owner/owner.h"
#include "program/program_wire.h"
#include "runtime/runner.h"

namespace obscura::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct CompileArguments {
  std::string network;
  std::string mode = "packed";
  std::string calibrate;
  std::string input;
  std::filesystem::path data, save, out;
  std::size_t images_per_ciphertext = 1;
  std::uint64_t share = 0;
  std::size_t max_degree = compile::FitOptions().max_degree;
  bool measure = false;
  bool force = false;
  bool json = false;
  StatedPreprocessing stated;
  PictureFit fit;  ///< of the images to calibrate on
};

std::string activation_name(program::Stage::Activation activation) {
  switch (activation) {
    case program::Stage::Activation::square:
      return "square";
    case program::Stage::Activation::polynomial:
      return "polynomial";
    case program::Stage::Activation::none:
      break;
  }
  return "none";
}

template <typename Stage>
ordered_json stage_json(const Stage& stage) {
  return {{"name", stage.stage.name},
          {"limbs", stage.schedule.limbs},
          {"weight_bits", stage.schedule.weight_bits},
          {"scale_bits", {std::log2(stage.scales.after_map), std::log2(stage.scales.after_activation)}},
          {"activation", activation_name(stage.stage.activation)}};
}

ordered_json stages_json(const program::Program& program, const std::vector<double>& measured) {
  ordered_json stages = ordered_json::array();
  for (const auto& stage : program.packed) {
    stages.push_back(stage_json(stage));
    stages.back()["layout"] = stage.layout;
    stages.back()["diagonals"] = stage.diagonals();
    stages.back()["predicted_milliseconds"] = stage.microseconds / 1000;
  }
  for (const auto& stage : program.batched) {
    stages.push_back(stage_json(stage));
    stages.back()["layout"] = "slots";
    std::size_t weights = 0;
    for (const auto& term : stage.stage.terms) weights += term.map.entries();
    stages.back()["weights"] = weights;
  }
  for (std::size_t i = 0; i < measured.size(); ++i) stages[i]["measured_milliseconds"] = 1000 * measured[i];
  return stages;
}

/// What a file says beside what a network holds: the command that made it, ...
std::map<std::string, std::string> other_metadata(const std::string& network) {
  auto metadata = nn::read_onnx_metadata(network);
  // What the written file says itself, in our words.
  for (const char* key : {"mean", "std", "range", "classes", "colour", "image_size", "calibration",
                          "Image.BitmapPixelFormat", "Image.NominalPixelRange"}) {
    metadata.erase(key);
  }
  std::erase_if(metadata, [](const auto& entry) { return entry.first.starts_with("obscura."); });
  return metadata;
}

/// Seconds of every stage of one query of made-up pixels, on one thread.
std::vector<double> measure(program::Program program) {
  const owner::Owner owner(program.client);
  const auto seeded = owner.evaluation_keys();
  ThreadPool pool;
  const auto runner = runtime::make_runner(std::move(program), &pool);
  const auto keys = std::make_shared<const ckks::EvaluationKeys>(*runner->context(), seeded, &pool);
  const std::vector<float> image(owner.client().input.size(), 0.25F);
  std::vector<ckks::Ciphertext> query;
  for (const auto& c : owner.encrypt(std::span(&image, 1)).ciphertexts) {
    query.push_back(ckks::expand(*runner->context(), c));
  }
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

void print_program_files(const fs::path& folder) {
  const auto row = [&](const char* name, const char* what) {
    fmt::print("  {:<15} {:>10}   {}\n", name, bytes_text(size_of(folder / name)), what);
  };
  fmt::print("written into {}\n", folder.string());
  row("server.program", "for classify: the weights are in it, in the clear");
  row("client.spec", "for keygen: give it to owners, no weight is in it");
}

void check_compile_outputs(const CompileArguments& a) {
  std::vector<Output> outputs = {{a.save, FileKind::onnx}};
  std::error_code ec;
  if (!a.out.empty() && fs::exists(a.out, ec)) {
    if (!fs::is_directory(a.out, ec)) throw IoError("cannot write into " + a.out.string() + ": it is no folder");
    outputs.push_back({a.out / "server.program", FileKind::program});
    outputs.push_back({a.out / "client.spec", FileKind::client_spec});
    // Keys know their program by their own copy of the spec.
    if (fs::exists(a.out / "secret.key", ec)) {
      throw IoError("cannot write into " + a.out.string() + ": it holds keys; name another folder");
    }
  }
  check_outputs(outputs, {a.network, a.calibrate}, a.force);
}

void run_compile(const CompileArguments& a) {
  check_compile_outputs(a);
  const auto stated = stated_entries(a.stated);
  auto graph = nn::read_onnx(a.network, a.input.empty() ? Shape{0, 1, 1} : nn::parse_shape(a.input), stated);
  nn::check_classifier(graph);
  for (const auto& line : graph.notes) note(line);
  note_unstated(graph.preprocessing, a.network);
  if (!stated.empty() && a.save.empty()) {
    note("what is stated of preprocessing and classes holds for this run only: --save writes it into a network");
  }
  compile::FitReport fitted;
  ThreadPool pool;
  const nn::Graph original = graph;
  std::vector<std::vector<float>> samples;
  if (!a.calibrate.empty()) {
    compile::FitOptions fitting;
    fitting.max_degree = a.max_degree;
    samples = calibration_samples(graph, a.calibrate, a.data, kCalibrationSamples, a.fit);
    graph = calibrated(graph, samples, &fitted, &pool, fitting);
    if (!fitted.layers.empty()) state_origin(graph, a.network);
    if (!a.json && !fitted.layers.empty()) fmt::print("{}\n", fitted.text());
  }
  const Stopwatch watch;
  compile::CompileOptions options;
  options.mode = mode_of(a.mode);
  options.images_per_ciphertext = a.images_per_ciphertext;
  options.share = a.share;
  const program::Program program = compile_network(graph, options);
  const double seconds = watch.seconds();
  // Nothing is saved that does not run.
  if (!samples.empty()) check_on_samples(original, graph, program, samples, pool);
  if (!a.save.empty()) nn::write_onnx(graph, a.save, other_metadata(a.network));
  if (!a.out.empty()) write_program_files(program, a.out);
  const std::vector<double> measured = a.measure ? measure(program) : std::vector<double>();
  if (!a.json) {
    fmt::print("{}images       {}\n", compile::report(program, measured),
               preprocessing_text(graph.preprocessing, graph.input_shape()));
    fmt::print("compiled in  {}\n", duration_text(seconds));
    if (!a.out.empty()) print_program_files(a.out);
    return;
  }
  const compile::Sizes sizes = compile::sizes(program);
  const auto& client = program.client;
  print_json({{"network", client.network},
              {"mode", a.mode},
              {"input", {client.input.channels, client.input.height, client.input.width}},
              {"outputs", client.outputs},
              {"classes", client.preprocessing.classes},
              {"preprocessing", preprocessing_json(client.preprocessing, client.input)},
              {"images_per_query", client.images},
              {"ciphertexts", {{"query", client.queries()}, {"answer", client.replies()}}},
              {"parameters", parameters_json(client.parameters)},
              {"predicted_logit_error", client.logit_error},
              {"predicted_fit_error", client.fit_error},
              {"logit_range", client.logit_range > 0 ? ordered_json(client.logit_range) : ordered_json(nullptr)},
              {"fitted_from", origin_json(graph.origin)},
              {"reply_bits", client.reply_bits},
              {"rotation_keys", program.client.keys.galois.size()},
              {"relinearisation_key", program.client.keys.relin_limbs != 0},
              {"reasons", program.schedule.reasons},
              {"predicted_bytes",
               {{"query", sizes.query}, {"reply", sizes.reply}, {"keys", sizes.keys}, {"server", sizes.server}}},
              {"predicted_milliseconds", program.microseconds / 1000},
              {"stages", stages_json(program, measured)},
              {"program", message::hex_of(client.program)},
              {"bytes",
               {{"server_program", a.out.empty() ? 0 : size_of(a.out / "server.program")},
                {"client_spec", a.out.empty() ? 0 : size_of(a.out / "client.spec")}}},
              {"seconds", seconds}});
}

}  // namespace

void add_compile_verb(CLI::App& app) {
  const auto args = std::make_shared<CompileArguments>();
  auto* verb = add_verb(app, "compile");
  verb->add_option("network", args->network, "The network, an ONNX file")->required();
  add_mode(*verb, args->mode)->capture_default_str();
  add_images_per_ciphertext(*verb, args->images_per_ciphertext);
  verb->add_option(
          "--share", args->share,
          "Precise enough that so many answers may be shown to others (decrypt --share); 0: to the owner alone")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 32))
      ->capture_default_str()
      ->group(kRun);
  verb->add_flag("--measure", args->measure, "Run one encrypted query and show what every stage took, on one thread")
      ->group(kRun);
  verb->add_option(
          "--calibrate", args->calibrate,
          "Measure how large values get on images of this data set; activations become polynomials that fit there")
      ->group(kRun);
  verb->add_option("--max-degree", args->max_degree,
                   "Largest degree of a fitted polynomial: more is closer, and deeper")
      ->check(CLI::Range(2, 63))
      ->capture_default_str()
      ->group(kRun);
  verb->add_option("--data", args->data, "Folder of the data sets (else $OBSCURA_DATA, else the cache)")->group(kFiles);
  verb->add_option("--out", args->out, "Folder to put server.program (for classify) and client.spec (for keygen) into")
      ->group(kOutput);
  verb->add_option("--save", args->save, "Write the network as it is used here, for keygen and classify")
      ->group(kOutput);
  add_preprocessing_options(*verb, args->stated, true);
  add_fit(*verb, args->fit);
  verb->add_option("--input", args->input,
                   "What image a network takes that takes numbers: channels x height x width, as 1x28x28")
      ->group(kRun);
  add_force(*verb, args->force);
  add_json(*verb, args->json);
  verb->footer(
      "Examples:\n  obscura compile models/tenseal-mnist.onnx --out net/\n"
      "  obscura compile models/tenseal-mnist.onnx --mode batched --json");
  verb->callback([args] { run_compile(*args); });
}

}  // namespace obscura::cli
