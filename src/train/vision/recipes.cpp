#include "base/error.h"
#include "train/vision/trainer.h"

namespace obscura::train {
namespace {

Augmentation moved() {
  return parse_augmentation("crop+flip");
}

/// From scratch on small pictures: SGD over a one-cycle learning rate.
Recipe convolutional() {
  Recipe r;
  r.epochs = 12;
  r.batch = 128;
  r.optimiser = Optimiser::sgd;
  r.learning_rate = 0.1;
  r.weight_decay = 5e-4;
  r.schedule = Schedule::one_cycle;
  r.warm_up = 0.25;
  r.augmentation = moved();
  r.bfloat16 = true;
  return r;
}

Recipe transformer() {
  Recipe r = convolutional();
  r.epochs = 20;
  r.optimiser = Optimiser::adamw;
  r.learning_rate = 2e-3;
  r.weight_decay = 0.05;
  r.schedule = Schedule::cosine;
  r.warm_up = 0.1;
  r.clip_norm = 1;
  return r;
}

/// Shuiliang Wu et al., ER-CNN: SGD with momentum 0.9, no schedule.
Recipe er_cnn() {
  Recipe r;
  r.epochs = 20;
  r.batch = 32;
  r.optimiser = Optimiser::sgd;
  r.learning_rate = 0.002;
  return r;
}

/// Color-NeuraCrypt after the ViT program that it names: 10,000 steps of 512 images are 102 epochs of CIFAR-10.
Recipe color_neuracrypt() {
  Recipe r;
  r.epochs = 102;
  r.batch = 512;
  r.optimiser = Optimiser::sgd;
  r.learning_rate = 0.03;
  r.weight_decay = 5e-4;
  r.schedule = Schedule::cosine;
  r.warm_up = 0.05;
  r.clip_norm = 1;
  r.augmentation = moved();
  return r;
}

Recipe neuracrypt() {
  Recipe r;
  r.epochs = 25;
  r.batch = 128;
  r.optimiser = Optimiser::adam;
  r.learning_rate = 1e-4;
  r.weight_decay = 1e-3;
  return r;
}

/// K. Madono et al. 2020.
Recipe ele() {
  Recipe r;
  r.epochs = 305;
  r.batch = 512;
  r.optimiser = Optimiser::sgd;
  r.learning_rate = 0.1;
  r.weight_decay = 5e-4;
  r.schedule = Schedule::steps;
  r.augmentation = moved();
  return r;
}

}  // namespace

Recipe vision_recipe(const std::string& network) {
  vision_summary(network);  // throws for an unknown one
  return network.starts_with("vit") || network.starts_with("convnext") ? transformer() : convolutional();
}

Recipe published_recipe(const std::string& name) {
  if (name == "er-cnn") return er_cnn();
  if (name == "color-neuracrypt") return color_neuracrypt();
  if (name == "neuracrypt") return neuracrypt();
  if (name == "ele") return ele();
  throw UsageError("unknown recipe '" + name + "': choose er-cnn, color-neuracrypt, neuracrypt or ele");
}

}  // namespace obscura::train
