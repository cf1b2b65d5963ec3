#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/support.h"
#include "cli/verbs.h"
#include "owner/key_folder.h"
#include "tensor/decision.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

using nlohmann::ordered_json;

struct DecryptArguments {
  fs::path keys;
  fs::path answer;
  fs::path query;
  fs::path csv;
  std::size_t top = 3;
  std::size_t share = 0;
  std::size_t threads = 0;
  bool force = false;
  bool json = false;
};

/// What was read, image by image, and what is known of each.
struct Decrypted {
  message::ClientSpec client;
  owner::QueryRecord record;
  std::vector<owner::Reading> readings;
  owner::DecryptionCount count;
  std::vector<std::string> labels;  ///< of the classes

  std::string name(std::size_t i) const { return record.images.empty() ? std::string() : record.images[i].name; }
  /// For messages: the file's name, or the image's number.
  std::string title(std::size_t i) const {
    if (!name(i).empty()) return name(i);
    return readings.size() == 1 ? "the image" : fmt::format("image {}", i);
  }
  std::size_t failed() const {
    return static_cast<std::size_t>(std::count_if(
        readings.begin(), readings.end(), [](const auto& reading) { return reading.trust == owner::Trust::failed; }));
  }
};

/// One guess of the network.
struct Guess {
  std::size_t index = 0;
  double confidence = 0;
};

std::vector<Guess> best_guesses(const message::ClientSpec& client, const std::vector<double>& logits, std::size_t top) {
  const auto confidence = class_probabilities(logits, client.head);
  std::vector<Guess> guesses;
  for (std::size_t i = 0; i < confidence.size(); ++i) guesses.push_back({i, confidence[i]});
  std::stable_sort(guesses.begin(), guesses.end(),
                   [](const Guess& a, const Guess& b) { return a.confidence > b.confidence; });
  guesses.resize(std::min(top, guesses.size()));
  return guesses;
}

/// The record of the query that was answered: from the folder, or from the query's file, where the owner made it with
/// a copy of the folder.
owner::QueryRecord record_of(const DecryptArguments& a, const owner::KeyFolder& folder, const owner::Owner& owner,
                             const message::Answer& answer) {
  if (a.query.empty()) {
    try {
      return folder.recall(answer.query, owner.key().id());
    } catch (const MismatchError& e) {
      throw MismatchError(fmt::format("{}: {}; if another copy of the keys made it, give its file by --query",
                                      a.answer.string(), e.what()));
    }
  }
  const auto query =
      message::read_query(*owner.context(), owner.client().program, read_file(a.query), a.query.string());
  message::check_keys(query, owner.key().id(), a.query.string());
  return {query.key, message::ticket_of(query), {}};
}

/// Flooded so that `share` answers may be shown; refused where nothing would be left.
ckks::DecryptOptions options_for(const DecryptArguments& a, const message::ClientSpec& client) {
  ckks::DecryptOptions options;
  if (a.share == 0) return options;
  options.flood_queries = a.share * client.replies();
  const double left = 2 * client.noise * ckks::added_noise_factor(options);
  const double range = client.logit_range > 0 ? client.logit_range : 1;
  if (left <= range / 16) return options;
  throw UnsupportedError(
      fmt::format("--share {}: flooding would add noise of {:.2g} to logits of up to {:.2g}, and leave nothing of "
                  "them; compile the network with --share {} and make keys for that, or show the class alone, and "
                  "never the numbers",
                  a.share, left, range, a.share));
}

/// A query that was doubtful before it went has a doubtful answer.
void add_warnings(Decrypted& d) {
  for (std::size_t i = 0; i < d.record.images.size(); ++i) {
    owner::Reading& reading = d.readings[i];
    if (reading.trust != owner::Trust::sound || d.record.images[i].warning.empty()) continue;
    reading.trust = owner::Trust::doubtful;
    reading.reason = d.record.images[i].warning;
  }
}

Decrypted decrypt(const DecryptArguments& a) {
  const owner::KeyFolder folder(a.keys);
  const owner::Owner owner = folder.open();
  Decrypted result;
  result.client = owner.client();
  result.labels = class_labels(result.client.preprocessing.classes, result.client.outputs);
  const auto answer = message::read_answer(*owner.context(), owner.client().program, read_file(a.answer, 1ull << 32),
                                           a.answer.string());
  if (answer.key != owner.key().id()) {
    throw MismatchError(fmt::format("{} was made under another key ({}) than the one in {} ({})", a.answer.string(),
                                    message::hex_of(answer.key).substr(0, 8), a.keys.string(),
                                    message::hex_of(owner.key().id()).substr(0, 8)));
  }
  result.record = record_of(a, folder, owner, answer);
  ThreadPool pool(a.threads);
  result.readings = owner.read(answer, result.record.ticket, options_for(a, owner.client()), &pool);
  // Counted before anything is shown: a result that nobody counted must not be seen.
  result.count = folder.count_decryptions(owner.key().id(), owner.decryptions());
  add_warnings(result);
  return result;
}

void print_images(const DecryptArguments& a, const Decrypted& d) {
  for (std::size_t i = 0; i < d.readings.size(); ++i) {
    const owner::Reading& reading = d.readings[i];
    std::string line = d.readings.size() == 1 ? "" : fmt::format("{:>4}  {}:  ", i, d.title(i));
    if (reading.trust == owner::Trust::failed) {
      if (d.readings.size() > 1) fmt::print("{}no answer\n", line);
      continue;
    }
    for (const Guess& guess : best_guesses(d.client, reading.logits, a.top)) {
      line += fmt::format("{} {:.2f} %   ", d.labels[guess.index], 100 * guess.confidence);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}{}\n", line, reading.trust == owner::Trust::doubtful ? "   (doubtful)" : "");
  }
}

ordered_json image_json(const DecryptArguments& a, const Decrypted& d, std::size_t i) {
  const owner::Reading& reading = d.readings[i];
  ordered_json json;
  if (!d.name(i).empty()) json["file"] = d.name(i);
  json["trusted"] = reading.trust == owner::Trust::sound;
  json["trust"] = owner::trust_name(reading.trust);
  if (!reading.reason.empty()) json["reason"] = reading.reason;
  if (reading.trust == owner::Trust::failed) return json;
  ordered_json top = ordered_json::array();
  for (const Guess& guess : best_guesses(d.client, reading.logits, a.top)) {
    top.push_back({{"class", guess.index}, {"label", d.labels[guess.index]}, {"confidence", guess.confidence}});
  }
  const auto& first = top.front();
  json["class"] = first["class"];
  json["label"] = first["label"];
  json["confidence"] = first["confidence"];
  json["top"] = top;
  json["logits"] = reading.logits;
  return json;
}

void print_images_json(const DecryptArguments& a, const Decrypted& d) {
  ordered_json images = ordered_json::array();
  for (std::size_t i = 0; i < d.readings.size(); ++i) images.push_back(image_json(a, d, i));
  print_json({{"network", d.client.network},
              {"mode", mode_name(d.client.mode)},
              {"images", images},
              {"predicted_logit_error", d.client.logit_error},
              {"predicted_fit_error", d.client.fit_error},
              {"decryptions", d.count.count},
              {"decryptions_complete", d.count.complete},
              {"shared", a.share},
              {"parameters", parameters_json(d.client.parameters)}});
}

/// A field of a line of comma-separated values (RFC 4180).
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

void write_csv(const fs::path& file, const Decrypted& d) {
  std::string text = "image,file,trust,class,label,confidence";
  for (std::size_t k = 0; k < d.client.outputs; ++k) text += ",logit_" + std::to_string(k);
  text += "\r\n";
  for (std::size_t i = 0; i < d.readings.size(); ++i) {
    const owner::Reading& reading = d.readings[i];
    text += fmt::format("{},{},{}", i, csv_field(d.name(i)), owner::trust_name(reading.trust));
    if (reading.trust == owner::Trust::failed) {
      text += std::string(3 + d.client.outputs, ',') + "\r\n";
      continue;
    }
    const Guess best = best_guesses(d.client, reading.logits, 1).front();
    text += fmt::format(",{},{},{:.6f}", best.index, csv_field(d.labels[best.index]), best.confidence);
    for (const double logit : reading.logits) text += fmt::format(",{}", logit);
    text += "\r\n";
  }
  write_file(file, std::string_view(text));
}

void print_notes(const DecryptArguments& a, const Decrypted& d) {
  for (std::size_t i = 0; i < d.readings.size(); ++i) {
    if (d.readings[i].trust != owner::Trust::doubtful) continue;
    note(fmt::format("{}: not to be trusted: the answer {}", d.title(i), d.readings[i].reason));
  }
  if (!d.count.complete) {
    note(
        fmt::format("how often the keys in {} decrypted before is not known: their count was missing, or that of other "
                    "keys; counted since: {}",
                    a.keys.string(), d.count.count));
  }
  if (d.count.count >= owner::kDecryptionsBeforeNote) {
    note(
        fmt::format("{} ciphertexts decrypted with the keys in {}: keep the numbers to yourself, or make new keys "
                    "(keygen --force), because each one shown to others tells a little about the secret key",
                    d.count.count, a.keys.string()));
  }
}

/// Nothing is shown of an answer that fails its checks, and the exit code says so.
void require_answers(const DecryptArguments& a, const Decrypted& d) {
  for (std::size_t i = 0; i < d.readings.size(); ++i) {
    if (d.readings[i].trust != owner::Trust::failed) continue;
    const std::string more = d.failed() == 1 ? "" : fmt::format(" ({} of {} so)", d.failed(), d.readings.size());
    throw MismatchError(
        fmt::format("{}: the answer for {}{} {}", a.answer.string(), d.title(i), more, d.readings[i].reason));
  }
}

void run_decrypt(const DecryptArguments& a) {
  auto inputs = key_files(a.keys);
  inputs.insert(inputs.end(), {a.answer, a.query});
  check_outputs({{a.csv, FileKind::csv}}, inputs, a.force);
  const Decrypted d = decrypt(a);
  if (d.failed() == d.readings.size()) require_answers(a, d);
  if (!a.csv.empty()) write_csv(a.csv, d);
  if (a.json) {
    print_images_json(a, d);
  } else {
    print_images(a, d);
  }
  print_notes(a, d);
  require_answers(a, d);
}

}  // namespace

void add_decrypt_verb(CLI::App& app) {
  const auto args = std::make_shared<DecryptArguments>();
  auto* verb = add_verb(app, "decrypt");
  verb->add_option("--keys", args->keys, "Folder that keygen made")->required()->group(kFiles);
  verb->add_option("answer", args->answer, "Answer that classify made")->required()->group(kFiles);
  verb->add_option("--query", args->query,
                   "The query that was answered, where it was not made with this folder of keys")
      ->group(kFiles);
  verb->add_option("--csv", args->csv, "Write a line an image to this file as well")->group(kFiles);
  verb->add_option("--top", args->top, "How many classes an image")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str()
      ->group(kOutput);
  verb->add_option("--share", args->share,
                   "Flood the results with noise so that this many answers, in all, may be shown to others")
      ->check(CLI::Range(1, 1 << 20))
      ->group(kOutput);
  add_threads(*verb, args->threads);
  add_force(*verb, args->force);
  add_json(*verb, args->json);
  verb->footer(
      "Examples:\n  obscura decrypt --keys keys/ answer.ct\n  obscura decrypt --keys keys/ answer.ct --json\n\n"
      "The numbers are for the owner only: do not send them back to the server (docs/cli.md).");
  verb->callback([args] { run_decrypt(*args); });
}

}  // namespace obscura::cli
