#pragma once

#include <string>
#include <vector>

#include "train/encrypted/trainer.h"

namespace obscura::train {

/// What a training curve says besides its numbers.
struct CurveHeader {
  std::string model;
  std::string dataset;
  std::string command;
  std::string recipe;
  std::uint64_t seed = 1;
  std::size_t threads = 1;
  double gemm_gflops = 0;
  std::string device = "cpu";
  std::vector<std::string> classes = {};
  std::string share = "of the test images";  ///< what the share that the picture is headed by is of
  std::string validation = "validation images";
  std::vector<std::string> notes = {};  ///< of how pictures were read, beside those of the choice
};

/// One JSON object: version, model, dataset, command, recipe, seed, threads, gemm_gflops, device; kept_epoch, chosen_by
/// (validation_accuracy, validation_recall, or last_epoch where nothing validates), stopped_early, images {training,
/// validation, test}, validation_from (held_back, dataset, none), class_weights (a number a class; null: all alike);
/// test_accuracy and test {images, right, accuracy, interval [low, high] at 95 %, mean_recall, classes [{class, images,
/// predicted, recall, precision, f1}] with null where there is nothing to share, confusion [label][prediction]}, of the
/// kept epoch; epochs [{epoch, train_loss, train_accuracy, validation_loss, validation_accuracy, validation_recall,
/// seconds, images_per_second}], without the three of validation where there is none; activations [{layer, max_abs,
/// rms, p999}], the range over the test set of what is squared, outliers [{limit, images}], skipped_steps and notes.
std::string curve_json(const CurveHeader& header, const TrainResult& result);

/// Accuracy on training and validation images over the epochs, and which is kept, as a picture of 640 x 360.
std::string curve_svg(const CurveHeader& header, const TrainResult& result);

}  // namespace obscura::train
