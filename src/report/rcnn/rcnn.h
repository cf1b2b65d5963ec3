#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/document.h"

/// What `reproduce rcnn` measured, and the report of it.
namespace obscura::report {

/// One network: the paper's classifier, or the project's own embedding.
struct RcnnNetwork {
  std::string key;                    ///< rcnn, embed
  std::string title;                  ///< for people
  std::string model;                  ///< of `train`
  std::string summary;                ///< its layers
  std::string file, digest, command;  ///< the file, its SHA-256, and what trained it, as the file says
  bool trained = false;               ///< by this run
  std::string problem;                ///< why something is missing; empty: nothing is
  nlohmann::ordered_json test;        ///< of a classifier, what study::plain_run_json gives; null: not run
  nlohmann::ordered_json curve;       ///< its .curve.json; null: there is none
};

/// Pictures indexed in one way.
struct RcnnGallery {
  std::string key;  ///< numbers, gini, entropy, embed, embed-codes
  std::string title;
  std::string problem;
  nlohmann::ordered_json result;  ///< `index --json` without what is a number a feature; null: not made
};

/// One way to rank a gallery, or one way to ask a server for pictures.
struct RcnnRow {
  std::string key;  ///< bits-gini: for --only
  std::string title;
  std::string gallery;  ///< key; empty: none was made, distances are of features themselves
  std::string mode;     ///< of a search: trusted, blind-features, blind; empty: rankings are measured
  std::string problem;
  nlohmann::ordered_json result;  ///< `evaluate --gallery --json`, or a list of `search --json`; null: not run
};

/// What was done, and how long it took when it was done.
struct RcnnStep {
  std::string name, command;
  double seconds = 0;
};

struct RcnnReport {
  std::string version, build, date, machine, isa;
  std::string command;
  std::string dataset;
  bool quick = false;  ///< few pictures and epochs: times hold, scores do not
  std::vector<RcnnNetwork> networks;
  std::vector<RcnnGallery> galleries;
  std::vector<RcnnRow> rows;
  std::vector<RcnnStep> steps;
  nlohmann::ordered_json features;  ///< see study/rcnn/feature_study.h; null: not done
  nlohmann::ordered_json rings;     ///< see study/rcnn/rings.h
  std::string features_problem;
  std::vector<Picture> sheets;  ///< test pictures and what was found for them; not in JSON
};

const RcnnNetwork* find_network(const RcnnReport& report, const std::string& key);
const RcnnGallery* find_gallery(const RcnnReport& report, const std::string& key);
const RcnnRow* find_row(const RcnnReport& report, const std::string& key);

/// Whether the row has a score or a search to show.
bool measured(const RcnnRow& row);

/// The middle (of an even number the upper one) of a number over a row's searches, at a place as number_at has it;
/// not-a-number where there is none.
double median_of_searches(const RcnnRow& row, const std::string& place);
/// The same of the seconds of the first step of mode trusted whose text begins so.
double median_of_step(const RcnnRow& row, const std::string& what);

/// Of the searches that both rows made, how many found the same pictures, in any order; `whole`: of how many.
struct SameFound {
  std::size_t same = 0, whole = 0;
};
SameFound same_found(const RcnnRow& one, const RcnnRow& other);

/// All but pictures as JSON, and back. Reading throws FormatError for what is no such report.
nlohmann::ordered_json rcnn_json(const RcnnReport& report);
RcnnReport read_rcnn(const nlohmann::ordered_json& json);

/// The report for people.
Document rcnn_document(const RcnnReport& report);

}  // namespace obscura::report
