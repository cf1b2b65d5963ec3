#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/budget_options.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/picture_options.h"
#include "cli/verbs.h"
#include "compile/composite.h"
#include "compile/failure.h"
#include "report/text.h"
#include "study/compilation.h"
#include "study/machine_speed.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct CompileArguments {
  study::CompilationRequest request;
  std::string mode = "packed", relu = "fitted";
  const CLI::Option* relu_bits = nullptr;
  bool state_only = false;
  bool force = false;
  bool json = false;
};

void print_program_files(const fs::path& folder) {
  const auto row = [&](const char* name, const char* what) {
    fmt::print("  {:<15} {:>10}   {}\n", name, report::bytes_text(size_of(folder / name)), what);
  };
  fmt::print("written into {}\n", folder.string());
  row("server.program", "for classify: the weights are in it, in the clear");
  row("client.spec", "for keygen: give it to owners, no weight is in it");
}

void check_compile_outputs(const CompileArguments& a) {
  std::vector<Output> outputs = {{a.request.save, study::FileKind::onnx}};
  std::error_code ec;
  if (!a.request.out.empty() && fs::exists(a.request.out, ec)) {
    if (!fs::is_directory(a.request.out, ec))
      throw IoError("cannot write into " + a.request.out.string() + ": it is no folder");
    outputs.push_back({a.request.out / "server.program", study::FileKind::program});
    outputs.push_back({a.request.out / "client.spec", study::FileKind::client_spec});
    // Keys know their program by their own copy of the spec.
    if (fs::exists(a.request.out / "secret.key", ec)) {
      throw IoError("cannot write into " + a.request.out.string() + ": it holds keys; name another folder");
    }
  }
  check_outputs(outputs, {a.request.network, a.request.calibrate}, a.force);
}

study::ReluChoice relu_of(const std::string& word) {
  if (word == "auto") return study::ReluChoice::automatic;
  return word == "composite" ? study::ReluChoice::composite : study::ReluChoice::fitted;
}

void add_relu(CLI::App& verb, CompileArguments& args) {
  verb.add_option("--relu", args.relu,
                  "What becomes of ReLUs: fitted polynomials, composite signs, which follow them to --relu-bits "
                  "and take more levels, or auto: both and convert are compared for this network, with what they "
                  "cost and how often they agree with it, and the better one of the two is taken")
      ->check(CLI::IsMember({"fitted", "composite", "auto"}))
      ->capture_default_str()
      ->group(kRun);
  args.relu_bits = verb.add_option("--relu-bits", args.request.relu_bits,
                                   "A composite ReLU is off by 2^-BITS of the largest value of its range or less")
                       ->check(CLI::Range(compile::kLeastReluBits, compile::kMostReluBits))
                       ->capture_default_str()
                       ->group(kRun);
}

void run_state_only(const CompileArguments& a) {
  study::CompilationRequest request = a.request;
  request.note = notes();
  if (request.save.empty()) throw UsageError("--state-only writes a network: name it with --save");
  const auto graph = study::state_network(request);
  const auto& how = graph.preprocessing;
  if (a.json) {
    return print_json({{"network", graph.name},
                       {"saved", request.save.string()},
                       {"classes", how.classes},
                       {"preprocessing", study::preprocessing_json(how, graph.input_shape())}});
  }
  fmt::print("images       {}\nwritten      {}, as stated; nothing was compiled\n",
             preprocessing_text(how, graph.input_shape()), request.save.string());
}

void run_compile(const CompileArguments& a) {
  check_compile_outputs(a);
  if (a.state_only) return run_state_only(a);
  study::CompilationRequest request = a.request;
  request.options.mode = mode_of(a.mode);
  request.note = notes();
  request.relu = relu_of(a.relu);
  if (a.relu_bits->count() > 0 && request.relu == study::ReluChoice::fitted) {
    throw UsageError("--relu-bits changes nothing where ReLUs are fitted: add --relu composite or --relu auto");
  }
  if (!a.json) request.on_fit = [](const compile::FitReport& fitted) { fmt::print("{}\n", fitted.text()); };
  if (!a.json) request.on_comparison = [](const study::ReluComparison& c) { fmt::print("{}\n", study::relu_text(c)); };
  if (!request.options.windows && request.options.mode == compile::Mode::batched) {
    throw UsageError("--no-windows changes nothing in mode batched, where clients lay out no windows");
  }
  const auto done = study::compile_program(request);
  if (a.json) return print_json(study::compilation_json(request, done));
  fmt::print("{}{}{}images       {}\n", compile::report(done.program, done.measured),
             done.slowdown > 0 ? study::expected_here(done.program, done.slowdown) : "",
             compile::failure_text(done.failure),
             preprocessing_text(done.graph.preprocessing, done.graph.input_shape()));
  fmt::print("compiled in  {}\n", report::duration_text(done.seconds));
  if (!request.out.empty()) print_program_files(request.out);
}

}  // namespace

void add_compile_verb(CLI::App& verb) {
  const auto args = std::make_shared<CompileArguments>();
  verb.add_option("network", args->request.network, "The network, an ONNX file")->required();
  add_mode(verb, args->mode)->capture_default_str();
  add_images_per_ciphertext(verb, args->request.options.images_per_ciphertext);
  verb.add_option("--share", args->request.options.share,
                  "Precise enough that so many answers may be shown to others (decrypt --share); 0: to the owner alone")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 32))
      ->capture_default_str()
      ->group(kRun);
  add_max_keys(verb, args->request.options.budget.keys);
  add_max_memory(verb, args->request.options.budget.memory);
  add_precision_bits(verb, args->request.options.relative_error);
  verb.add_flag("!--no-windows", args->request.options.windows,
                "packed: clients learn nothing of the first layer's kernel, and do not lay out its windows")
      ->group(kRun);
  verb.add_flag("--measure", args->request.measure,
                "Run one encrypted query and show what every stage took, on one thread")
      ->group(kRun);
  verb.add_option(
          "--calibrate", args->request.calibrate,
          "Measure how large values get on images of this data set; activations become polynomials that fit there")
      ->group(kRun);
  verb.add_option("--max-degree", args->request.max_degree,
                  "Largest degree of a fitted polynomial: more is closer, and deeper")
      ->check(CLI::Range(2, 63))
      ->capture_default_str()
      ->group(kRun);
  add_relu(verb, *args);
  verb.add_flag("--mirrored", args->request.mirrored, kMirroredHelp)->group(kRun);
  verb.add_option("--data", args->request.data, "Folder of the data sets (else $OBSCURA_DATA, else the cache)")
      ->group(kFiles);
  verb.add_option("--out", args->request.out,
                  "Folder to put server.program (for classify) and client.spec (for keygen) into")
      ->group(kOutput);
  verb.add_option("--save", args->request.save, "Write the network as it is used here, for keygen and classify")
      ->group(kOutput);
  preprocessing_options(true).add_to(verb, args->request.stated);
  policy_options().add_to(verb, args->request.policy);
  fit_options().add_to(verb, args->request.fit);
  verb.add_option("--input", args->request.input,
                  "What image a network takes that takes numbers: channels x height x width, as 1x28x28")
      ->group(kRun);
  verb.add_flag("--state-only", args->state_only,
                "Write into --save what is stated of preprocessing and classes, and compile nothing: for networks that "
                "are to be converted or to make vectors in the clear")
      ->group(kOutput)
      ->excludes("--out", "--calibrate", "--measure", "--relu", "--relu-bits", "--policy", "--mode",
                 "--images-per-ciphertext", "--share", "--max-keys", "--max-memory", "--precision-bits", "--no-windows",
                 "--max-degree", "--fit", "--invert");
  add_force(verb, args->force);
  add_json(verb, args->json);
  verb.footer(
      "Examples:\n  obscura compile models/tenseal-mnist.onnx --out net/\n"
      "  obscura compile models/tenseal-mnist.onnx --mode batched --json");
  verb.callback([args] { run_compile(*args); });
}

}  // namespace obscura::cli
