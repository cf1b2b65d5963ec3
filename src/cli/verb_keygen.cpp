#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/stopwatch.h"
#include "cli/console.h"
#include "cli/from_network.h"
#include "cli/keygen_passphrase.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/passphrase_options.h"
#include "cli/verbs.h"
#include "message/client_wire.h"
#include "owner/key_folder.h"
#include "report/text.h"
#include "study/describe.h"
#include "study/preprocessing.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct KeygenArguments {
  fs::path client;
  std::string network;
  fs::path out;
  PassphraseOptions passphrase;
  std::string mode = "packed";
  std::size_t images_per_ciphertext = 1;
  std::size_t threads = 0;
  bool force = false;
  bool json = false;
};

struct KeygenTimes {
  double compile = 0;
  double keys = 0;
};

void print_keys(const KeygenArguments& a, const message::ClientSpec& client, const KeygenTimes& times) {
  const auto row = [&](const char* name, const char* what) {
    fmt::print("  {:<15} {:>10}   {}\n", name, report::bytes_text(size_of(a.out / name)), what);
  };
  fmt::print("keys for {}, {}, {} image{} a query, in {}\n", client.network, study::mode_name(client.mode),
             client.images, client.images == 1 ? "" : "s", a.out.string());
  row("secret.key", a.passphrase.given() ? "yours alone, sealed with a passphrase: without that it is lost"
                                         : "yours alone: whoever has it reads your images");
  row("evaluation.key", "for the server: computes, does not decrypt");
  row("client.spec", "what encrypt and decrypt need to know of the network");
  fmt::print("images: {}\n", preprocessing_text(client.preprocessing, client.input));
  fmt::print("{}\n", ckks::describe(client.parameters));
  fmt::print("{} rotation keys{}; {} in {}, keys made and written in {}\n", client.keys.galois.size(),
             client.keys.relin_limbs != 0 ? " and a relinearisation key" : "", a.network.empty() ? "read" : "compiled",
             report::duration_text(times.compile), report::duration_text(times.keys));
}

void print_keys_json(const KeygenArguments& a, const message::ClientSpec& client, const KeygenTimes& times) {
  print_json({{"network", client.network},
              {"mode", study::mode_name(client.mode)},
              {"folder", a.out.string()},
              {"sealed", a.passphrase.given()},
              {"images_per_query", client.images},
              {"classes", client.preprocessing.classes},
              {"preprocessing", study::preprocessing_json(client.preprocessing, client.input)},
              {"parameters", study::parameters_json(client.parameters)},
              {"rotation_keys", client.keys.galois.size()},
              {"relinearisation_key", client.keys.relin_limbs != 0},
              {"bytes",
               {{"secret_key", size_of(a.out / "secret.key")},
                {"evaluation_keys", size_of(a.out / "evaluation.key")},
                {"client_spec", size_of(a.out / "client.spec")}}},
              {"seconds", {{"compile", times.compile}, {"keys", times.keys}}}});
}

/// What keys are to be made for: as the server's compile wrote it, or by compiling the network here.
message::ClientSpec client_of(const KeygenArguments& a) {
  if (a.network.empty()) {
    auto client = message::read_client_spec(read_file(a.client), a.client.string());
    if (client.key == ckks::KeyId{}) return client;
    throw MismatchError(a.client.string() + " belongs to keys that were made already: take the one that compile wrote");
  }
  compile::CompileOptions options;
  options.mode = mode_of(a.mode);
  options.images_per_ciphertext = a.images_per_ciphertext;
  return client_of_network(a.network, options);
}

/// A passphrase is asked for, and refused, before minutes of key generation.
ckks::Sealing known_sealing(const KeygenArguments& a) {
  ckks::Sealing sealing = sealing_of(a.passphrase);
  if (sealing.seal_new) {
    ckks::check_new_passphrase(sealing.passphrase((a.out / "secret.key").string(), ckks::PassphraseUse::seal));
  }
  return sealing;
}

void run_keygen(const KeygenArguments& a) {
  const owner::KeyFolder folder(a.out);
  folder.check_free(a.force);
  const ckks::Sealing sealing = known_sealing(a);
  if (fs::is_directory(a.out)) {
    check_outputs({{a.out / "secret.key", study::FileKind::secret_key},
                   {a.out / "client.spec", study::FileKind::client_spec},
                   {a.out / "evaluation.key", study::FileKind::evaluation_keys}},
                  {a.network, a.client}, a.force);
  }
  Stopwatch watch;
  KeygenTimes times;
  const owner::Owner owner(client_of(a));
  if (a.network.empty()) study::note_unstated(owner.client().preprocessing, a.client.string(), notes());
  times.compile = watch.lap();
  ThreadPool pool(a.threads);
  folder.put(owner, a.force, &pool, sealing);
  times.keys = watch.lap();
  if (a.json) {
    print_keys_json(a, owner.client(), times);
  } else {
    print_keys(a, owner.client(), times);
  }
}

}  // namespace

void add_keygen_verb(CLI::App& verb) {
  const auto args = std::make_shared<KeygenArguments>();
  auto* network = add_network(verb, args->network)->required(false);
  verb.add_option("--client", args->client, "The client.spec that compile --out wrote: no network is needed")
      ->excludes(network)
      ->group(kFiles);
  // Not required by its option: what changes a passphrase has none.
  verb.add_option("--out", args->out, "Folder to put secret.key, evaluation.key and client.spec into (required)")
      ->group(kFiles);
  add_mode(verb, args->mode)->capture_default_str();
  add_images_per_ciphertext(verb, args->images_per_ciphertext);
  add_passphrase(verb, args->passphrase, true);
  add_ask_passphrase(verb, args->passphrase);
  add_threads(verb, args->threads);
  verb.add_flag("--force", args->force, "Replace keys that are there: nothing encrypted with them can be read again")
      ->group(kOutput);
  add_json(verb, args->json);
  verb.footer(
      "Examples:\n  obscura keygen --client net/client.spec --out keys/\n"
      "  obscura keygen --network models/tenseal-mnist.onnx --out keys/\n"
      "  obscura keygen --network models/tenseal-mnist.onnx --mode batched --out keys-batched/\n"
      "  obscura keygen --client net/client.spec --out keys/ --ask-passphrase");
  add_keygen_passphrase(verb);
  verb.callback([args, &verb] {
    if (!verb.get_subcommands().empty()) return;
    if (args->out.empty()) throw UsageError("--out is required: the folder that the keys are put into");
    if (args->client.empty() && args->network.empty()) {
      throw UsageError("keygen makes keys for a program: --client net/client.spec, or --network net.onnx");
    }
    if (!args->client.empty()) {
      refuse_typed(verb, {"--mode", "--images-per-ciphertext"}, "stands in the client spec: it is chosen by compile");
    }
    run_keygen(*args);
  });
}

}  // namespace obscura::cli
