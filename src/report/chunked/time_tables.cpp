#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/chunked/sections.h"
#include "report/networks/data.h"
#include "report/text.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;

constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

struct PolicyName {
  const char* policy;
  const char* name;
};
constexpr PolicyName kPolicies[] = {{"whole", "the picture as one"},
                                    {"all", "all chunks"},
                                    {"features", "feature chunks (threshold 100)"},
                                    {"hidden", "hidden"}};

/// What was measured by one policy; null where it was not.
const ordered_json& policy_of(const ChunkedReport& report, const std::string& policy) {
  static const ordered_json kNull;
  if (!report.times.is_object() || !report.times.contains("policies")) return kNull;
  for (const auto& one : report.times.at("policies")) {
    if (text_at(one, "policy") == policy) return one;
  }
  return kNull;
}

/// Numbers of a list; what is none is not-a-number.
std::vector<double> numbers_of(const ordered_json& object, const char* name) {
  std::vector<double> numbers;
  if (!object.is_object() || !object.contains(name) || !object.at(name).is_array()) return numbers;
  for (const auto& one : object.at(name)) numbers.push_back(one.is_number() ? one.get<double>() : kNotMeasured);
  return numbers;
}

bool taken(double encrypted, double chunks, FlatChunks which) {
  if (which == FlatChunks::any) return true;
  return which == FlatChunks::half ? 2 * encrypted == chunks : 2 * encrypted <= chunks;
}

std::vector<std::size_t> pictures_of(const ChunkedReport& report, std::size_t count, FlatChunks which) {
  const auto encrypted = numbers_of(policy_of(report, "features"), "encrypted");
  const double chunks = number_at(report.times, "chunks");
  std::vector<std::size_t> pictures;
  for (std::size_t i = 0; i < count; ++i) {
    if (which == FlatChunks::any || (i < encrypted.size() && taken(encrypted[i], chunks, which))) pictures.push_back(i);
  }
  return pictures;
}

double mean_of(const std::vector<double>& numbers, const std::vector<std::size_t>& pictures) {
  if (pictures.empty()) return kNotMeasured;
  double sum = 0;
  for (const std::size_t i : pictures) sum += i < numbers.size() ? numbers[i] : kNotMeasured;
  return sum / static_cast<double>(pictures.size());
}

double saved(const ChunkedReport& report, FlatChunks which) {
  return encryption_summary(report, "whole", which).mean - encryption_summary(report, "features", which).mean;
}

std::string pictures_text(double count) {
  return count == 1 ? "1 picture" : count_text(count) + " pictures";
}

void add_flat_rows(Table& table, const ChunkedReport& report, FlatChunks which, const std::string& name) {
  const auto whole = encryption_summary(report, "whole", which);
  for (const auto& [policy, title] : kPolicies) {
    const auto s = encryption_summary(report, policy, which);
    table.rows.push_back({name, title, count_text(static_cast<double>(s.pictures)), fixed_text(s.chunks, 1),
                          fixed_text(s.ciphertexts, 1), span_text(s.median), span_text(s.mean),
                          factor_text(whole.mean / s.mean)});
  }
}

}  // namespace

EncryptionSummary encryption_summary(const ChunkedReport& report, const std::string& policy, FlatChunks which) {
  const ordered_json& one = policy_of(report, policy);
  const auto seconds = numbers_of(one, "seconds");
  const auto pictures = pictures_of(report, seconds.size(), which);
  EncryptionSummary out;
  out.pictures = pictures.size();
  out.mean = mean_of(seconds, pictures);
  out.chunks = mean_of(numbers_of(one, "encrypted"), pictures);
  out.ciphertexts = mean_of(numbers_of(one, "ciphertexts"), pictures);
  out.bytes = mean_of(numbers_of(one, "bytes"), pictures);
  std::vector<double> sorted;
  for (const std::size_t i : pictures) {
    if (std::isfinite(seconds[i])) sorted.push_back(seconds[i]);
  }
  std::sort(sorted.begin(), sorted.end());
  out.median = sorted.empty() ? kNotMeasured : sorted[sorted.size() / 2];
  out.best = sorted.empty() ? kNotMeasured : sorted.front();
  out.worst = sorted.empty() ? kNotMeasured : sorted.back();
  return out;
}

Table chunked_time_table(const ChunkedReport& report) {
  Table table{"Table 2: time to encrypt one picture",
              {"What is encrypted", "Chunks, mean", "Ciphertexts, mean", "Median", "Best", "Worst", "Mean",
               "Bytes, mean", "Against the picture as one"},
              "l",
              {},
              {}};
  const auto whole = encryption_summary(report, "whole", FlatChunks::any);
  for (const auto& [policy, title] : kPolicies) {
    const auto s = encryption_summary(report, policy, FlatChunks::any);
    table.rows.push_back({title, fixed_text(s.chunks, 1), fixed_text(s.ciphertexts, 1), span_text(s.median),
                          span_text(s.best), span_text(s.worst), span_text(s.mean), size_text(s.bytes),
                          factor_text(whole.mean / s.mean)});
  }
  table.notes.push_back(fmt::format(
      "{} of the test set, the paper's network with squares, one thread; gradients, encoding, encryption and writing "
      "the "
      "query are in it, reading and preprocessing the picture are not. Of each picture the fastest of {} tries.",
      pictures_text(static_cast<double>(whole.pictures)), count_text(number_at(report.times, "repeats"))));
  if (const double seconds = saved(report, FlatChunks::any); std::isfinite(seconds)) {
    table.notes.push_back(fmt::format(
        "The paper: feature chunks are on average {} s faster than the whole picture. Here: {} {} on average.",
        kPaperSavedSeconds, span_text(std::abs(seconds)), seconds >= 0 ? "faster" : "slower"));
  }
  table.notes.emplace_back(
      "The paper's values of Table 2 are missing in its text. Here several chunks share a ciphertext, so that "
      "times follow the number of ciphertexts.");
  if (!report.times_problem.empty()) table.notes.push_back(report.times_problem);
  return table;
}

Table chunked_flat_table(const ChunkedReport& report) {
  Table table{"The same, of pictures with flat chunks",
              {"Flat chunks", "What is encrypted", "Pictures", "Chunks, mean", "Ciphertexts, mean", "Median", "Mean",
               "Against the picture as one"},
              "ll",
              {},
              {"Flat: no feature chunk, its mean gradient is 100 or less. Half or more includes pictures without any "
               "feature chunk, of which nothing but one empty ciphertext is encrypted."}};
  add_flat_rows(table, report, FlatChunks::half, "just half");
  add_flat_rows(table, report, FlatChunks::half_or_more, "half or more");
  return table;
}

}  // namespace obscura::report
