#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "report/scores.h"
#include "study/learning/training_run.h"
#include "study/preprocessing.h"
#include "train/convert/fitted_layer.h"
#include "train/curve.h"

/// A network as people have it (ReLU, SiLU, maximum pools, ...) made one that ciphertexts can compute, and retrained
/// against itself.
namespace obscura::study {

struct NetworkConversion {
  std::filesystem::path network;    ///< ONNX; TrainingRun::out is the converted one
  StatedPreprocessing stated;       ///< where the file does not say it; goes into the converted one
  std::string input;                ///< "1x28x28", for one that takes numbers; empty: as the file says
  bool no_labels = false;           ///< learn from the original's answers alone
  std::optional<double> agreement;  ///< end once so many validation pictures get the original's class; else all epochs
  std::optional<double> gradual;    ///< share of the epochs over which quadratics are blended in
  std::optional<std::size_t> simulate;  ///< test pictures whose encrypted run is simulated; else all; 0: none
};

/// How many of so many pictures, with Wilson's interval.
struct Share {
  std::size_t part = 0, whole = 0;
  double value() const { return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole); }
  report::Interval interval() const { return report::wilson_interval(part, whole); }
};

/// What `compile` makes of it, and which test pictures an encrypted run would lose.
struct ConversionCost {
  std::string problem;  ///< why it does not compile; empty: it does
  int log_degree = 0;
  std::size_t primes = 0;     ///< of the chain: one a level, and one more
  double seconds = 0;         ///< predicted, a query on one thread
  std::string cheaper;        ///< what less precision would save (compile::cheaper_text)
  std::size_t simulated = 0;  ///< test pictures
  std::size_t lost = 0;       ///< of those: a value leaves the range that the encrypted run has room for
  Share simulated_agreement;  ///< with the original, of those
};

struct ConvertedNetwork {
  train::CurveHeader header;
  train::TrainResult result;               ///< accuracies on validation pictures are agreements with the original
  std::vector<train::FittedLayer> layers;  ///< what was replaced, in order
  bool labelled = true;
  Share fitted;          ///< agreement on validation pictures, fitted only
  Share agreement;       ///< on test pictures
  Share original_right;  ///< on test pictures; nothing without labels
  Share converted_right;
  ConversionCost cost;
  double minutes = 0;
};

/// Writes the network and its curve (.curve.json, .curve.svg); if it throws, nothing but the checkpoint from which the
/// next run goes on. Test pictures are asked once, when everything is chosen. Throws UsageError for what is mistyped,
/// UnsupportedError for a network that cannot be converted or has nothing to be, MismatchError for pictures of another
/// shape or other classes, and as loading and training do.
ConvertedNetwork convert_network(const NetworkConversion& conversion, const TrainingRun& run);

/// The object that docs/cli.md describes.
nlohmann::ordered_json conversion_json(const ConvertedNetwork& converted, const TrainingRun& run);

}  // namespace obscura::study
