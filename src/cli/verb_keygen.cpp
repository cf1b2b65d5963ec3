#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/options.h"
#include "cli/output.h"
#include "cli/preprocessing.h"
#include "cli/support.h"
#include "cli/verbs.h"
#include "nn/onnx_read.h"
#include "owner/key_folder.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct KeygenArguments {
  std::string network;
  fs::path out;
  std::string mode = "packed";
  std::size_t images_per_ciphertext = 1;
  bool force = false;
  bool json = false;
};

struct KeygenTimes {
  double compile = 0;
  double keys = 0;
};

void print_keys(const KeygenArguments& a, const compile::Program& program, const KeygenTimes& times) {
  const auto row = [&](const char* name, const char* what) {
    fmt::print("  {:<15} {:>10}   {}\n", name, bytes_text(size_of(a.out / name)), what);
  };
  fmt::print("keys for {}, {}, {} image{} a query, in {}\n", program.client.network, a.mode, program.client.images,
             program.client.images == 1 ? "" : "s", a.out.string());
  row("secret.key", "yours alone: whoever has it reads your images");
  row("evaluation.key", "for the server: computes, does not decrypt");
  row("client.part", "what encrypt and decrypt need to know of the network");
  fmt::print("images: {}\n", nn::preprocessing_text(program.client.preprocessing, program.client.input));
  fmt::print("{}\n", ckks::describe(program.client.parameters));
  fmt::print("{} rotation keys{}; compiled in {}, keys made in {}\n", program.client.keys.galois.size(),
             program.client.keys.relin_limbs != 0 ? " and a relinearisation key" : "", duration_text(times.compile),
             duration_text(times.keys));
}

void print_keys_json(const KeygenArguments& a, const compile::Program& program, const KeygenTimes& times) {
  print_json({{"network", program.client.network},
              {"mode", a.mode},
              {"folder", a.out.string()},
              {"images_per_query", program.client.images},
              {"classes", program.client.preprocessing.classes},
              {"preprocessing", preprocessing_json(program.client.preprocessing, program.client.input)},
              {"parameters", parameters_json(program.client.parameters)},
              {"rotation_keys", program.client.keys.galois.size()},
              {"relinearisation_key", program.client.keys.relin_limbs != 0},
              {"bytes",
               {{"secret_key", size_of(a.out / "secret.key")},
                {"evaluation_keys", size_of(a.out / "evaluation.key")},
                {"client_part", size_of(a.out / "client.part")}}},
              {"seconds", {{"compile", times.compile}, {"keys", times.keys}}}});
}

void run_keygen(const KeygenArguments& a) {
  const owner::KeyFolder folder(a.out);
  folder.check_free(a.force);
  if (fs::is_directory(a.out)) {
    check_outputs({{a.out / "secret.key", FileKind::secret_key},
                   {a.out / "client.part", FileKind::client_part},
                   {a.out / "evaluation.key", FileKind::evaluation_keys}},
                  {a.network}, a.force);
  }
  const auto graph = nn::read_onnx(a.network);
  for (const auto& line : graph.notes) note(line);
  note_unstated(graph.preprocessing, a.network);
  Stopwatch watch;
  KeygenTimes times;
  compile::CompileOptions options;
  options.mode = mode_of(a.mode);
  options.images_per_ciphertext = a.images_per_ciphertext;
  const compile::Program program = compile_network(graph, options);
  times.compile = watch.lap();
  const owner::Owner owner(program.client);
  const auto keys = owner.evaluation_keys(program.client.keys);
  times.keys = watch.lap();
  folder.put(owner, keys, a.force);
  if (a.json) {
    print_keys_json(a, program, times);
  } else {
    print_keys(a, program, times);
  }
}

}  // namespace

void add_keygen_verb(CLI::App& app) {
  const auto args = std::make_shared<KeygenArguments>();
  auto* verb = app.add_subcommand("keygen", "Owner: makes a secret key, and the keys that the server computes with");
  add_network(*verb, args->network);
  verb->add_option("--out", args->out, "Folder to put secret.key, evaluation.key and client.part into")
      ->required()
      ->group(kFiles);
  add_mode(*verb, args->mode)->capture_default_str();
  add_images_per_ciphertext(*verb, args->images_per_ciphertext);
  verb->add_flag("--force", args->force, "Replace keys that are there: nothing encrypted with them can be read again")
      ->group(kOutput);
  add_json(*verb, args->json);
  verb->footer(
      "Examples:\n  obscura keygen --network models/tenseal-mnist.onnx --out keys/\n"
      "  obscura keygen --network models/tenseal-mnist.onnx --mode batched --out keys-batched/");
  verb->callback([args] { run_keygen(*args); });
}

}  // namespace obscura::cli
