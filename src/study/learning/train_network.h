#pragma once

#include <filesystem>
#include <string>

#include "study/learning/training_run.h"
#include "train/curve.h"

/// Training of networks that run on ciphertexts.
namespace obscura::study {

struct NetworkTraining {
  std::string model = "tenseal";  ///< of the zoo
  std::string chunk;      ///< "28" or "28x26", width x height: of models that cut pictures; empty: the usual one
  std::string histogram;  ///< "equalise" or "none", of grey pictures; empty: as the model does
  std::filesystem::path teacher;  ///< a trained network whose answers are learned from, too; empty: none
  std::filesystem::path trunk;    ///< of an embedding (train_embedding.h)
};

struct TrainedNetwork {
  train::CurveHeader header;
  train::TrainResult result;
};

/// Writes the network as ONNX and its curve beside it (.curve.json, .curve.svg); if it throws, nothing but the
/// checkpoint of what was trained so far, from which the next run goes on. Throws UsageError for what is mistyped, and
/// as loading and training do.
TrainedNetwork train_network(const NetworkTraining& training, const TrainingRun& run);

}  // namespace obscura::study
