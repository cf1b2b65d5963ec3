#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/document.h"

/// What `reproduce` measured, and the report of it.
namespace obscura::report {

/// One network on one data set. `whole` and `single` are the objects that `obscura evaluate --json` prints; null where
/// that was not run.
struct ReportRow {
  std::string key;      ///< cryptondl1-mnist: finds the paper's row
  std::string title;    ///< for people, as the paper calls it
  std::string model;    ///< of the zoo
  std::string summary;  ///< its layers
  std::string dataset;
  std::string network;            ///< the file
  std::string digest;             ///< SHA-256 of that file
  std::string command;            ///< that trained it, as the file says
  bool trained = false;           ///< by this very run
  bool other_data = false;        ///< not the images that the paper trains and tests with
  std::string problem;            ///< why something is missing; empty: nothing is
  nlohmann::ordered_json whole;   ///< many images
  nlohmann::ordered_json single;  ///< a few images one by one on one thread
};

/// All of it.
struct Report {
  std::string subject;  ///< cryptondl, own
  std::string version, build, date, machine, isa;
  std::string command;
  bool quick = false;  ///< few images: times hold, accuracies hardly
  std::vector<ReportRow> rows;
};

/// Everything in the report as JSON, and back. Reading throws FormatError for what is no report.
nlohmann::ordered_json report_json(const Report& report);
Report read_report(const nlohmann::ordered_json& json);

/// The report for people.
Document report_document(const Report& report);

/// The number at "seconds.total", not-a-number where there is none.
double number_at(const nlohmann::ordered_json& json, const std::string& path);

/// Counts of a list; what is no count is 0.
std::vector<std::size_t> counts_of(const nlohmann::ordered_json& list);
/// The text there, or nothing.
std::string text_at(const nlohmann::ordered_json& json, const std::string& path);

}  // namespace obscura::report
