#pragma once

#include <cstddef>
#include <string>
#include <vector>

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
  std::size_t block = 0;
  std::size_t rounds = 1;
  bool adapts = false;  ///< what its adaptation reveals is measured
  bool shown = false;   ///< in the strips of pictures
};

/// One call of `audit attack`, on a key that the rows have made.
struct LearnableAttackPlan {
  std::string owner_key, dataset;
  std::vector<std::string> options;
};

inline constexpr std::size_t kLearnableSeed = 1;

/// How many images a run takes.
struct LearnableSizes {
  std::size_t train = 0;     ///< images to train on; 0: all
  std::size_t test = 0;      ///< images to test with; 0: all
  std::size_t pictures = 0;  ///< test images to reveal
};
LearnableSizes learnable_sizes(const ReproduceOptions& options);

/// True for er-cnn and color-neuracrypt.
bool is_learnable(const std::string& subject);

std::vector<std::string> learnable_keys(const std::string& subject);

/// Throws UsageError for a row that there is not.
std::vector<LearnablePlan> learnable_plan(const ReproduceOptions& options);

/// The options of `train` that make such a key.
std::vector<std::string> key_words(const KeyOptions& key);

/// On the keys of those rows.
std::vector<LearnableAttackPlan> learnable_attacks(const ReproduceOptions& options,
                                                   const std::vector<LearnablePlan>& rows);

}  // namespace obscura::study
