#include "train/vision/shakedrop.h"

namespace obscura::train {
namespace {

// LibTorch calls it by these names.
struct Shake : torch::autograd::Function<Shake> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& ahead, const torch::Tensor& back) {
    context->save_for_backward({back});
    return x * ahead.to(x.scalar_type());
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto back = context->get_saved_variables().front();
    return {gradients.front() * back.to(gradients.front().scalar_type()), {}, {}};
  }
};

}  // namespace

torch::Tensor shake(const torch::Tensor& x, const torch::Tensor& forward, const torch::Tensor& backward) {
  return Shake::apply(x, forward, backward);
}

torch::Tensor shake_drop(const torch::Tensor& x, double dropped, bool training) {
  if (!training) return x * (1 - dropped);
  const bool kept = torch::rand({1}).item<double>() >= dropped;
  if (kept) return x;
  const auto ahead = torch::empty({x.size(0), 1, 1, 1}, x.device()).uniform_(-1, 1);
  const auto back = torch::empty({x.size(0), 1, 1, 1}, x.device()).uniform_(0, 1);
  return shake(x, ahead, back);
}

}  // namespace obscura::train
