#include "study/decryption.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "message/messages.h"
#include "study/describe.h"
#include "tensor/decision.h"

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

using RecordOf = std::function<owner::QueryRecord(const message::Answer&)>;

/// `record_of`: of the query that was answered.
Decryption read_answer(const owner::KeyFolder& folder, const owner::Owner& owner, const message::Answer& answer,
                       const std::string& what, const RecordOf& record_of, std::size_t share, ThreadPool& pool) {
  Decryption result;
  result.client = owner.client();
  result.labels = class_labels(result.client.preprocessing.classes, result.client.outputs);
  if (answer.key != owner.key().id()) {
    throw MismatchError(fmt::format("{} was made under another key ({}) than the one in {} ({})", what,
                                    message::hex_of(answer.key).substr(0, 8), folder.path().string(),
                                    message::hex_of(owner.key().id()).substr(0, 8)));
  }
  result.record = record_of(answer);
  const std::uint64_t before = owner.decryptions();
  result.readings = owner.read(answer, result.record.ticket, owner::flooded_for(owner.client(), share), &pool);
  // Counted before anything is shown: a result that nobody counted must not be seen.
  result.count = folder.count_decryptions(owner.key().id(), owner.decryptions() - before);
  owner::add_warnings(result.record, result.readings);
  return result;
}

/// From the folder, or from the query's file, where the owner made it with a copy of the folder.
owner::QueryRecord record_of(const DecryptionRequest& a, const owner::KeyFolder& folder, const owner::Owner& owner,
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

ordered_json image_json(const Decryption& d, std::size_t i, std::size_t top) {
  const owner::Reading& reading = d.readings[i];
  ordered_json json;
  if (!d.name(i).empty()) json["file"] = d.name(i);
  json["trusted"] = reading.trust == owner::Trust::sound;
  json["trust"] = owner::trust_name(reading.trust);
  if (!reading.reason.empty()) json["reason"] = reading.reason;
  if (reading.trust == owner::Trust::failed) return json;
  ordered_json guesses = ordered_json::array();
  for (const Guess& guess : best_guesses(d.client, reading.logits, top)) {
    guesses.push_back({{"class", guess.index}, {"label", d.labels[guess.index]}, {"confidence", guess.confidence}});
  }
  const auto& first = guesses.front();
  json["class"] = first["class"];
  json["label"] = first["label"];
  json["confidence"] = first["confidence"];
  json["top"] = guesses;
  json["logits"] = reading.logits;
  return json;
}

/// A field of a line of comma-separated values (RFC 4180).
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::vector<Guess> best_guesses(const message::ClientSpec& client, const std::vector<double>& logits, std::size_t top) {
  const auto confidence = class_probabilities(logits, client.head);
  std::vector<Guess> guesses;
  for (std::size_t i = 0; i < confidence.size(); ++i) guesses.push_back({i, confidence[i]});
  std::stable_sort(guesses.begin(), guesses.end(),
                   [](const Guess& a, const Guess& b) { return a.confidence > b.confidence; });
  guesses.resize(std::min(top, guesses.size()));
  return guesses;
}

Decryption decrypt_answer(const owner::KeyFolder& folder, const owner::Owner& owner, ckks::ByteSpan bytes,
                          const std::string& what, std::size_t share, ThreadPool& pool) {
  const auto answer = message::read_answer(*owner.context(), owner.client().program, bytes, what);
  const auto recorded = [&](const message::Answer& a) { return folder.recall(a.query, owner.key().id()); };
  return read_answer(folder, owner, answer, what, recorded, share, pool);
}

Decryption decrypt(const DecryptionRequest& a) {
  const owner::KeyFolder folder(a.keys);
  const owner::Owner owner = folder.open(a.passphrase);
  const auto answer = message::read_answer(*owner.context(), owner.client().program, read_file(a.answer, 1ull << 32),
                                           a.answer.string());
  ThreadPool pool(a.threads);
  const auto recorded = [&](const message::Answer& read) { return record_of(a, folder, owner, read); };
  return read_answer(folder, owner, answer, a.answer.string(), recorded, a.share, pool);
}

std::vector<std::string> decryption_notes(const Decryption& d, const std::filesystem::path& keys,
                                          const std::string& renewal) {
  std::vector<std::string> notes;
  for (std::size_t i = 0; i < d.readings.size(); ++i) {
    if (d.readings[i].trust != owner::Trust::doubtful) continue;
    notes.push_back(fmt::format("{}: not to be trusted: the answer {}", d.title(i), d.readings[i].reason));
  }
  if (!d.count.complete) {
    notes.push_back(
        fmt::format("how often the keys in {} decrypted before is not known: their count was missing, or that of other "
                    "keys; counted since: {}",
                    keys.string(), d.count.count));
  }
  if (d.count.count >= owner::kDecryptionsBeforeNote) {
    notes.push_back(
        fmt::format("{} ciphertexts decrypted with the keys in {}: keep the numbers to yourself, or make new keys "
                    "({}), because each one shown to others tells a little about the secret key",
                    d.count.count, keys.string(), renewal));
  }
  return notes;
}

void require_answers(const Decryption& d, const std::string& what) {
  for (std::size_t i = 0; i < d.readings.size(); ++i) {
    if (d.readings[i].trust != owner::Trust::failed) continue;
    const std::string more = d.failed() == 1 ? "" : fmt::format(" ({} of {} so)", d.failed(), d.readings.size());
    throw MismatchError(fmt::format("{}: the answer for {}{} {}", what, d.title(i), more, d.readings[i].reason));
  }
}

nlohmann::ordered_json decryption_json(const DecryptionRequest& a, const Decryption& d, std::size_t top) {
  ordered_json images = ordered_json::array();
  for (std::size_t i = 0; i < d.readings.size(); ++i) images.push_back(image_json(d, i, top));
  return {{"network", d.client.network},
          {"mode", mode_name(d.client.mode)},
          {"images", images},
          {"predicted_logit_error", d.client.logit_error},
          {"predicted_fit_error", d.client.fit_error},
          {"decryptions", d.count.count},
          {"decryptions_complete", d.count.complete},
          {"shared", a.share},
          {"parameters", parameters_json(d.client.parameters)}};
}

std::string decryption_csv(const Decryption& d) {
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
  return text;
}

}  // namespace obscura::study
