#pragma once

#include <string>

#include "cli/option_table.h"
#include "study/learning/train_network.h"
#include "study/learning/train_pictures.h"

/// The options of `train`, which trains two kinds of networks.
namespace obscura::cli {

/// What a training is of; options that only one of them reads are refused for the other.
enum TrainMode { kTrainsNetwork = 1, kTrainsPictures = 2 };

struct TrainArguments {
  study::NetworkTraining network;
  study::PictureTraining pictures;
  study::TrainingRun run;
  bool json = false;
  bool force = false;

  TrainMode mode() const { return pictures.network.empty() ? kTrainsNetwork : kTrainsPictures; }
};

const OptionTable<TrainArguments>& train_options();

/// Those of networks for pictures, as a part of the table.
OptionTable<study::PictureTraining> picture_training_options();

}  // namespace obscura::cli
