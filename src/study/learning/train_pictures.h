#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "study/learning/training_run.h"
#include "study/shield_key.h"
#include "train/curve.h"

/// Training of networks that read pictures in the open, plain or protected by a shield.
namespace obscura::study {

/// What there is to say beside TrainingRun.
struct PictureTraining {
  std::string network;  ///< empty: not this kind of training
  KeyOptions key;       ///< no file: not protected
  bool per_image = false;
  bool stored = false;  ///< the data set is a folder of protected pictures
  std::string adaptation = "none";
  std::size_t adaptation_padding = 0;
  std::size_t adaptation_block = 0;  ///< pixels a side of its kernel; 0: the shield's block
  std::string start = "whiten";
  std::string publics;
  bool no_patch_whitening = false;
  double adaptation_rate = 1;
  double network_rate = 1;                ///< of the network behind the adaptation; 0: it does not learn
  std::filesystem::path adaptation_from;  ///< a trained network whose adaptation is gone on with
  std::size_t rounds = 1;
  std::filesystem::path pretrained;
  bool pretrained_partial = false;
  std::string recipe;  ///< a published one by name
  bool no_positions = false;
  std::size_t patch = 0;
  std::size_t resize = 0;
  std::string device = "cpu";
};

/// What came of it.
struct TrainedPictures {
  train::CurveHeader header;
  train::TrainResult curve;
  std::string shield;   ///< of the pictures; empty: they were plain
  std::string promise;  ///< what that shield promises
};

/// Writes the network (.safetensors), its curve beside it, and the key if that is to be made; nothing if it throws, but
/// for the checkpoint of what was trained so far and the key that goes with it. Throws UsageError for what makes no
/// sense together, before anything is read.
TrainedPictures train_on_pictures(const PictureTraining& training, const TrainingRun& run);

}  // namespace obscura::study
