#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "report/learnable/learnable.h"
#include "study/learning/reproduce_plan.h"
#include "study/shield_key.h"

/// What `reproduce er-cnn` and `reproduce color-neuracrypt` are going to train, to measure and to attack.
namespace obscura::study {

/// One training, what is measured of it, and the pictures that the report shows.
struct LearnablePlan {
  std::string key, title, dataset;
  std::string plain;                  ///< key of the row with the same network on plain pictures; empty: this is one
  std::string owner_key;              ///< name of the owner's key, which rows may share; empty: plain
  KeyOptions shield;                  ///< what that key is like; its file is not named yet
  std::vector<std::string> training;  ///< options of `train` besides
  std::size_t skip = 0, limit = 0;    ///< training pictures: left out, then taken; 0: all
  std::string pretrained;             ///< key of the row whose network it starts from; empty: from nothing
  bool partial = false;               ///< of which it takes what fits
  std::string adaptation;             ///< key of the row whose adaptation it starts from; empty: from nothing
  std::size_t block = 0;
  std::size_t rounds = 1;
  std::uint64_t seed = 1;  ///< of the training, and of the key
  std::string series;      ///< see report::LearnableRow
  std::size_t round = 0;   ///< see report::LearnableRow
  std::size_t resize = 0;  ///< side that `training` resizes pictures to; 0: as they are
  bool adapts = false;     ///< what its adaptation reveals is measured
  bool shown = false;      ///< in the strips of pictures
  bool main = true;        ///< stands in the tables of all rows
  bool read = true;        ///< tested on plain pictures and on another key's, too
};

/// One call of `audit attack`, on a key that the rows have made.
struct LearnableAttackPlan {
  std::string owner_key, dataset;
  std::vector<std::string> options;
};

/// How many images a run takes.
struct LearnableSizes {
  std::size_t test = 0;      ///< images to test with; 0: all
  std::size_t pictures = 0;  ///< test images to reveal
};
LearnableSizes learnable_sizes(const ReproduceOptions& options);

/// True for er-cnn and color-neuracrypt.
bool is_learnable(const std::string& subject);

/// Keys of the rows, and ids of the figures, tables and sections that stand for several: both are for --only.
std::vector<std::string> learnable_keys(const std::string& subject);
std::vector<std::string> learnable_figure_ids(const std::string& subject);

/// All rows of the subject, each after those that it builds on. Data sets are asked how many pictures they have.
std::vector<LearnablePlan> learnable_plan(const ReproduceOptions& options);

/// The rows that options.only names by key or figure; all if it names none. Throws UsageError for a word that is
/// neither. What they build on is not among them unless it is named.
std::vector<std::string> learnable_wanted(const ReproduceOptions& options);

/// The paper's figures, tables and sections, in its order.
std::vector<report::LearnableFigure> learnable_figures(const std::string& subject);

/// On the keys of those rows.
std::vector<LearnableAttackPlan> learnable_attacks(const ReproduceOptions& options,
                                                   const std::vector<LearnablePlan>& rows);

}  // namespace obscura::study
