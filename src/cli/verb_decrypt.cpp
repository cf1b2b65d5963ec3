#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "cli/key_folder.h"
#include "cli/options.h"
#include "cli/support.h"
#include "cli/verbs.h"
#include "owner/owner.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

using nlohmann::ordered_json;

struct DecryptArguments {
  fs::path keys;
  fs::path answer;
  std::size_t top = 3;
  std::size_t threads = 0;
  bool json = false;
};

/// One guess of the network.
struct Guess {
  std::size_t index = 0;
  double confidence = 0;
};

std::vector<Guess> best_guesses(const std::vector<double>& logits, std::size_t top) {
  const auto confidence = owner::softmax(logits);
  std::vector<Guess> guesses;
  for (std::size_t i = 0; i < logits.size(); ++i) guesses.push_back({i, confidence[i]});
  std::stable_sort(guesses.begin(), guesses.end(),
                   [](const Guess& a, const Guess& b) { return a.confidence > b.confidence; });
  guesses.resize(std::min(top, guesses.size()));
  return guesses;
}

std::string label_of(const compile::ClientPart& client, std::size_t index) {
  const auto& classes = client.preprocessing.classes;
  return index < classes.size() ? classes[index] : std::to_string(index);
}

void print_images(const DecryptArguments& a, const owner::Owner& owner,
                  const std::vector<std::vector<double>>& logits) {
  for (std::size_t i = 0; i < logits.size(); ++i) {
    std::string line = logits.size() == 1 ? "" : fmt::format("image {:>4}:  ", i);
    for (const Guess& guess : best_guesses(logits[i], a.top)) {
      line += fmt::format("{} {:.2f} %   ", label_of(owner.client(), guess.index), 100 * guess.confidence);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  }
}

ordered_json image_json(const DecryptArguments& a, const compile::ClientPart& client,
                        const std::vector<double>& logits) {
  ordered_json top = ordered_json::array();
  for (const Guess& guess : best_guesses(logits, a.top)) {
    top.push_back({{"class", guess.index}, {"label", label_of(client, guess.index)}, {"confidence", guess.confidence}});
  }
  const auto& first = top.front();
  return {{"class", first["class"]},
          {"label", first["label"]},
          {"confidence", first["confidence"]},
          {"top", top},
          {"logits", logits}};
}

void print_images_json(const DecryptArguments& a, const owner::Owner& owner,
                       const std::vector<std::vector<double>>& logits, std::uint64_t decryptions) {
  ordered_json images = ordered_json::array();
  for (const auto& one : logits) images.push_back(image_json(a, owner.client(), one));
  print_json({{"network", owner.client().network},
              {"mode", mode_name(owner.client().mode)},
              {"images", images},
              {"predicted_logit_error", owner.client().logit_error},
              {"decryptions", decryptions},
              {"parameters", parameters_json(owner.client().parameters)}});
}

void run_decrypt(const DecryptArguments& a) {
  const owner::Owner owner = owner::load_owner(a.keys);
  const auto answer = runtime::read_answer(*owner.context(), owner.client().program, read_file(a.answer, 1ull << 32),
                                           a.answer.string());
  ThreadPool pool(a.threads);
  const auto logits = owner.decrypt(answer, &pool);
  // Counted before anything is shown: a result that nobody counted must not be seen.
  const std::uint64_t decryptions = count_decryptions(a.keys, owner.decryptions());
  if (a.json) {
    print_images_json(a, owner, logits, decryptions);
  } else {
    print_images(a, owner, logits);
  }
  if (decryptions >= kDecryptionsBeforeNote) {
    note(
        fmt::format("{} ciphertexts decrypted with the keys in {}: keep the numbers to yourself, or make new keys "
                    "(keygen --force), because each one shown to others tells a little about the secret key",
                    decryptions, a.keys.string()));
  }
}

}  // namespace

void add_decrypt_verb(CLI::App& app) {
  const auto args = std::make_shared<DecryptArguments>();
  auto* verb = app.add_subcommand("decrypt", "Owner: reads an answer: the best classes with their confidences");
  verb->add_option("--keys", args->keys, "Folder that keygen made")->required()->group(kFiles);
  verb->add_option("answer", args->answer, "Answer that classify made")->required()->group(kFiles);
  verb->add_option("--top", args->top, "How many classes an image")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str()
      ->group(kOutput);
  add_threads(*verb, args->threads);
  add_json(*verb, args->json);
  verb->footer(
      "Examples:\n  obscura decrypt --keys keys/ answer.ct\n  obscura decrypt --keys keys/ answer.ct --json\n\n"
      "The numbers are for the owner only: do not send them back to the server (docs/cli.md).");
  verb->callback([args] { run_decrypt(*args); });
}

}  // namespace obscura::cli
