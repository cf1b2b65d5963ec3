#include "train/vision/inversion.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "train/blas.h"

namespace obscura::train {
namespace {

constexpr std::int64_t kBatch = 64;
constexpr std::int64_t kMostPlaceWeights = 4'000'000;
constexpr std::int64_t kMostMixed = 256;  ///< places
constexpr std::int64_t kWide = 192;
constexpr std::int64_t kMaps = 32;

std::int64_t whole(std::size_t n) {
  return static_cast<std::int64_t>(n);
}

/// [B, C, H, W] to [B, places, samples of a patch].
torch::Tensor to_rows(const torch::Tensor& pictures, std::int64_t patch) {
  return torch::pixel_unshuffle(pictures, patch).flatten(2).transpose(1, 2);
}

class DecoderImpl : public torch::nn::Module {
 public:
  DecoderImpl(const InversionTask& task, const torch::Tensor& mean, const torch::Tensor& deviation)
      : seen_patch_(whole(task.seen_patch)), plain_patch_(whole(task.plain_patch)) {
    const std::int64_t places = whole(task.plain.height * task.plain.width / (task.plain_patch * task.plain_patch));
    const std::int64_t in = whole(task.seen.channels * task.seen_patch * task.seen_patch);
    const std::int64_t out = whole(task.plain.channels * task.plain_patch * task.plain_patch);
    rows_ = whole(task.plain.height / task.plain_patch);
    mean_ = register_buffer("mean", mean);
    deviation_ = register_buffer("deviation", deviation);
    own_ = places * in * out <= kMostPlaceWeights;
    const auto start = torch::randn({own_ ? places : 1, in, out}) / std::sqrt(static_cast<double>(in));
    place_ = register_parameter("place", start);
    bias_ = register_parameter("bias", torch::zeros({places, out}));
    if (places <= kMostMixed)
      mix_ = register_parameter("mix", torch::eye(places) + 0.01 * torch::randn({places, places}));
    first_ = register_module("first", torch::nn::Linear(out, kWide));
    second_ = register_module("second", torch::nn::Linear(kWide, out));
    const auto convolution = [](std::int64_t from, std::int64_t to) {
      return torch::nn::Conv2d(torch::nn::Conv2dOptions(from, to, 3).padding(1));
    };
    const std::int64_t channels = whole(task.plain.channels);
    clean_ = register_module(
        "clean", torch::nn::Sequential(convolution(channels, kMaps), torch::nn::GELU(), convolution(kMaps, kMaps),
                                       torch::nn::GELU(), convolution(kMaps, channels)));
  }

  torch::Tensor forward(const torch::Tensor& seen) {
    torch::Tensor x = (to_rows(seen, seen_patch_) - mean_) / deviation_;  // [B, n, in]
    x = own_ ? torch::matmul(x.transpose(0, 1), place_).transpose(0, 1) : torch::matmul(x, place_[0]);
    if (mix_.defined()) x = torch::matmul(mix_, x);
    x = x + bias_;
    x = x + second_(torch::gelu(first_(x)));
    const torch::Tensor grid = x.transpose(1, 2).reshape({x.size(0), x.size(2), rows_, x.size(1) / rows_});
    const torch::Tensor picture = torch::pixel_shuffle(grid, plain_patch_);
    return picture + clean_->forward(picture);
  }

 private:
  std::int64_t seen_patch_, plain_patch_, rows_ = 0;
  bool own_ = false;
  torch::Tensor mean_, deviation_, place_, bias_, mix_;
  torch::nn::Linear first_{nullptr}, second_{nullptr};
  torch::nn::Sequential clean_{nullptr};
};
TORCH_MODULE(Decoder);

/// A view: the data stays where it is.
torch::Tensor view(std::span<const float> values, const PictureShape& shape) {
  if (shape.size() == 0 || values.empty() || values.size() % shape.size() != 0) {
    throw MismatchError(fmt::format("{} samples are no pictures of {}x{}x{}", values.size(), shape.channels,
                                    shape.height, shape.width));
  }
  return torch::from_blob(
      const_cast<float*>(values.data()),
      {whole(values.size() / shape.size()), whole(shape.channels), whole(shape.height), whole(shape.width)});
}

void check(const InversionTask& t, const torch::Tensor& seen, const torch::Tensor& plain) {
  const bool patches = t.seen_patch > 0 && t.plain_patch > 0 && t.seen.height % t.seen_patch == 0 &&
                       t.seen.width % t.seen_patch == 0 && t.plain.height % t.plain_patch == 0 &&
                       t.plain.width % t.plain_patch == 0;
  if (!patches || t.seen.height / t.seen_patch != t.plain.height / t.plain_patch ||
      t.seen.width / t.seen_patch != t.plain.width / t.plain_patch) {
    throw MismatchError("plain and protected pictures are not of as many patches");
  }
  if (seen.size(0) != plain.size(0)) throw MismatchError("there are not as many plain pictures as protected ones");
}

}  // namespace

struct Inversion::State {
  InversionTask task;
  Decoder decoder{nullptr};
  double loss = 0;

  void train(const torch::Tensor& seen, const torch::Tensor& plain) {
    torch::optim::Adam adam(decoder->parameters(), torch::optim::AdamOptions(task.rate));
    const std::size_t counted = std::max<std::size_t>(1, task.steps / 10);
    decoder->train();
    for (std::size_t step = 0; step < task.steps; ++step) {
      const double done = static_cast<double>(step) / static_cast<double>(task.steps);
      const double rate = 0.5 * task.rate * (1 + std::cos(std::numbers::pi * done));
      for (auto& group : adam.param_groups()) static_cast<torch::optim::AdamOptions&>(group.options()).lr(rate);
      const torch::Tensor index = torch::randint(seen.size(0), {std::min(kBatch, seen.size(0))}, torch::kLong);
      adam.zero_grad();
      const torch::Tensor error =
          torch::mse_loss(decoder->forward(seen.index_select(0, index)), plain.index_select(0, index));
      const auto value = error.item<double>();
      if (!std::isfinite(value)) throw Error("training a decoder diverged: its loss is no number any more");
      if (step + counted >= task.steps) loss += value / static_cast<double>(counted);
      error.backward();
      torch::nn::utils::clip_grad_norm_(decoder->parameters(), 1.0);
      adam.step();
    }
    decoder->eval();
  }
};

Inversion::Inversion(const InversionTask& task, std::span<const float> seen, std::span<const float> plain)
    : state_(std::make_unique<State>()) {
  const torch::Tensor in = view(seen, task.seen), out = view(plain, task.plain);
  check(task, in, out);
  set_math_threads(task.threads);
  torch::manual_seed(task.seed);
  const torch::Tensor rows = to_rows(in, whole(task.seen_patch));
  const torch::Tensor mean = rows.mean(0), deviation = rows.std(std::vector<std::int64_t>{0}, false) + 1e-3;
  state_->task = task;
  state_->decoder = Decoder(task, mean, deviation);
  state_->train(in, out);
}

Inversion::~Inversion() = default;
Inversion::Inversion(Inversion&&) noexcept = default;
Inversion& Inversion::operator=(Inversion&&) noexcept = default;

double Inversion::loss() const {
  return state_->loss;
}

std::vector<float> Inversion::recover(std::span<const float> seen) const {
  const torch::NoGradGuard no_gradients;
  const torch::Tensor in = view(seen, state_->task.seen);
  std::vector<float> out;
  for (std::int64_t first = 0; first < in.size(0); first += kBatch) {
    const torch::Tensor made =
        state_->decoder->forward(in.slice(0, first, std::min(first + kBatch, in.size(0)))).contiguous();
    out.insert(out.end(), made.data_ptr<float>(), made.data_ptr<float>() + made.numel());
  }
  return out;
}

}  // namespace obscura::train
