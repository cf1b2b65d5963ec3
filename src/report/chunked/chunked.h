#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/document.h"

/// What `reproduce chunked` measured, and the report of it.
namespace obscura::report {

/// One network.
struct ChunkedNetwork {
  std::string key;                    ///< seed, relu, original, concat, own, whole-own
  std::string title;                  ///< for people
  std::string model;                  ///< of the zoo
  std::string summary;                ///< its layers
  std::string file, digest, command;  ///< the file, its SHA-256, and what trained it, as the file says
  bool own = false;                   ///< Obscura's, not the paper's
  bool trained = false;               ///< by this run
  std::string problem;                ///< why something is missing; empty: nothing is
  nlohmann::ordered_json plain;       ///< what study::plain_run_json gives; null: not run
};

/// One way to classify the test pictures with it.
struct ChunkedRow {
  std::string key;  ///< seed-features: for --only
  std::string title;
  std::string network;  ///< key
  std::string policy;   ///< features, all, whole, hidden; "plain": in the clear only
  std::string mode;     ///< packed, batched
  std::string problem;
  nlohmann::ordered_json result;  ///< `evaluate --json`; null: not run, or "plain"
};

struct ChunkedReport {
  std::string version, build, date, machine, isa;
  std::string command;
  std::string dataset;
  bool quick = false;  ///< few pictures and epochs: times hold, accuracies do not
  std::vector<ChunkedNetwork> networks;
  std::vector<ChunkedRow> rows;
  nlohmann::ordered_json keys;   ///< {parameters, programs}: see study/chunked/key_sizes.h
  nlohmann::ordered_json times;  ///< see study/chunked/encryption_times.h; null: not measured
  std::string keys_problem, times_problem;
};

/// The network or row of that key, or null.
const ChunkedNetwork* find_network(const ChunkedReport& report, const std::string& key);
const ChunkedRow* find_row(const ChunkedReport& report, const std::string& key);

/// What the row's network gives in the clear; null where it was not run.
const nlohmann::ordered_json& plain_of(const ChunkedReport& report, const ChunkedRow& row);
/// Whether the row has an accuracy to show.
bool measured(const ChunkedReport& report, const ChunkedRow& row);
/// Share of the row's pictures that are classified rightly, in the clear and encrypted; not-a-number where that was
/// not measured.
double plain_accuracy(const ChunkedReport& report, const ChunkedRow& row);
double encrypted_accuracy(const ChunkedRow& row);

/// Everything in the report as JSON, and back. Reading throws FormatError for what is no such report.
nlohmann::ordered_json chunked_json(const ChunkedReport& report);
ChunkedReport read_chunked(const nlohmann::ordered_json& json);

/// The report for people.
Document chunked_document(const ChunkedReport& report);

}  // namespace obscura::report
