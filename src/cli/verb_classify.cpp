// The server's side: nothing here, or in what it includes, knows a secret key.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/console.h"
#include "cli/from_network.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "report/text.h"
#include "study/classification.h"
#include "study/describe.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

using nlohmann::ordered_json;

struct ClassifyArguments {
  fs::path program;
  std::string network;
  fs::path keys;
  fs::path query;
  fs::path out;
  std::size_t images_per_ciphertext = 1;
  std::size_t threads = 0;
  bool force = false;
  bool json = false;
};

void print_result(const ClassifyArguments& a, const study::Classification& r, std::size_t threads) {
  fmt::print("{} image{} of {} classified without being seen, {} thread{}: {}, {}\n", r.images,
             r.images == 1 ? "" : "s", r.client.network, threads, threads == 1 ? "" : "s", a.out.string(),
             report::bytes_text(r.answer_bytes));
  const auto row = [](const std::string& name, double seconds) {
    fmt::print("  {:<34.34} {:>10}\n", name, report::duration_text(seconds));
  };
  row(a.network.empty() ? "files read" : "network compiled, files read", r.compile);
  row("keys read and expanded", r.prepare);
  row("query expanded", r.expand);
  row("matrices encoded, evaluated", r.evaluate);
  for (const auto& stage : r.stages) row("  " + stage.name, stage.seconds);
  fmt::print("{}\n", ckks::describe(r.client.parameters));
}

void print_result_json(const ClassifyArguments& a, const study::Classification& r, std::size_t threads) {
  ordered_json stages = ordered_json::array();
  for (const auto& stage : r.stages) stages.push_back({{"name", stage.name}, {"seconds", stage.seconds}});
  print_json(
      {{"network", r.client.network},
       {"mode", study::mode_name(r.client.mode)},
       {"images", r.images},
       {"answer", a.out.string()},
       {"threads", threads},
       {"seconds", {{"compile", r.compile}, {"prepare", r.prepare}, {"expand", r.expand}, {"evaluate", r.evaluate}}},
       {"stages", stages},
       {"bytes", {{"query", r.query_bytes}, {"answer", r.answer_bytes}, {"evaluation_keys", size_of(a.keys)}}},
       {"parameters", study::parameters_json(r.client.parameters)}});
}

void run_classify(const ClassifyArguments& a) {
  check_outputs({{a.out, study::FileKind::answer}}, {a.network, a.program, a.keys, a.query}, a.force);
  ThreadPool pool(a.threads);
  const auto programs = [&a](const ckks::Digest& parameters) {
    return a.network.empty() ? study::programs_of_file(a.program, parameters, a.keys)
                             : programs_of_network(a.network, a.images_per_ciphertext, parameters, a.keys.string());
  };
  const auto result = study::classify({a.keys, a.query, a.out, programs, true}, pool);
  if (a.json) {
    print_result_json(a, result, pool.threads());
  } else {
    print_result(a, result, pool.threads());
  }
}

}  // namespace

void add_classify_verb(CLI::App& verb) {
  const auto args = std::make_shared<ClassifyArguments>();
  auto* network = add_network(verb, args->network)->required(false);
  verb.add_option("--program", args->program, "The server.program that compile --out wrote: nothing is compiled again")
      ->excludes(network)
      ->group(kFiles);
  verb.add_option("--eval-keys", args->keys, "The owner's evaluation.key")->required()->group(kFiles);
  verb.add_option("query", args->query, "Query that encrypt made")->required()->group(kFiles);
  verb.add_option("--out", args->out, "Answer to write")->required()->group(kFiles);
  add_images_per_ciphertext(verb, args->images_per_ciphertext)->description("As it was given to keygen");
  add_threads(verb, args->threads);
  add_force(verb, args->force);
  add_json(verb, args->json);
  verb.footer(
      "Example:\n  obscura classify --program net/server.program --eval-keys keys/evaluation.key digit.ct "
      "--out answer.ct");
  verb.callback([args, &verb] {
    if (args->program.empty() && args->network.empty()) {
      throw UsageError("classify runs a program: --program net/server.program, or --network net.onnx");
    }
    if (!args->program.empty()) {
      refuse_typed(verb, {"--images-per-ciphertext"}, "stands in the program: it is chosen by compile");
    }
    run_classify(*args);
  });
}

}  // namespace obscura::cli
