#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/notes.h"
#include "study/learning/training_wishes.h"
#include "train/encrypted/trainer.h"

/// What both kinds of training have: of networks that run on ciphertexts (train_network.h), and of networks for
/// pictures in the open (train_pictures.h).
namespace obscura::study {

struct TrainingRun {
  std::string dataset = "mnist";
  std::filesystem::path data;  ///< folder of the data sets
  std::filesystem::path out;   ///< the network; its curve and, while it is trained, a checkpoint lie beside it
  std::uint64_t seed = 1;
  std::size_t threads = 1;
  std::size_t skip = 0;        ///< the first so many training images are left out
  std::size_t limit = 0;       ///< the first so many training images (of the rest) only; 0: all
  std::size_t test_limit = 0;  ///< the same of test images
  PictureWishes form;
  ChoiceWishes choice;
  RecipeWishes recipe;
  std::string command;  ///< that repeats it, for the files
  Notes note;           ///< what people should know
  Notes progress;       ///< a line an epoch
  bool quiet = false;   ///< no progress, and no notes of how data is used
};

/// The network's file with another ending.
std::filesystem::path beside(const std::filesystem::path& out, const char* ending);

/// For train::train: a checkpoint beside the network, and a line an epoch of `total`.
train::RunOptions run_options(const TrainingRun& run, std::size_t total);

/// A note each, unless the run is quiet.
void say_notes(const TrainingRun& run, const std::vector<std::string>& notes);

/// Says in a note that training will be slow, unless the run is quiet or the BLAS is good.
void warn_of_slow_blas(const TrainingRun& run, double gflops);

/// Throws UsageError unless the name ends as those of networks for pictures do.
void check_network_name(const std::filesystem::path& out);

}  // namespace obscura::study
