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
  std::size_t seed = 1;
  std::string series;     ///< what rows that differ in seed or round alone are called together; empty: there are none
  std::size_t round = 0;  ///< which round of the series; 0: it has none
  bool adapts = false;    ///< has the adaptation network er-cnn
  bool main = true;       ///< stands in the tables of all rows; others in those of their figures alone
  std::string command;    ///< that measures this row
  std::string version, machine, date;  ///< of the measurement; empty: not measured
  std::string problem;                 ///< why something is missing; empty: nothing is
  nlohmann::ordered_json train;        ///< `train`: its .curve.json; null: not done, as below
  nlohmann::ordered_json evaluate;     ///< `evaluate --json`
  nlohmann::ordered_json reveal;       ///< `reveal --learned --json`
  nlohmann::ordered_json null;         ///< the same of pictures that another key protects: what the score is worth
  friend bool operator==(const LearnableRow&, const LearnableRow&) = default;
};

/// A figure, table or section of the paper and the rows that stand for it.
struct LearnableFigure {
  std::string id;                 ///< "4-1": for --only
  std::string title;              ///< for people
  std::string paper;              ///< what the paper has there
  std::string remark;             ///< what to know of ours; with no rows: why there is none
  std::vector<std::string> rows;  ///< keys, in order
  bool curves = false;            ///< its training curves are drawn
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
  bool quick = false;  ///< few images and epochs: the numbers say little
  std::vector<LearnableRow> rows;
  std::vector<LearnableFigure> figures;
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
  std::string unjudged;  ///< why nothing is said of it although it was measured; empty: something is

  bool measured() const;
  bool reached() const;
  /// One line: what was wanted, what came out, and whether that is reached; of a quick run, or where the two rows
  /// learned from other pictures or for other epochs, that nothing is said.
  std::string verdict() const;
};

/// Goals of the subject, as far as the rows are there.
std::vector<Goal> goals(const LearnableReport& report);

/// The row of that key, or null.
const LearnableRow* find_row(const LearnableReport& report, const std::string& key);

/// Share of test pictures that are classified rightly, as the network was trained to read them; not-a-number where
/// it was not measured.
double learned_accuracy(const LearnableRow& row);
/// What a row learned from: pictures, epochs and test pictures in words, "40,000 pictures, 8 epochs"; equal texts mean
/// that rows can be compared. Empty where it was not measured.
std::string learned_from(const LearnableRow& row);
/// The 95 % interval of learned_accuracy over the test pictures: "79.2 to 80.8 %"; kNothing where there is none.
std::string accuracy_interval(const LearnableRow& row);
/// The accuracy less that of the row on plain pictures in points; kNothing where it cannot be compared.
std::string against_plain(const LearnableReport& report, const LearnableRow& row);

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
/// Of one figure of the paper.
Table figure_table(const LearnableReport& report, const LearnableFigure& figure);
/// Accuracies after each epoch, of the first seed alone; no series where nothing is measured.
Plot figure_curves(const LearnableReport& report, const LearnableFigure& figure);
/// Rounds and seeds side by side: accuracies, and how near the adaptation's pictures are to the plain ones.
Table rounds_table(const LearnableReport& report, const LearnableFigure& figure);
/// What own pretraining brings each scheme that learned with and without it, over the seeds, and what that says of
/// NeuraCrypt's distance; empty of quick runs and where nothing is measured.
std::string pretraining_text(const LearnableReport& report);
/// How many rows of the figure are measured, in words.
std::string figure_state(const LearnableReport& report, const LearnableFigure& figure);
/// What is not measured, figure by figure and row by row, and the command that measures it.
Table missing_table(const LearnableReport& report);
Table attack_table(const LearnableReport& report);
Table command_table(const LearnableReport& report);

/// All but pictures, as JSON, and back. Reading throws FormatError for what is no such report.
nlohmann::ordered_json learnable_json(const LearnableReport& report);
LearnableReport read_learnable(const nlohmann::ordered_json& json);

/// One row as a line of a journal, and back. Reading throws FormatError for what is no such row.
nlohmann::ordered_json row_json(const LearnableRow& row);
LearnableRow read_row(const nlohmann::ordered_json& json);

/// A curve that stands in a file of its own.
struct CurveFile {
  std::string file, svg;
};
/// Replaces the plots of a document that is to be Markdown by pictures in `folder`, and returns those.
std::vector<CurveFile> curves_as_files(Document& document, const std::string& folder);

/// The report for people.
Document learnable_document(const LearnableReport& report);

}  // namespace obscura::report
