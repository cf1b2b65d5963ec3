#pragma once

#include <string>
#include <vector>

#include "report/document.h"
#include "report/scores.h"

/// What an evaluation found, drawn: on the console, and for a page.
namespace obscura::report {

/// "98.40 % (95 %: 97.40 to 99.03)".
std::string accuracy_text(double accuracy, const Interval& interval);

/// The confusion matrix with recall, precision and F1 of every class, rows being labels; of more than twenty classes
/// their most frequent mistakes and worst scores instead. `predicted`: what the columns are.
std::string confusion_text(const Scores& scores, const std::vector<std::string>& classes, const std::string& predicted);

/// How often errors of a size occurred, a bar each; empty if nothing was counted.
std::string errors_text(const ErrorHistogram& errors);

/// What a page says of an evaluation.
struct ScorePage {
  std::string title, subtitle;
  std::vector<std::string> facts;  ///< lines: network, data set, which images, preprocessing, parameters
  std::string run;                 ///< "encrypted" or "simulated"
  std::size_t images = 0;
  std::vector<std::string> classes;
  Scores scores;
};

Document score_document(const ScorePage& page);

}  // namespace obscura::report
