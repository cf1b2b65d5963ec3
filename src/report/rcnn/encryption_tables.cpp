// Encryption: times, parameters, and what a server sees and gets.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/networks/data.h"
#include "report/rcnn/paper.h"
#include "report/rcnn/sections.h"
#include "report/text.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;
namespace paper = rcnn_paper;

const ordered_json& first_search(const RcnnRow& row) {
  static const ordered_json kNull;
  return row.result.is_array() && !row.result.empty() ? row.result.front() : kNull;
}

const RcnnRow& trusted_row(const RcnnReport& report) {
  static const RcnnRow kNone;
  for (const auto& row : report.rows) {
    if (row.mode == "trusted") return row;
  }
  return kNone;
}

std::size_t searches(const RcnnRow& row) {
  return row.result.is_array() ? row.result.size() : 0;
}

std::vector<std::string> problems(const RcnnReport& report) {
  std::vector<std::string> notes;
  for (const auto& row : report.rows) {
    if (!row.mode.empty() && !row.problem.empty()) notes.push_back(fmt::format("{}: {}", row.title, row.problem));
  }
  return notes;
}

std::string same_text(const RcnnReport& report, const RcnnRow& row) {
  const RcnnRow& trusted = trusted_row(report);
  if (row.gallery != trusted.gallery || row.mode == "trusted") return kNothing;
  const SameFound found = same_found(trusted, row);
  return found.whole == 0 ? std::string(kNothing) : fmt::format("{} of {}", found.same, found.whole);
}

std::string ring_text(const ordered_json& ring) {
  const double log_n = number_at(ring, "log_n");
  return std::isfinite(log_n) ? count_text(std::exp2(log_n)) : kNothing;
}

}  // namespace

Table rcnn_time_table(const RcnnReport& report) {
  Table table{"Table 11: times", {"What", "Paper", "Ours"}, "l", {}, {}};
  const RcnnRow& row = trusted_row(report);
  const auto step = [&](const char* what) { return span_text(median_of_step(row, what)); };
  table.rows = {
      {"Encrypt a picture", paper::seconds_text(paper::kEncryptSeconds), step("encrypts the picture under")},
      {"Decrypt a picture", paper::seconds_text(paper::kDecryptSeconds), step("decrypts it")},
      {"Retrieve a picture: compare it with the gallery", paper::seconds_text(paper::kRetrieveSeconds),
       step("compares")},
      {"The network on the picture", kNothing, step("runs the network")},
      {"Encrypt the pictures that were found", kNothing, step("encrypts the pictures")},
      {"Decrypt them", kNothing, step("decrypts them")},
      {"The server's key pair", kNothing, step("makes a key pair")},
  };
  table.notes.push_back(fmt::format(
      "Ours: the median of {} searches in mode trusted, the paper's protocol, in which a picture is one ciphertext and "
      "not one a pixel; ring and modulus below. What \"retrieve each image\" covers the paper does not say.",
      searches(row)));
  return table;
}

Table rcnn_ring_table(const RcnnReport& report) {
  Table table{"Table 3: parameters",
              {"Where", "N", "Modulus, bits", "Whole modulus, bits", "Security, bits"},
              "l",
              {{"the paper: a pixel", count_text(paper::kDegree), std::to_string(paper::kModulusBits),
                count_text(paper::kLargeModulusBits), "none: see below"}},
              {}};
  for (const auto& ring : list_in(report.rings, "rings")) {
    table.rows.push_back({"ours: " + text_at(ring, "what"), ring_text(ring), fixed_text(number_at(ring, "log_q"), 0),
                          fixed_text(number_at(ring, "log_qp"), 0), count_text(number_at(ring, "security_bits"))});
  }
  const auto& needed = report.rings;
  table.notes.push_back(fmt::format(
      "Security by the table of 2024/463, whose smallest ring is {} and allows {} bits there for 128-bit security. "
      "Moduli of {} and {} bits need rings of {} and {}. Ring-LWE of degree {} is a lattice problem of some 20 "
      "dimensions, which is solved at once.",
      count_text(number_at(needed, "smallest_ring")), fixed_text(number_at(needed, "smallest_ring_bits"), 0),
      paper::kModulusBits, count_text(paper::kLargeModulusBits), count_text(number_at(needed, "ring_for_modulus")),
      count_text(number_at(needed, "ring_for_large_modulus")), paper::kDegree));
  const RcnnRow& row = trusted_row(report);
  table.notes.push_back(
      fmt::format("A picture encrypted is {} here (one ciphertext, mode trusted); the paper prints no size, and a "
                  "scale of {} bits.",
                  size_text(median_of_searches(row, "bytes.query")), paper::kScaleBits));
  return table;
}

Table rcnn_step_table(const RcnnReport& report) {
  Table table{"The paper's protocol (Figure 2), step by step",
              {"", "Side", "What", "Who can read what then", "Time"},
              "rlll",
              {},
              {"Of the first search in mode trusted."}};
  for (const auto& step : list_in(first_search(trusted_row(report)), "steps")) {
    const double seconds = number_at(step, "seconds");
    table.rows.push_back({std::to_string(table.rows.size() + 1), text_at(step, "side"), text_at(step, "what"),
                          text_at(step, "readable"), seconds > 0 ? span_text(seconds) : kNothing});
  }
  return table;
}

Table rcnn_mode_table(const RcnnReport& report) {
  Table table{"What each mode costs",
              {"Row", "Mode and gallery", "Searches", "Bytes up", "Bytes back", "Pictures fetched, bytes", "Keys, once",
               "Hint, once", "Client", "Server", "Made ready, once", "Same five as trusted"},
              "ll",
              {},
              problems(report)};
  for (const auto& row : report.rows) {
    if (row.mode.empty()) continue;
    const auto bytes = [&](const char* place) { return size_text(median_of_searches(row, place)); };
    const auto seconds = [&](const char* place) { return span_text(median_of_searches(row, place)); };
    table.rows.push_back({row.key, row.title, count_text(static_cast<double>(searches(row))), bytes("bytes.query"),
                          bytes("bytes.reply"), bytes("bytes.fetch"), bytes("bytes.keys"), bytes("bytes.hint"),
                          seconds("seconds.client"), seconds("seconds.server"), seconds("seconds.prepare"),
                          same_text(report, row)});
  }
  table.notes.emplace_back(
      "Medians over the searches. Pictures are fetched without the server learning which, but in mode trusted, whose "
      "server chooses them. Same five: of searches of one gallery; the picture that mode trusted decrypts is off by "
      "the scheme's errors, and bits near their thresholds with it. Made ready: the gallery read and encoded, keys and "
      "hint made, networks compiled.");
  return table;
}

std::vector<std::string> rcnn_server_saw(const RcnnReport& report) {
  std::vector<std::string> lines;
  for (const auto& row : report.rows) {
    if (row.mode.empty()) continue;
    std::string saw;
    for (const auto& line : list_in(first_search(row), "server_saw")) {
      if (!line.is_string()) continue;
      if (!saw.empty()) saw += "; ";
      saw += line.get<std::string>();
    }
    if (!saw.empty()) lines.push_back(fmt::format("{}: {}.", row.title, saw));
  }
  return lines;
}

}  // namespace obscura::report
