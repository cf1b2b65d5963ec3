#include "train/encrypted/teacher.h"

#include <string>

#include "base/error.h"

namespace obscura::train {

Teacher::Teacher(const nn::Graph& trained, const Preprocessing& student) : network_(trained) {
  network_.set_weights(trained);
  network_.eval();
  const auto channels = [](const std::vector<float>& values) { return torch::tensor(values).reshape({-1, 1, 1}); };
  if (trained.preprocessing.colour != student.colour) {
    throw MismatchError("the teacher reads " + trained.preprocessing.colour + " pictures, the student " +
                        student.colour);
  }
  if (trained.preprocessing.equalise != student.equalise) {
    throw MismatchError(std::string("the teacher reads pictures with") + (trained.preprocessing.equalise ? "" : "out") +
                        " equalised histograms, the student the other way");
  }
  const auto own = in_unit_range(trained.preprocessing), given = in_unit_range(student);
  scale_ = channels(given.std) / channels(own.std);
  shift_ = (channels(given.mean) - channels(own.mean)) / channels(own.std);
}

torch::Tensor Teacher::logits(const torch::Tensor& images) {
  const torch::NoGradGuard no_grad;
  return network_.forward(images * scale_ + shift_);
}

torch::Tensor distillation_loss(const torch::Tensor& student, const torch::Tensor& teacher, double temperature) {
  const auto wanted = torch::softmax(teacher / temperature, 1);
  const auto log_wanted = torch::log_softmax(teacher / temperature, 1);
  const auto log_given = torch::log_softmax(student / temperature, 1);
  return (wanted * (log_wanted - log_given)).sum(1).mean() * (temperature * temperature);
}

}  // namespace obscura::train
