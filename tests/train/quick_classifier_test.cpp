#include "train/vision/quick_classifier.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"

namespace obscura::train {
namespace {

/// Noise; of class 1 with bright rows, of class 0 with bright columns.
struct Stripes {
  QuickTask task;
  std::vector<float> pictures;
  std::vector<std::int64_t> labels;

  explicit Stripes(std::size_t count) {
    task.shape = {2, 48, 40};
    task.epochs = 30;
    std::mt19937_64 random(5);
    std::normal_distribution<float> noise(0, 0.5F);
    for (std::size_t n = 0; n < count; ++n) {
      labels.push_back(static_cast<std::int64_t>(n % 2));
      for (std::size_t i = 0; i < task.shape.size(); ++i) {
        const std::size_t y = i / 40 % 48, x = i % 40;
        pictures.push_back(noise(random) + ((n % 2 == 1 ? y : x) % 4 < 2 ? 0.5F : -0.5F));
      }
    }
  }
};

TEST(QuickClassifier, LearnsStripesTheSameWayEachTime) {
  const Stripes set(97);  // the last batch holds one picture, which is left out
  const auto guessed = QuickClassifier(set.task, set.pictures, set.labels).predict(set.pictures);
  EXPECT_EQ(guessed, set.labels);
  EXPECT_EQ(QuickClassifier(set.task, set.pictures, set.labels).predict(set.pictures), guessed);
}

TEST(QuickClassifier, WhatDoesNotFitIsRefused) {
  Stripes set(8);
  EXPECT_THROW(QuickClassifier(set.task, std::span(set.pictures).subspan(1), set.labels), MismatchError);
  EXPECT_THROW(QuickClassifier(set.task, set.pictures, std::span(set.labels).subspan(1)), MismatchError);
  set.labels[3] = 2;
  EXPECT_THROW(QuickClassifier(set.task, set.pictures, set.labels), MismatchError);
}

}  // namespace
}  // namespace obscura::train
