#include "train/encrypted/teacher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "nn/reference.h"
#include "train/encrypted/zoo.h"

namespace obscura::train {
namespace {

TEST(Teacher, AnswersAsItsGraphDoesWhateverTheStudentsPreprocessing) {
  torch::manual_seed(8);
  const auto skeleton = make_model("relu-l", {1, 28, 28}, 10).graph;
  nn::Graph trained = nn::fold_batch_norms(Network(skeleton).to_graph());
  trained.preprocessing.mean = {0.3F};
  trained.preprocessing.std = {0.5F};
  Preprocessing student = trained.preprocessing;
  student.mean = {0.1F};
  student.std = {0.25F};
  Teacher teacher(trained, student);
  const auto pixels = torch::rand({1, 1, 28, 28});
  const auto logits = teacher.logits((pixels - 0.1) / 0.25);
  const auto own = ((pixels - 0.3) / 0.5).contiguous();
  const auto expected = nn::run_reference(trained, {own.data_ptr<float>(), 784});
  for (std::int64_t k = 0; k < 10; ++k) {
    EXPECT_NEAR(logits[0][k].item<double>(), expected[static_cast<std::size_t>(k)], 1e-4);
  }
  EXPECT_FALSE(logits.requires_grad());
}

TEST(Teacher, TheLossIsTheDivergence) {
  // Two classes at temperature 2: the teacher says 3/4 to 1/4, the student 1/2 to 1/2.
  const auto teacher = torch::tensor({{static_cast<float>(2 * std::log(3.0)), 0.0F}});
  const auto student = torch::tensor({{5.0F, 5.0F}}).requires_grad_();
  const double expected = 4 * (0.75 * std::log(1.5) + 0.25 * std::log(0.5));
  const auto loss = distillation_loss(student, teacher, 2);
  EXPECT_NEAR(loss.item<double>(), expected, 1e-6);
  loss.backward();
  EXPECT_NEAR(student.grad()[0][0].item<double>(), 2 * (0.5 - 0.75), 1e-6);
  EXPECT_NEAR(distillation_loss(teacher, teacher, 2).item<double>(), 0, 1e-7);
}

}  // namespace
}  // namespace obscura::train
