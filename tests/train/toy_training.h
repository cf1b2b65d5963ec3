#pragma once

#include <memory>

#include "train/toy_pictures.h"
#include "train/vision/pictures.h"
#include "train/vision/trainer.h"

namespace obscura::train {

inline Recipe quick_recipe() {
  Recipe r;
  r.epochs = 2;
  r.batch = 16;
  r.optimiser = Optimiser::sgd;
  r.learning_rate = 0.05;
  r.schedule = Schedule::cosine;
  r.augmentation.flip = true;
  return r;
}

inline VisionTask toy_task(Adaptation adaptation = Adaptation::none) {
  VisionTask task;
  task.spec = {.network = "resnet8", .height = 16, .width = 16, .classes = 2, .adaptation = adaptation};
  task.recipe = quick_recipe();
  return task;
}

inline RunOptions quiet(std::uint64_t seed = 1) {
  RunOptions options;
  options.seed = seed;
  options.progress = false;
  return options;
}

/// A toy data set with its test pictures, which outlive what draws from them.
struct Toys {
  explicit Toys(const Protection& protection = {}, std::size_t count = 64)
      : train_set(tones(count, 1)),
        test_set(tones(40, 2)),
        train(shielded_pictures(train_set, protection)),
        test(shielded_pictures(test_set, protection)) {}
  VisionResult run(const VisionTask& task, const RunOptions& options) const {
    return train_vision(task, *train, *test, options);
  }
  image::Dataset train_set, test_set;
  std::unique_ptr<Pictures> train, test;
};

inline Toys hidden_toys() {
  return Toys({.key = toy_key("hill", 4)});
}

}  // namespace obscura::train
