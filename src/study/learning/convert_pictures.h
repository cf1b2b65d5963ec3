#pragma once

#include <string>
#include <vector>

#include "image/dataset.h"
#include "nn/graph.h"
#include "study/learning/training_run.h"

/// The pictures that a conversion learns from, chooses by and is judged with.
namespace obscura::study {

struct ConversionSets {
  image::Dataset learn, validation, test;  ///< `learn`: without what is held back
  bool labelled = true;                    ///< else the labels are to be the original's answers
  bool own_validation = false;
  std::vector<std::string> notes;
};

/// Labelled: the data set's own three sets, or a share of every class of the training pictures held back where it has
/// no validation pictures. Without labels (`no_labels`, or a folder that has no folder in it): a folder's pictures,
/// those of the folders in it too, are dealt out by the seed, a tenth to test and the run's validation share to
/// validate. Throws as loading does, MismatchError for a named data set of another shape than the network's input, or
/// of other classes; UsageError without any validation share.
ConversionSets load_conversion_sets(const nn::Graph& network, const TrainingRun& run, bool no_labels);

}  // namespace obscura::study
