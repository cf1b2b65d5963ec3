#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "report/score_page.h"
#include "report/scores.h"
#include "study/evaluate/encrypted_run.h"
#include "study/evaluate/original_run.h"
#include "study/evaluate/simulated_run.h"

namespace obscura::study {

/// Everything that `evaluate` measured.
struct Evaluation {
  std::string network;  ///< the file
  std::string dataset;
  std::size_t threads = 0;
  std::optional<std::uint64_t> seed;
  std::string selection;             ///< which images: "the first 40 of 10,000"
  bool mirrored = false;             ///< the network sees the mirror image beside each (nn/mirrored.h)
  std::vector<std::string> classes;  ///< the network's
  report::Scores scores;
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

/// Everything that a simulation found.
struct SimulatedEvaluation {
  std::string network;  ///< the file
  std::string dataset;
  std::string selection;
  bool mirrored = false;
  std::vector<std::string> classes;
  report::Scores scores;
  SimulatedRun run;
  nn::Origin origin;
  std::optional<OriginalScores> original;
};

/// What the network sees of an image, for people.
std::string seen_text(const message::ClientSpec& client, bool mirrored);

/// For report::score_document.
report::ScorePage evaluation_page(const Evaluation& evaluation);
report::ScorePage evaluation_page(const SimulatedEvaluation& evaluation);

/// The object that docs/cli.md describes.
nlohmann::ordered_json evaluation_json(const Evaluation& evaluation);
nlohmann::ordered_json evaluation_json(const SimulatedEvaluation& evaluation);

/// The same for people: lines of text.
std::string evaluation_text(const Evaluation& evaluation);
std::string evaluation_text(const SimulatedEvaluation& evaluation);

}  // namespace obscura::study
