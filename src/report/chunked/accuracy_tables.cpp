#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/chunked/sections.h"
#include "report/network_table.h"
#include "report/networks/data.h"
#include "report/text.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;

/// "87.21 to 94.03"; nothing where there is no interval.
std::string interval_text(const ordered_json& json, const char* name) {
  if (!json.is_object() || !json.contains(name)) return kNothing;
  const ordered_json& pair = json.at(name);
  if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number() || !pair[1].is_number()) return kNothing;
  return fmt::format("{:.2f} to {:.2f}", 100 * pair[0].get<double>(), 100 * pair[1].get<double>());
}

/// What the row was measured by: the encrypted run, else the one in the clear.
const ordered_json& run_of(const ChunkedReport& report, const ChunkedRow& row) {
  return row.result.is_object() ? row.result : plain_of(report, row);
}

std::vector<std::string> problems(const ChunkedReport& report) {
  std::vector<std::string> notes;
  for (const auto& row : report.rows) {
    if (!row.problem.empty()) notes.push_back(fmt::format("{}: {}", row.title, row.problem));
  }
  return notes;
}

double per_image(const ordered_json& run, const char* path) {
  return number_at(run, path) / number_at(run, "images");
}

std::string policy_text(const ChunkedRow& row) {
  return row.policy == "plain" ? "in the clear only" : row.policy + (row.mode == "batched" ? ", batched" : "");
}

void add_merge(Table& table, const ChunkedReport& report, const char* name, const char* key,
               const ChunkedRow* encrypted) {
  const ChunkedNetwork* network = find_network(report, key);
  if (network == nullptr) return;
  const ordered_json none;
  const ordered_json& run = encrypted == nullptr ? none : encrypted->result;
  const std::string policy = encrypted == nullptr ? std::string(kNothing) : policy_text(*encrypted);
  table.rows.push_back({name, percent_text(number_at(network->plain, "plain_accuracy")),
                        interval_text(network->plain, "plain_accuracy_interval"),
                        percent_text(number_at(run, "encrypted_accuracy")), percent_text(number_at(run, "agreement")),
                        policy, span_text(number_at(run, "median_milliseconds_per_image") / 1e3)});
}

/// A row of the mean that encrypts the same as the concatenation does, else any that encrypts whatever is looked at.
const ChunkedRow* encrypted_mean(const ChunkedReport& report) {
  for (const char* key : {"seed-whole", "seed-all", "seed-features"}) {
    const ChunkedRow* row = find_row(report, key);
    if (row != nullptr && row->result.is_object()) return row;
  }
  return nullptr;
}

}  // namespace

Table chunked_accuracy_table(const ChunkedReport& report) {
  Table table{"Table 3 and Figure 9: accuracy, plain and encrypted",
              {"Row", "Network", "Encrypted", "Pictures", "Plain accuracy", "95 %", "Encrypted accuracy", "95 %",
               "Encrypted - plain", "Same class as plain"},
              "lll",
              {},
              problems(report)};
  for (const auto& row : report.rows) {
    const ordered_json& run = run_of(report, row);
    const double plain = plain_accuracy(report, row), encrypted = encrypted_accuracy(row);
    table.rows.push_back({row.key, row.title, policy_text(row), count_text(number_at(run, "images")),
                          percent_text(plain), interval_text(run, "plain_accuracy_interval"), percent_text(encrypted),
                          interval_text(row.result, "encrypted_accuracy_interval"), points_text(encrypted, plain),
                          percent_text(number_at(row.result, "agreement"))});
  }
  table.notes.emplace_back(
      "Encrypted - plain: percentage points, of the same network on the same pictures. 95 %: Wilson's interval. Policy "
      "hidden looks at fewer chunks, in the clear as well. ReLU and the original run in the clear only, as CKKS has no "
      "such operation.");
  return table;
}

Table chunked_cost_table(const ChunkedReport& report) {
  Table table{"What each policy costs",
              {"Row", "Encrypted", "Chunks encrypted, mean", "Bytes up, least", "Bytes up, most", "Bytes down",
               "Evaluation keys, once", "Encrypt", "Evaluate, median", "Pictures a second", "Threads"},
              "ll",
              {},
              {"Encrypt: of the whole run over its pictures, on all threads (Table 2 has one thread). Evaluate: a "
               "picture alone on one thread; batched: a query's time over its pictures, on all threads. Pictures a "
               "second: evaluation alone. Bytes: of a query, batched of many pictures."}};
  for (const auto& row : report.rows) {
    if (row.policy == "plain") continue;
    const ordered_json& run = row.result;
    table.rows.push_back(
        {row.key, policy_text(row), percent_text(number_at(run, "chunks_encrypted")),
         size_text(number_at(run, "bytes.upload_min")), size_text(number_at(run, "bytes.upload_max")),
         size_text(number_at(run, "bytes.reply")), size_text(number_at(run, "bytes.evaluation_keys")),
         span_text(per_image(run, "seconds.encrypt")), span_text(number_at(run, "median_milliseconds_per_image") / 1e3),
         fixed_text(number_at(run, "images_per_second.evaluate"), 1), count_text(number_at(run, "threads"))});
  }
  return table;
}

Table chunked_merge_table(const ChunkedReport& report) {
  Table table{
      "Chunks merged to one class",
      {"Merge", "Plain accuracy", "95 %", "Encrypted accuracy", "Same class as plain", "Policy", "Evaluate, median"},
      "l",
      {},
      {"Mean: of the chunks' logits. Concatenation: of the chunks' 256 values, a network of its own (256 inputs "
       "a chunk go into its first dense layer). Vote: the class that most chunks of the network of the mean "
       "name, ties by the sum of logits; in the clear only, for a largest number is no polynomial."}};
  add_merge(table, report, "mean of logits", "seed", encrypted_mean(report));
  add_merge(table, report, "concatenation", "concat", find_row(report, "concat-whole"));
  const ChunkedNetwork* seed = find_network(report, "seed");
  if (seed == nullptr || !seed->plain.is_object() || !seed->plain.contains("vote")) return table;
  const ordered_json& vote = seed->plain.at("vote");
  table.rows.push_back({"vote", percent_text(number_at(vote, "accuracy")), interval_text(vote, "interval"), kNothing,
                        kNothing, "in the clear only", kNothing});
  if (const double same = number_at(vote, "same_as_mean"); std::isfinite(same)) {
    table.notes.push_back(fmt::format(
        "The vote names the class of the mean for {} of the pictures; {} of {} were ties.", percent_text(same),
        count_text(number_at(vote, "ties")), count_text(number_at(seed->plain, "images"))));
  }
  return table;
}

Table chunked_network_table(const ChunkedReport& report) {
  return network_table(report.networks);
}

std::string chunked_agreement_text(const ChunkedReport& report) {
  double least = std::numeric_limits<double>::infinity(), most = -least, same = least, pictures = 0, other = 0;
  std::size_t runs = 0, above = 0;
  for (const auto& row : report.rows) {
    const double encrypted = encrypted_accuracy(row), plain = number_at(row.result, "plain_accuracy");
    const double agreement = number_at(row.result, "agreement"), images = number_at(row.result, "images");
    if (!std::isfinite(encrypted) || !std::isfinite(plain) || !std::isfinite(agreement) || !std::isfinite(images)) {
      continue;
    }
    ++runs;
    above += encrypted > plain;
    least = std::min(least, 100 * (encrypted - plain)), most = std::max(most, 100 * (encrypted - plain));
    same = std::min(same, agreement);
    pictures += images, other += std::round(images * (1 - agreement));
  }
  if (runs == 0) return "";
  // So few that it is errors of logits where two classes are about as likely; else something is wrong.
  const char* why =
      other > 0 && other <= 0.02 * pictures ? ", which is noise at the border between two classes and no gain" : "";
  return fmt::format(
      "That accuracy improves by encryption does not come again: encrypted and plain runs of the same network differ "
      "by {:+.2f} to {:+.2f} points in {} ({} above plain), and name the same class for {} of the pictures or more: {} "
      "of {} answers changed{}.",
      least, most, runs == 1 ? "one run" : fmt::format("{} runs", runs), above, percent_text(same), count_text(other),
      count_text(pictures), why);
}

}  // namespace obscura::report
