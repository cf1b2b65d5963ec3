#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "study/learning/training_run.h"
#include "train/embedding.h"

namespace obscura::study {

struct EmbeddingTraining {
  std::filesystem::path trunk;  ///< a trained classifier whose features are embedded (ONNX)
  train::EmbeddingRecipe recipe;
};

/// How good rankings by it are: of the training pictures, for test pictures.
struct RankingQuality {
  double map = 0, precision_at_5 = 0, precision_at_100 = 0;
};

struct TrainedEmbedding {
  train::EmbeddingRecipe recipe;
  train::Embedding embedding;
  std::string trunk;  ///< its file name
  std::size_t features = 0, numbers = 0, gallery = 0, queries = 0;
  RankingQuality cosine;  ///< of unit vectors
  RankingQuality codes;   ///< of signs, pictures at equal distance in any order
  RankingQuality null;    ///< of unit vectors, with labels dealt out anew
  double seconds = 0;
};

/// The trunk's features, frozen, and a linear map of them that is learnt (train/embedding.h), as one network whose
/// output is the embedding: quadratic where the trunk is, so it runs encrypted where the trunk does. Writes it as ONNX.
/// The test pictures are read once, at the end. Throws UsageError for what is mistyped, UnsupportedError for a trunk
/// without features, and as reading networks and pictures does.
TrainedEmbedding train_embedding_network(const EmbeddingTraining& training, const TrainingRun& run);

nlohmann::ordered_json embedding_json(const TrainedEmbedding& trained, const TrainingRun& run);

}  // namespace obscura::study
