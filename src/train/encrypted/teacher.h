#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include "nn/graph.h"
#include "train/encrypted/network.h"

namespace obscura::train {

/// A trained network whose answers another one learns from. Not thread-safe.
class Teacher {
 public:
  /// `student` says how the images that logits() is given were preprocessed; they are undone and done the teacher's
  /// way. Throws UnsupportedError if the network holds layers that src/train cannot run.
  Teacher(const nn::Graph& trained, const Preprocessing& student);

  /// images [N, C, H, W] -> logits [N, classes], without gradients.
  torch::Tensor logits(const torch::Tensor& images);

  void use_bfloat16(bool wanted) { network_.use_bfloat16(wanted); }

 private:
  Network network_;
  torch::Tensor scale_;  // [C, 1, 1]
  torch::Tensor shift_;
};

/// temperature^2 * KL(softmax(teacher / temperature) || softmax(student / temperature)), the mean over the images
/// (G. Hinton, O. Vinyals, J. Dean, arXiv 1503.02531).
torch::Tensor distillation_loss(const torch::Tensor& student, const torch::Tensor& teacher, double temperature);

}  // namespace obscura::train
