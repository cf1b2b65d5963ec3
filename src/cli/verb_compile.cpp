#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/calibration.h"
#include "cli/options.h"
#include "cli/support.h"
#include "cli/verbs.h"
#include "compile/program.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"

namespace obscura::cli {
namespace {

using nlohmann::ordered_json;

struct CompileArguments {
  std::string network;
  std::string mode = "packed";
  std::string calibrate;
  std::filesystem::path data, save;
  std::size_t images_per_ciphertext = 1;
  bool json = false;
};

std::string activation_name(compile::Stage::Activation activation) {
  switch (activation) {
    case compile::Stage::Activation::square:
      return "square";
    case compile::Stage::Activation::polynomial:
      return "polynomial";
    case compile::Stage::Activation::none:
      break;
  }
  return "none";
}

template <typename Stage>
ordered_json stage_json(const Stage& stage) {
  return {{"name", stage.stage.name},
          {"limbs", stage.schedule.limbs},
          {"weight_bits", stage.schedule.weight_bits},
          {"activation", activation_name(stage.stage.activation)}};
}

ordered_json stages_json(const compile::Program& program) {
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
  return stages;
}

void run_compile(const CompileArguments& a) {
  auto graph = nn::read_onnx(a.network);
  if (!a.save.empty()) check_output(a.save);
  compile::FitReport fitted;
  if (!a.calibrate.empty()) {
    ThreadPool pool;
    graph = calibrated(graph, calibration_samples(graph, a.calibrate, a.data), &fitted, &pool);
    if (!a.json && !fitted.layers.empty()) fmt::print("{}\n", fitted.text());
  }
  if (!a.save.empty()) nn::write_onnx(graph, a.save);
  const Stopwatch watch;
  compile::CompileOptions options;
  options.mode = mode_of(a.mode);
  options.images_per_ciphertext = a.images_per_ciphertext;
  const compile::Program program = compile_network(graph, options);
  const double seconds = watch.seconds();
  if (!a.json) {
    fmt::print("{}{} rotation keys{}; compiled in {}\n", compile::report(program), program.keys.galois.size(),
               program.keys.relin_limbs != 0 ? " and a relinearisation key" : "", duration_text(seconds));
    return;
  }
  const auto& client = program.client;
  print_json({{"network", client.network},
              {"mode", a.mode},
              {"input", {client.input.channels, client.input.height, client.input.width}},
              {"outputs", client.outputs},
              {"classes", client.preprocessing.classes},
              {"images_per_query", client.images},
              {"ciphertexts", {{"query", client.queries()}, {"answer", client.replies()}}},
              {"parameters", parameters_json(client.parameters)},
              {"predicted_logit_error", client.logit_error},
              {"reply_bits", client.reply_bits},
              {"rotation_keys", program.keys.galois.size()},
              {"relinearisation_key", program.keys.relin_limbs != 0},
              {"stages", stages_json(program)},
              {"seconds", seconds}});
}

}  // namespace

void add_compile_verb(CLI::App& app) {
  const auto args = std::make_shared<CompileArguments>();
  auto* verb = app.add_subcommand("compile", "Shows what a network becomes when it runs on ciphertexts");
  verb->add_option("network", args->network, "The network, an ONNX file")->required();
  add_mode(*verb, args->mode)->capture_default_str();
  add_images_per_ciphertext(*verb, args->images_per_ciphertext);
  verb->add_option("--calibrate", args->calibrate, "Measure how large values get on images of this data set")
      ->group(kRun);
  verb->add_option("--data", args->data, "Folder of the data sets (else $OBSCURA_DATA, else the cache)")->group(kFiles);
  verb->add_option("--save", args->save, "Write the calibrated network, for keygen and classify")->group(kOutput);
  add_json(*verb, args->json);
  verb->footer(
      "Examples:\n  obscura compile models/tenseal-mnist.onnx\n"
      "  obscura compile models/tenseal-mnist.onnx --mode batched --json");
  verb->callback([args] { run_compile(*args); });
}

}  // namespace obscura::cli
