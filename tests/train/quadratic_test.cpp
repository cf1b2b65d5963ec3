#include "train/encrypted/quadratic.h"

#include <gtest/gtest.h>

namespace obscura::train {
namespace {

/// The same by LibTorch's own operations, which differentiate themselves.
torch::Tensor by_definition(const torch::Tensor& x, const torch::Tensor& coefficients,
                            const QuadraticStatistics& running, const QuadraticForm& form) {
  const bool batch = form.batch_statistics;
  auto z = torch::batch_norm(x, {}, {}, running.mean, running.variance, batch, kNormMomentum, kNormEpsilon, false);
  if (form.bound > 0) z = torch::clamp(z, -form.bound, form.bound);
  const auto n = torch::batch_norm(z * z, {}, {}, running.square_mean, running.square_variance, batch, kNormMomentum,
                                   kNormEpsilon, false);
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[1] = -1;
  return coefficients[0].reshape(shape) * z + coefficients[1].reshape(shape) * n;
}

torch::Tensor penalty(const torch::Tensor& x, const QuadraticStatistics& running, const QuadraticForm& form) {
  const auto z = torch::batch_norm(x, {}, {}, running.mean, running.variance, form.batch_statistics, kNormMomentum,
                                   kNormEpsilon, false);
  return form.range_weight * torch::relu(z.abs() - form.range_limit).square().mean();
}

QuadraticStatistics fresh(std::int64_t channels) {
  return {torch::full({channels}, 0.1F), torch::full({channels}, 1.3F), torch::full({channels}, 0.9F),
          torch::full({channels}, 1.7F)};
}

double distance(const torch::Tensor& a, const torch::Tensor& b) {
  const auto larger = torch::maximum(a.abs().max(), b.abs().max()).item<double>();
  return (a - b).abs().max().item<double>() / std::max(larger, 1e-6);
}

struct Case {
  std::vector<std::int64_t> dims;
  QuadraticForm form;
};

class QuadraticTest : public ::testing::TestWithParam<Case> {};

TEST_P(QuadraticTest, ValuesAndGradientsAreThoseOfTheDefinition) {
  const auto& [dims, form] = GetParam();
  torch::manual_seed(3);
  auto x = (torch::randn(dims) * 2 + 0.5).requires_grad_();
  auto twin = x.detach().clone().requires_grad_();
  auto coefficients = torch::randn({2, dims[1]}).requires_grad_();
  auto twin_coefficients = coefficients.detach().clone().requires_grad_();
  const auto running = fresh(dims[1]);
  const auto expected_running = fresh(dims[1]);
  const auto scratch = fresh(dims[1]);
  const auto weights = torch::randn(dims);

  const auto y = normalised_quadratic(x, coefficients, running, form);
  const auto expected = by_definition(twin, twin_coefficients, expected_running, form);
  EXPECT_LT(distance(y, expected), 1e-5);
  (y * weights).sum().backward();
  ((expected * weights).sum() + penalty(twin, scratch, form)).backward();
  EXPECT_LT(distance(x.grad(), twin.grad()), 1e-4);
  EXPECT_LT(distance(coefficients.grad(), twin_coefficients.grad()), 1e-4);
  EXPECT_LT(distance(running.mean, expected_running.mean), 1e-5);
  EXPECT_LT(distance(running.variance, expected_running.variance), 1e-5);
  EXPECT_LT(distance(running.square_mean, expected_running.square_mean), 1e-5);
  EXPECT_LT(distance(running.square_variance, expected_running.square_variance), 1e-5);
}

// The penalty is heavy, so that its gradient cannot hide in the rounding.
INSTANTIATE_TEST_SUITE_P(Forms, QuadraticTest,
                         ::testing::Values(Case{{6, 5, 4, 3}, {true, 0, 0, 0}}, Case{{6, 5, 4, 3}, {false, 0, 0, 0}},
                                           Case{{6, 5, 4, 3}, {true, 1.5, 900, 1}},
                                           Case{{6, 5, 4, 3}, {false, 1.5, 900, 1}},
                                           Case{{70, 67}, {true, 2, 5000, 1.2}}, Case{{9, 130, 3, 3}, {true, 0, 5, 1}},
                                           Case{{2, 32, 9, 9}, {false, 0, 5000, 1}}));

TEST(Quadratic, ThePenaltysGradientIsKnown) {
  // z = x where the running statistics are those of nothing: 2 * weight * (|z| - limit) / count, with z's sign.
  auto x = torch::tensor({{3.0F, -7.0F}, {-2.0F, 1.0F}}).requires_grad_();
  const auto variance = static_cast<float>(1 - kNormEpsilon);
  const QuadraticStatistics running{torch::zeros({2}), torch::full({2}, variance), torch::ones({2}), torch::ones({2})};
  const auto y = normalised_quadratic(x, torch::zeros({2, 2}), running, {false, 0, 10, 2});
  y.sum().backward();
  const auto expected = torch::tensor({{5.0F, -25.0F}, {0.0F, 0.0F}});
  EXPECT_LT(distance(x.grad(), expected), 1e-5);
}

TEST(Quadratic, Bfloat16IsTheSameToItsPrecision) {
  torch::manual_seed(4);
  auto x = torch::randn({8, 16, 6, 6}).requires_grad_();
  auto half = x.detach().to(torch::kBFloat16).requires_grad_();
  auto coefficients = torch::randn({2, 16});
  const QuadraticForm form{true, 3, 10, 2};
  const auto a = normalised_quadratic(x, coefficients, fresh(16), form);
  const auto b = normalised_quadratic(half, coefficients, fresh(16), form);
  EXPECT_EQ(b.scalar_type(), torch::kBFloat16);
  EXPECT_LT(distance(a, b.to(torch::kFloat32)), 0.02);
  const auto weights = torch::randn({8, 16, 6, 6});
  (a * weights).sum().backward();
  (b * weights).sum().backward();
  EXPECT_LT(distance(x.grad(), half.grad().to(torch::kFloat32)), 0.03);
}

}  // namespace
}  // namespace obscura::train
