// The server's side: nothing here, or in what it includes, knows a secret key.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/file_stream.h"
#include "base/parallel.h"
#include "ckks/wire_key_file.h"
#include "cli/from_network.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/support.h"
#include "cli/verbs.h"
#include "compile/program_wire.h"
#include "runtime/answer.h"
#include "runtime/runner.h"

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

/// What happened, in the order in which it did.
struct ClassifyResult {
  compile::ClientSpec client;
  std::size_t images = 0;
  std::size_t query_bytes = 0, answer_bytes = 0;
  double compile = 0, prepare = 0, expand = 0, evaluate = 0;
  std::vector<runtime::StageTime> stages;
};

/// As compile --out wrote it.
std::vector<compile::Program> program_of(const ClassifyArguments& a, const ckks::Digest& digest) {
  std::vector<compile::Program> programs;
  programs.push_back(compile::read_program(read_file(a.program), a.program.string()));
  if (ckks::digest_of(programs.front().client.parameters) == digest) return programs;
  throw MismatchError(a.keys.string() + " was made for another program than " + a.program.string());
}

/// A query together with the program that it was made for.
struct Matched {
  compile::Program program;
  runtime::Query query;
};

Matched match_query(std::vector<compile::Program> programs, const ClassifyArguments& a, ckks::ByteSpan bytes) {
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const auto context = ckks::Context::create(programs[i].client.parameters);
    try {
      auto query = runtime::read_query(*context, programs[i].client.program, bytes, a.query.string());
      return {std::move(programs[i]), std::move(query)};
    } catch (const MismatchError&) {
      if (i + 1 == programs.size()) throw;
    }
  }
  throw MismatchError(a.query.string() + " was made for another network");  // not reached: there is a program
}

ClassifyResult classify(const ClassifyArguments& a, ThreadPool& pool) {
  ClassifyResult result;
  Stopwatch watch;
  const auto keys = ckks::peek_evaluation_keys(read_start(a.keys, ckks::kKeyIdWithin), a.keys.string());
  const auto query_bytes = read_file(a.query);
  result.query_bytes = query_bytes.size();
  const ckks::Digest digest = ckks::digest_of(keys.parameters);
  Matched matched =
      match_query(a.network.empty() ? program_of(a, digest)
                                    : programs_of_network(a.network, a.images_per_ciphertext, digest, a.keys.string()),
                  a, query_bytes);
  runtime::check_keys(matched.query, keys.key, a.query.string());
  check_memory(matched.program);
  result.client = matched.program.client;
  result.images = matched.query.images;
  result.compile = watch.lap();

  const auto runner = runtime::make_runner(std::move(matched.program), &pool, runtime::kOneQuery);
  const auto expanded_keys = std::make_shared<const ckks::EvaluationKeys>(
      ckks::read_expanded_keys(*runner->context(), open_source(a.keys), a.keys.string(), &pool));
  runtime::check_keys(matched.query, expanded_keys->key(), a.query.string());
  result.prepare = watch.lap();
  const auto values = runtime::expand(*runner->context(), matched.query, &pool);
  result.expand = watch.lap();
  const auto answer = runtime::answer_to(matched.query, runner->run(expanded_keys, values, {&pool, &result.stages}));
  result.evaluate = watch.lap();
  const auto answer_bytes = runtime::write_answer(*runner->context(), answer);
  result.answer_bytes = answer_bytes.size();
  write_file(a.out, answer_bytes);
  return result;
}

void print_result(const ClassifyArguments& a, const ClassifyResult& r, std::size_t threads) {
  fmt::print("{} image{} of {} classified without being seen, {} thread{}: {}, {}\n", r.images,
             r.images == 1 ? "" : "s", r.client.network, threads, threads == 1 ? "" : "s", a.out.string(),
             bytes_text(r.answer_bytes));
  const auto row = [](const std::string& name, double seconds) {
    fmt::print("  {:<34.34} {:>10}\n", name, duration_text(seconds));
  };
  row(a.network.empty() ? "files read" : "network compiled, files read", r.compile);
  row("keys read and expanded", r.prepare);
  row("query expanded", r.expand);
  row("matrices encoded, evaluated", r.evaluate);
  for (const auto& stage : r.stages) row("  " + stage.name, stage.seconds);
  fmt::print("{}\n", ckks::describe(r.client.parameters));
}

void print_result_json(const ClassifyArguments& a, const ClassifyResult& r, std::size_t threads) {
  ordered_json stages = ordered_json::array();
  for (const auto& stage : r.stages) stages.push_back({{"name", stage.name}, {"seconds", stage.seconds}});
  print_json(
      {{"network", r.client.network},
       {"mode", mode_name(r.client.mode)},
       {"images", r.images},
       {"answer", a.out.string()},
       {"threads", threads},
       {"seconds", {{"compile", r.compile}, {"prepare", r.prepare}, {"expand", r.expand}, {"evaluate", r.evaluate}}},
       {"stages", stages},
       {"bytes", {{"query", r.query_bytes}, {"answer", r.answer_bytes}, {"evaluation_keys", size_of(a.keys)}}},
       {"parameters", parameters_json(r.client.parameters)}});
}

void run_classify(const ClassifyArguments& a) {
  check_outputs({{a.out, FileKind::answer}}, {a.network, a.program, a.keys, a.query}, a.force);
  ThreadPool pool(a.threads);
  const ClassifyResult result = classify(a, pool);
  if (a.json) {
    print_result_json(a, result, pool.threads());
  } else {
    print_result(a, result, pool.threads());
  }
}

}  // namespace

void add_classify_verb(CLI::App& app) {
  const auto args = std::make_shared<ClassifyArguments>();
  auto* verb = add_verb(app, "classify");
  auto* network = add_network(*verb, args->network)->required(false);
  verb->add_option("--program", args->program, "The server.program that compile --out wrote: nothing is compiled again")
      ->excludes(network)
      ->group(kFiles);
  verb->add_option("--eval-keys", args->keys, "The owner's evaluation.key")->required()->group(kFiles);
  verb->add_option("query", args->query, "Query that encrypt made")->required()->group(kFiles);
  verb->add_option("--out", args->out, "Answer to write")->required()->group(kFiles);
  add_images_per_ciphertext(*verb, args->images_per_ciphertext)->description("As it was given to keygen");
  add_threads(*verb, args->threads);
  add_force(*verb, args->force);
  add_json(*verb, args->json);
  verb->footer(
      "Example:\n  obscura classify --program net/server.program --eval-keys keys/evaluation.key digit.ct "
      "--out answer.ct");
  verb->callback([args, verb] {
    if (args->program.empty() && args->network.empty()) {
      throw UsageError("classify runs a program: --program net/server.program, or --network net.onnx");
    }
    if (!args->program.empty()) {
      refuse_options(*verb, {"--images-per-ciphertext"}, "stands in the program: it is chosen by compile");
    }
    run_classify(*args);
  });
}

}  // namespace obscura::cli
