#include "train/vision/quick_classifier.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "train/blas.h"

namespace obscura::train {
namespace {

constexpr std::int64_t kQuickBatch = 32;

class QuickNetImpl : public torch::nn::Module {
 public:
  QuickNetImpl(std::int64_t channels, std::int64_t classes) {
    // The first takes most of the time: at a quarter of the side the rest is cheap.
    add_stage(channels, 24, 5, 4);
    add_stage(24, 48, 3, 2);
    add_stage(48, 64, 3, 2);
    register_module("body", body_);
    head_ = register_module("head", torch::nn::Linear(2 * 64, classes));
  }

  torch::Tensor forward(const torch::Tensor& x) {
    const torch::Tensor maps = body_->forward(x).flatten(2);
    return head_(torch::cat({maps.mean(2), std::get<0>(maps.max(2))}, 1));
  }

 private:
  void add_stage(std::int64_t from, std::int64_t to, std::int64_t side, std::int64_t stride) {
    const auto options = torch::nn::Conv2dOptions(from, to, side).stride(stride).padding(side / 2).bias(false);
    body_->push_back(torch::nn::Conv2d(options));
    body_->push_back(torch::nn::BatchNorm2d(to));
    body_->push_back(torch::nn::ReLU());
  }

  torch::nn::Sequential body_;
  torch::nn::Linear head_{nullptr};
};
TORCH_MODULE(QuickNet);

/// A view: the data stays where it is.
torch::Tensor quick_view(std::span<const float> values, const PictureShape& shape) {
  if (shape.size() == 0 || values.empty() || values.size() % shape.size() != 0) {
    throw MismatchError("values that are not whole pictures");
  }
  const auto side = [](std::size_t n) { return static_cast<std::int64_t>(n); };
  return torch::from_blob(const_cast<float*>(values.data()), {side(values.size() / shape.size()), side(shape.channels),
                                                              side(shape.height), side(shape.width)});
}

/// All of a batch the same way: which is as good, over many batches.
torch::Tensor mirrored_at_random(const torch::Tensor& batch) {
  torch::Tensor out = batch;
  const torch::Tensor coins = torch::randint(2, {2}, torch::kLong);
  for (std::int64_t axis = 0; axis < 2; ++axis) {
    if (coins[axis].item<std::int64_t>() == 1) out = out.flip(axis + 2);
  }
  return out;
}

}  // namespace

struct QuickClassifier::State {
  QuickTask task;
  QuickNet network{nullptr};

  void train(const torch::Tensor& pictures, const torch::Tensor& labels) {
    const auto options = torch::optim::AdamWOptions(task.rate).weight_decay(1e-2);
    torch::optim::AdamW adam(network->parameters(), options);
    const std::int64_t count = pictures.size(0), batches = (count + kQuickBatch - 1) / kQuickBatch;
    const auto steps = static_cast<double>(batches) * static_cast<double>(task.epochs);
    double step = 0;
    network->train();
    for (std::size_t epoch = 0; epoch < task.epochs; ++epoch) {
      const torch::Tensor order = torch::randperm(count, torch::kLong);
      for (std::int64_t first = 0; first < count; first += kQuickBatch) {
        // Batch norms learn nothing of a single picture.
        if (count - first < 2 && first > 0) break;
        for (auto& group : adam.param_groups()) {
          static_cast<torch::optim::AdamWOptions&>(group.options())
              .lr(0.5 * task.rate * (1 + std::cos(std::numbers::pi * step / steps)));
        }
        learn(adam, pictures, labels, order.slice(0, first, std::min(first + kQuickBatch, count)));
        ++step;
      }
    }
    network->eval();
  }

  void learn(torch::optim::AdamW& adam, const torch::Tensor& pictures, const torch::Tensor& labels,
             const torch::Tensor& index) {
    adam.zero_grad();
    const torch::Tensor logits = network->forward(mirrored_at_random(pictures.index_select(0, index)));
    const torch::Tensor loss = torch::cross_entropy_loss(logits, labels.index_select(0, index));
    if (!std::isfinite(loss.item<double>())) throw Error("training diverged: the loss is no number any more");
    loss.backward();
    adam.step();
  }
};

QuickClassifier::QuickClassifier(const QuickTask& task, std::span<const float> pictures,
                                 std::span<const std::int64_t> labels)
    : state_(std::make_unique<State>()) {
  const torch::Tensor in = quick_view(pictures, task.shape);
  const auto classes = static_cast<std::int64_t>(task.classes);
  const bool known = std::ranges::all_of(labels, [&](std::int64_t label) { return label >= 0 && label < classes; });
  if (in.size(0) != static_cast<std::int64_t>(labels.size()) || !known) {
    throw MismatchError("there is not one label of a known class for each picture");
  }
  const torch::Tensor out = torch::from_blob(const_cast<std::int64_t*>(labels.data()), {in.size(0)}, torch::kLong);
  set_math_threads(task.threads);
  torch::manual_seed(task.seed);
  state_->task = task;
  state_->network = QuickNet(static_cast<std::int64_t>(task.shape.channels), classes);
  state_->train(in, out);
}

QuickClassifier::~QuickClassifier() = default;
QuickClassifier::QuickClassifier(QuickClassifier&&) noexcept = default;
QuickClassifier& QuickClassifier::operator=(QuickClassifier&&) noexcept = default;

std::vector<std::int64_t> QuickClassifier::predict(std::span<const float> pictures) const {
  const torch::NoGradGuard no_gradients;
  const torch::Tensor in = quick_view(pictures, state_->task.shape);
  std::vector<std::int64_t> classes;
  for (std::int64_t first = 0; first < in.size(0); first += kQuickBatch) {
    const torch::Tensor batch = in.slice(0, first, std::min(first + kQuickBatch, in.size(0)));
    const torch::Tensor best = state_->network->forward(batch).argmax(1).contiguous();
    classes.insert(classes.end(), best.data_ptr<std::int64_t>(), best.data_ptr<std::int64_t>() + best.numel());
  }
  return classes;
}

}  // namespace obscura::train
