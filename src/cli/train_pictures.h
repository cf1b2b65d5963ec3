#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "cli/protect_key.h"
#include "cli/training_data.h"
#include "train/recipe.h"

/// `obscura train --network`: networks that read pictures in the open, plain or protected by a shield.
namespace obscura::cli {

/// What the user typed beside the recipe.
struct PictureTraining {
  std::string network;  ///< empty: not this kind of training
  KeyOptions key;       ///< no file: not protected
  bool per_image = false;
  bool stored = false;  ///< the data set is a folder of protected pictures
  std::string adaptation = "none";
  std::size_t adaptation_padding = 0;
  std::string start = "whiten";
  std::string publics;
  bool no_patch_whitening = false;
  double adaptation_rate = 1;
  std::size_t rounds = 1;
  std::filesystem::path pretrained;
  bool pretrained_partial = false;
  std::string recipe;  ///< a published one by name
  bool no_positions = false;
  std::size_t patch = 0;
  std::size_t resize = 0;
  std::string device = "cpu";
};

/// What every kind of training has.
struct TrainingRun {
  std::string dataset;
  std::filesystem::path data;
  std::filesystem::path out;
  std::uint64_t seed = 1;
  std::size_t threads = 1;
  std::size_t limit = 0;
  std::size_t test_limit = 0;
  bool json = false;
  bool quiet = false;
  std::string command;
  image::PictureForm form = {};
  ChoiceWishes choice = {};
};

void add_picture_training(CLI::App& verb, PictureTraining& a);
/// Throws UsageError if options of this kind of training were given.
void refuse_picture_training(const CLI::App& verb);
/// Throws UsageError if options were given that only the other kinds of training have.
void refuse_other_training(const CLI::App& verb);

/// The options that were typed, as they were.
std::string command_of_pictures(const PictureTraining& a);

/// Writes the network, its curve, and the key if that is to be made; nothing if it throws, but for the checkpoint of
/// what was trained so far and the key that goes with it. `wishes` puts what the user asked for into a recipe.
void train_on_pictures(const PictureTraining& a, const TrainingRun& run,
                       const std::function<train::Recipe(train::Recipe)>& wishes);

}  // namespace obscura::cli
