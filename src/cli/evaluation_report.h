#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/encrypted_run.h"
#include "cli/original_run.h"
#include "cli/report_scores.h"
#include "cli/scores.h"

namespace obscura::cli {

/// Everything that `evaluate` measured.
struct Evaluation {
  std::string network;  ///< the file
  std::string dataset;
  std::size_t threads = 0;
  std::optional<std::uint64_t> seed;
  std::string selection;             ///< which images: "the first 40 of 10,000"
  std::vector<std::string> classes;  ///< the network's
  Scores scores;
  /// Largest error of a logit against the network as it was compiled, where activations were fitted: what encryption
  /// alone adds. 0: nothing was fitted, and scores.max_logit_error is that.
  double max_encryption_error = 0;
  /// Images whose encrypted logits have nothing to do with those of the compiled network: values too large for the
  /// modulus.
  std::vector<std::size_t> lost;
  EncryptedRun run;
  nn::Origin origin;                       ///< of the network, where its file says that it was fitted
  std::optional<OriginalScores> original;  ///< against the network that it was fitted from
  double plain_seconds = 0;
  double peak_memory_mb = 0;

  std::size_t images() const { return run.logits.size(); }
  /// Evaluation alone: packed on one thread (mean), batched on all of them.
  double milliseconds_per_image() const;
  double median_milliseconds_per_image() const;
};

/// What both kinds of run tell of scores: intervals, the majority, classes, confusion, scores a class, errors.
nlohmann::ordered_json scores_json(const Scores& scores, const std::vector<std::string>& classes);

/// Accuracies with their intervals, and what is right by naming one class always. `run`: the run beside the plain one.
void print_accuracy(const Scores& scores, const std::vector<std::string>& classes, const std::string& run);

/// For score_document.
ScorePage evaluation_page(const Evaluation& evaluation);

/// The object that docs/cli.md describes.
nlohmann::ordered_json evaluation_json(const Evaluation& evaluation);

/// The same for people, on standard output.
void print_evaluation(const Evaluation& evaluation);

}  // namespace obscura::cli
