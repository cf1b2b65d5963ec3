#include "train/muon.h"

#include <gtest/gtest.h>

#include <cmath>

namespace obscura::train {
namespace {

/// The polynomial that three Newton-Schulz steps apply to a singular value.
double three_steps(double s) {
  for (int i = 0; i < 3; ++i) s = 3.4445 * s - 4.775 * std::pow(s, 3) + 2.0315 * std::pow(s, 5);
  return s;
}

TEST(Muon, SingularVectorsStayAndSingularValuesComeNearOne) {
  torch::manual_seed(1);
  const auto u = std::get<0>(torch::linalg_qr(torch::randn({6, 6})));
  const auto v = std::get<0>(torch::linalg_qr(torch::randn({20, 6})));
  const auto singular = torch::tensor({0.7F, 0.5F, 0.4F, 0.25F, 0.2F, 0.05F});
  const auto matrix = torch::mm(u * singular, v.t());
  const double norm = matrix.norm().item<double>();
  auto expected = torch::empty({6});
  for (int i = 0; i < 6; ++i) {
    expected[i] = three_steps(singular[i].item<double>() / norm);
    EXPECT_NEAR(expected[i].item<double>(), 1, i < 5 ? 0.35 : 0.7) << i;
  }
  for (const bool tall : {false, true}) {
    const auto result = orthogonalised(7 * (tall ? matrix.t() : matrix));
    const auto wanted = torch::mm(u * expected, v.t());
    EXPECT_LT((result - (tall ? wanted.t() : wanted)).abs().max().item<double>(), 1e-4);
  }
}

TEST(Muon, OrthogonalRowsStayOrthogonal) {
  // A matrix with equal singular values is only scaled: to three_steps(1 / sqrt(4)).
  const auto q = std::get<0>(torch::linalg_qr(torch::randn({12, 4}))).t();
  const auto result = orthogonalised(q * 0.01);
  const auto expected = torch::eye(4) * std::pow(three_steps(0.5), 2);
  EXPECT_LT((torch::mm(result, result.t()) - expected).abs().max().item<double>(), 1e-4);
}

TEST(Muon, AStepScalesTheWeightAndAddsTheDirection) {
  auto weight = torch::zeros({2, 1, 1, 2}).requires_grad_();
  {
    const torch::NoGradGuard no_grad;
    weight.copy_(torch::tensor({3.0F, 0.0F, 0.0F, 4.0F}).reshape({2, 1, 1, 2}));
  }
  weight.mutable_grad() = torch::tensor({2.0F, 0.0F, 0.0F, 2.0F}).reshape({2, 1, 1, 2});
  Muon muon({weight});
  muon.step(0.1);
  // Norm 5 becomes sqrt(2), and the gradient, a multiple of the identity, becomes the identity times a known factor.
  const double scale = std::sqrt(2.0) / 5;
  const double step = 0.1 * three_steps(std::sqrt(0.5));
  EXPECT_NEAR(weight[0][0][0][0].item<double>(), 3 * scale - step, 1e-5);
  EXPECT_NEAR(weight[1][0][0][1].item<double>(), 4 * scale - step, 1e-5);
  EXPECT_NEAR(weight[0][0][0][1].item<double>(), 0, 1e-6);
}

}  // namespace
}  // namespace obscura::train
