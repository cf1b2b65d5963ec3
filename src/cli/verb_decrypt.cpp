#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/file.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/passphrase_options.h"
#include "cli/show_decryption.h"
#include "cli/verbs.h"
#include "study/decryption.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct DecryptArguments {
  study::DecryptionRequest request;
  PassphraseOptions passphrase;
  fs::path csv;
  std::size_t top = 3;
  bool force = false;
  bool json = false;
};

void run_decrypt(const DecryptArguments& a) {
  auto inputs = key_files(a.request.keys);
  inputs.insert(inputs.end(), {a.request.answer, a.request.query});
  check_outputs({{a.csv, study::FileKind::csv}}, inputs, a.force);
  const auto d = study::decrypt(a.request);
  if (d.failed() == d.readings.size()) study::require_answers(d, a.request.answer.string());
  if (!a.csv.empty()) write_file(a.csv, study::decryption_csv(d));
  if (a.json) {
    print_json(study::decryption_json(a.request, d, a.top));
  } else {
    show_images(d, a.top);
  }
  for (const auto& line : study::decryption_notes(d, a.request.keys, "keygen --force")) note(line);
  study::require_answers(d, a.request.answer.string());
}

}  // namespace

void add_decrypt_verb(CLI::App& verb) {
  const auto args = std::make_shared<DecryptArguments>();
  verb.add_option("--keys", args->request.keys, "Folder that keygen made")->required()->group(kFiles);
  verb.add_option("answer", args->request.answer, "Answer that classify made")->required()->group(kFiles);
  verb.add_option("--query", args->request.query,
                  "The query that was answered, where it was not made with this folder of keys")
      ->group(kFiles);
  verb.add_option("--csv", args->csv, "Write a line an image to this file as well")->group(kFiles);
  verb.add_option("--top", args->top, "How many classes an image")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str()
      ->group(kOutput);
  verb.add_option("--share", args->request.share,
                  "Flood the results with noise so that the logits of so many images, in all, may be shown to others")
      ->check(CLI::Range(1, 1 << 20))
      ->group(kOutput);
  add_passphrase(verb, args->passphrase);
  add_threads(verb, args->request.threads);
  add_force(verb, args->force);
  add_json(verb, args->json);
  verb.footer(
      "Examples:\n  obscura decrypt --keys keys/ answer.ct\n  obscura decrypt --keys keys/ answer.ct --json\n\n"
      "The numbers are for the owner only: do not send them back to the server (docs/cli.md).");
  verb.callback([args] {
    args->request.passphrase = passphrase_of(args->passphrase);
    run_decrypt(*args);
  });
}

}  // namespace obscura::cli
