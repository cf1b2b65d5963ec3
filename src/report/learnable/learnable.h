#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/document.h"

/// What `reproduce er-cnn` and `reproduce color-neuracrypt` measured, and the report of it.
namespace obscura::report {

/// One network, trained and tested on pictures as a shield makes them, or on plain ones.
struct LearnableRow {
  std::string key;      ///< hill-4-adapt: for --only
  std::string title;    ///< for people
  std::string dataset;  ///< that it really was
  std::string plain;    ///< key of the row with the same network on plain pictures; empty: this is such a row
  std::string shield;   ///< name; empty: none
  std::string promise;  ///< of the shield: Shield::promise()
  std::size_t block = 0;
  std::size_t rounds = 1;
  bool adapts = false;              ///< has the adaptation network er-cnn
  std::string problem;              ///< why something is missing; empty: nothing is
  nlohmann::ordered_json train;     ///< `train`: its .curve.json; null: not done, as below
  nlohmann::ordered_json evaluate;  ///< `evaluate --json`
  nlohmann::ordered_json reveal;    ///< `reveal --learned --json`
};

/// All attacks on one key of the report.
struct LearnableAttack {
  std::string title;
  std::string command;
  std::string problem;
  nlohmann::ordered_json result;  ///< `audit attack --json`
};

struct LearnableReport {
  std::string subject;  ///< er-cnn or color-neuracrypt
  std::string version, build, date, machine, isa;
  std::string command;
  std::size_t threads = 1;
  std::size_t seed = 1;
  bool quick = false;  ///< few images and epochs: the numbers say little
  std::vector<LearnableRow> rows;
  std::vector<LearnableAttack> attacks;
  std::vector<Picture> strips;  ///< the same images plain, protected and revealed; not in JSON
  std::vector<Picture> sheets;  ///< of attacks; not in JSON
};

/// What was wanted of a row, in terms of another one's accuracy.
struct Goal {
  std::string text;
  std::string row, reference;  ///< keys
  double points = 0;           ///< accuracy of row - accuracy of reference is to be that many points or more
  double accuracy = 0, reference_accuracy = 0;  ///< not-a-number: not measured

  bool measured() const;
  bool reached() const;
  /// One line: what was wanted, what came out, and whether that is reached.
  std::string verdict() const;
};

/// Goals of the subject, as far as the rows are there.
std::vector<Goal> goals(const LearnableReport& report);

/// The row of that key, or null.
const LearnableRow* find_row(const LearnableReport& report, const std::string& key);

/// Share of test pictures that are classified rightly, as the network was trained to read them; not-a-number where
/// it was not measured.
double learned_accuracy(const LearnableRow& row);
/// `network` is "network" or "plain network", `pictures` as in `evaluate`'s rows.
double evaluated_accuracy(const LearnableRow& row, const std::string& network, const std::string& pictures);

/// What the paper prints for the same kind of row; not-a-number where it prints none.
double published_accuracy(const std::string& subject, const std::string& key);
/// The paper's own results, which were measured on other networks, weights and mostly other data.
Table published_table(const std::string& subject);
/// Why they cannot be compared with ours.
std::string published_caveat(const std::string& subject);
/// Where its figures and words contradict each other, and where its code does other than it says.
std::vector<std::string> published_remarks(const std::string& subject);
std::string published_citation(const std::string& subject);

/// Tables of ours.
Table accuracy_table(const LearnableReport& report);
Table reader_table(const LearnableReport& report);
Table reveal_table(const LearnableReport& report);
Table sweep_table(const LearnableReport& report);
Table attack_table(const LearnableReport& report);
Table command_table(const LearnableReport& report);

/// All but pictures, as JSON, and back. Reading throws FormatError for what is no such report.
nlohmann::ordered_json learnable_json(const LearnableReport& report);
LearnableReport read_learnable(const nlohmann::ordered_json& json);

/// The report for people.
Document learnable_document(const LearnableReport& report);

}  // namespace obscura::report
