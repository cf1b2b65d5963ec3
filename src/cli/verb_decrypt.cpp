#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "study/decryption.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct DecryptArguments {
  study::DecryptionRequest request;
  fs::path csv;
  std::size_t top = 3;
  bool force = false;
  bool json = false;
};

void print_images(const DecryptArguments& a, const study::Decryption& d) {
  for (std::size_t i = 0; i < d.readings.size(); ++i) {
    const owner::Reading& reading = d.readings[i];
    std::string line = d.readings.size() == 1 ? "" : fmt::format("{:>4}  {}:  ", i, d.title(i));
    if (reading.trust == owner::Trust::failed) {
      if (d.readings.size() > 1) fmt::print("{}no answer\n", line);
      continue;
    }
    for (const study::Guess& guess : study::best_guesses(d.client, reading.logits, a.top)) {
      line += fmt::format("{} {:.2f} %   ", d.labels[guess.index], 100 * guess.confidence);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}{}\n", line, reading.trust == owner::Trust::doubtful ? "   (doubtful)" : "");
  }
}

void print_notes(const DecryptArguments& a, const study::Decryption& d) {
  for (std::size_t i = 0; i < d.readings.size(); ++i) {
    if (d.readings[i].trust != owner::Trust::doubtful) continue;
    note(fmt::format("{}: not to be trusted: the answer {}", d.title(i), d.readings[i].reason));
  }
  if (!d.count.complete) {
    note(
        fmt::format("how often the keys in {} decrypted before is not known: their count was missing, or that of other "
                    "keys; counted since: {}",
                    a.request.keys.string(), d.count.count));
  }
  if (d.count.count >= owner::kDecryptionsBeforeNote) {
    note(
        fmt::format("{} ciphertexts decrypted with the keys in {}: keep the numbers to yourself, or make new keys "
                    "(keygen --force), because each one shown to others tells a little about the secret key",
                    d.count.count, a.request.keys.string()));
  }
}

/// Nothing is shown of an answer that fails its checks, and the exit code says so.
void require_answers(const DecryptArguments& a, const study::Decryption& d) {
  for (std::size_t i = 0; i < d.readings.size(); ++i) {
    if (d.readings[i].trust != owner::Trust::failed) continue;
    const std::string more = d.failed() == 1 ? "" : fmt::format(" ({} of {} so)", d.failed(), d.readings.size());
    throw MismatchError(
        fmt::format("{}: the answer for {}{} {}", a.request.answer.string(), d.title(i), more, d.readings[i].reason));
  }
}

void run_decrypt(const DecryptArguments& a) {
  auto inputs = key_files(a.request.keys);
  inputs.insert(inputs.end(), {a.request.answer, a.request.query});
  check_outputs({{a.csv, study::FileKind::csv}}, inputs, a.force);
  const auto d = study::decrypt(a.request);
  if (d.failed() == d.readings.size()) require_answers(a, d);
  if (!a.csv.empty()) write_file(a.csv, study::decryption_csv(d));
  if (a.json) {
    print_json(study::decryption_json(a.request, d, a.top));
  } else {
    print_images(a, d);
  }
  print_notes(a, d);
  require_answers(a, d);
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
                  "Flood the results with noise so that this many answers, in all, may be shown to others")
      ->check(CLI::Range(1, 1 << 20))
      ->group(kOutput);
  add_threads(verb, args->request.threads);
  add_force(verb, args->force);
  add_json(verb, args->json);
  verb.footer(
      "Examples:\n  obscura decrypt --keys keys/ answer.ct\n  obscura decrypt --keys keys/ answer.ct --json\n\n"
      "The numbers are for the owner only: do not send them back to the server (docs/cli.md).");
  verb.callback([args] { run_decrypt(*args); });
}

}  // namespace obscura::cli
