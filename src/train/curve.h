#pragma once

#include <string>

#include "train/trainer.h"

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
};

/// One JSON object: version, model, dataset, command, recipe, seed, threads, gemm_gflops, device, test_accuracy,
/// epochs [{epoch, train_loss, train_accuracy, test_accuracy, seconds, images_per_second}] and
/// activations [{layer, max_abs, rms, p999}], the range over the test set of what is squared,
/// outliers [{limit, images}] and skipped_steps.
std::string curve_json(const CurveHeader& header, const TrainResult& result);

/// Accuracy on training and test images over the epochs, as a picture of 640 x 360.
std::string curve_svg(const CurveHeader& header, const TrainResult& result);

}  // namespace obscura::train
