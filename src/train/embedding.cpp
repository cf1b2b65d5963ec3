#include "train/embedding.h"

#include <torch/torch.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"

namespace obscura::train {
namespace {

constexpr double kClamp = 8;

void check(std::span<const float> features, std::span<const std::int64_t> labels, std::size_t classes,
           const EmbeddingRecipe& recipe) {
  const bool possible = std::has_single_bit(recipe.numbers) && recipe.numbers >= 8 && recipe.epochs > 0 &&
                        recipe.batch > 0 && recipe.learning_rate > 0 && recipe.weight_decay >= 0 &&
                        recipe.cosine_scale > 0 && recipe.code_share >= 0;
  if (!possible)
    throw ParameterError("an embedding needs a power of two of numbers from 8, epochs, and positive rates");
  if (labels.empty() || features.size() % labels.size() != 0 || features.empty()) {
    throw MismatchError("features and labels are not of the same pictures");
  }
  // The matrix's first row is all ones: a class that had it would have a code without a zero.
  if (classes < 2 || classes >= recipe.numbers) {
    throw UnsupportedError("an embedding of " + std::to_string(recipe.numbers) + " numbers has codes for 2 to " +
                           std::to_string(recipe.numbers - 1) + " classes, not " + std::to_string(classes));
  }
  for (const auto label : labels) {
    if (label < 0 || static_cast<std::size_t>(label) >= classes) throw MismatchError("a label is no class");
  }
}

/// +1 and -1, a row a class: rows 1 on of Sylvester's matrix.
torch::Tensor class_codes(std::size_t classes, std::size_t numbers) {
  auto codes = torch::empty({static_cast<std::int64_t>(classes), static_cast<std::int64_t>(numbers)});
  auto values = codes.accessor<float, 2>();
  for (std::size_t c = 0; c < classes; ++c) {
    for (std::size_t k = 0; k < numbers; ++k) {
      values[static_cast<std::int64_t>(c)][static_cast<std::int64_t>(k)] = std::popcount((c + 1) & k) % 2 == 0 ? 1 : -1;
    }
  }
  return codes;
}

/// What features are centred by and divided by.
struct Spread {
  std::vector<double> middle, scale;
};

Spread spread_of(std::span<const float> features, std::size_t columns) {
  const std::size_t rows = features.size() / columns;
  Spread spread;
  std::vector<float> column(rows);
  const auto at = [&](double share) {
    const auto nth = column.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(rows - 1));
    std::nth_element(column.begin(), nth, column.end());
    return static_cast<double>(*nth);
  };
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < rows; ++r) column[r] = features[r * columns + c];
    const double half = (at(0.84) - at(0.16)) / 2;
    spread.middle.push_back(at(0.5));
    spread.scale.push_back(half > 0 ? half : 1);
  }
  return spread;
}

torch::Tensor standardised(std::span<const float> features, std::size_t columns, const Spread& spread) {
  const auto rows = static_cast<std::int64_t>(features.size() / columns), wide = static_cast<std::int64_t>(columns);
  auto x = torch::empty({rows, wide});
  float* out = x.data_ptr<float>();
  for (std::size_t i = 0; i < features.size(); ++i) {
    const std::size_t c = i % columns;
    const double z = (features[i] - spread.middle[c]) / spread.scale[c];
    out[i] = static_cast<float>(std::clamp(z, -kClamp, kClamp));
  }
  return x;
}

torch::Tensor loss_of(const torch::Tensor& z, const torch::Tensor& directions, const torch::Tensor& codes,
                      const torch::Tensor& y, const EmbeddingRecipe& recipe) {
  namespace F = torch::nn::functional;
  const auto unit = F::normalize(z, F::NormalizeFuncOptions().dim(1));
  const auto towards = F::normalize(directions, F::NormalizeFuncOptions().dim(1));
  const auto cosines = recipe.cosine_scale * torch::mm(unit, towards.t());
  const auto of_bits = torch::softplus(-z * codes.index_select(0, y)).sum(1).mean();
  return F::cross_entropy(cosines, y) + recipe.code_share * of_bits;
}

/// The embedding of features as they are: W (x - middle) / scale + b.
Embedding unstandardised(const torch::Tensor& weight, const torch::Tensor& bias, const Spread& spread) {
  Embedding embedding;
  const auto w = weight.detach().contiguous(), b = bias.detach().contiguous();
  const std::size_t columns = spread.middle.size();
  for (std::int64_t k = 0; k < w.size(0); ++k) {
    double shift = b.data_ptr<float>()[k];
    for (std::size_t c = 0; c < columns; ++c) {
      const double value = w.data_ptr<float>()[static_cast<std::size_t>(k) * columns + c] / spread.scale[c];
      embedding.weights.push_back(static_cast<float>(value));
      shift -= value * spread.middle[c];
    }
    embedding.bias.push_back(static_cast<float>(shift));
  }
  return embedding;
}

}  // namespace

Embedding train_embedding(std::span<const float> features, std::span<const std::int64_t> labels, std::size_t classes,
                          const EmbeddingRecipe& recipe, std::uint64_t seed,
                          const std::function<void(std::size_t epoch, double loss)>& on_epoch) {
  check(features, labels, classes, recipe);
  const std::size_t columns = features.size() / labels.size();
  const auto rows = static_cast<std::int64_t>(labels.size());
  const auto batch = static_cast<std::int64_t>(std::min(recipe.batch, labels.size()));
  const auto numbers = static_cast<std::int64_t>(recipe.numbers);
  const Spread spread = spread_of(features, columns);
  const auto x = standardised(features, columns, spread);
  const auto y = torch::tensor(torch::IntArrayRef(labels.data(), labels.size()), torch::kInt64);
  const auto codes = class_codes(classes, recipe.numbers);
  torch::set_num_threads(1);
  torch::manual_seed(seed);
  torch::nn::Linear layer(static_cast<std::int64_t>(columns), numbers);
  auto directions = torch::randn({static_cast<std::int64_t>(classes), numbers}, torch::requires_grad());
  using Options = torch::optim::AdamOptions;
  std::vector<torch::optim::OptimizerParamGroup> groups;
  groups.emplace_back(std::vector<torch::Tensor>{layer->weight},
                      std::make_unique<Options>(Options(recipe.learning_rate).weight_decay(recipe.weight_decay)));
  groups.emplace_back(std::vector<torch::Tensor>{layer->bias, directions});
  torch::optim::Adam optimiser(std::move(groups), Options(recipe.learning_rate));
  const std::int64_t steps = (rows / batch) * static_cast<std::int64_t>(recipe.epochs);
  std::int64_t step = 0;
  std::vector<double> losses;
  for (std::size_t epoch = 1; epoch <= recipe.epochs; ++epoch) {
    const auto order = torch::randperm(rows);
    double sum = 0;
    for (std::int64_t first = 0; first + batch <= rows; first += batch, ++step) {
      for (auto& group : optimiser.param_groups()) {
        group.options().set_lr(recipe.learning_rate * (1 - static_cast<double>(step) / static_cast<double>(steps)));
      }
      const auto some = order.slice(0, first, first + batch);
      const auto loss = loss_of(layer(x.index_select(0, some)), directions, codes, y.index_select(0, some), recipe);
      optimiser.zero_grad();
      loss.backward();
      optimiser.step();
      sum += loss.item<double>();
    }
    losses.push_back(sum / static_cast<double>(rows / batch));
    if (!std::isfinite(losses.back())) throw Error("the loss is no number any more: lower the learning rate");
    if (on_epoch) on_epoch(epoch, losses.back());
  }
  Embedding embedding = unstandardised(layer->weight, layer->bias, spread);
  embedding.losses = std::move(losses);
  return embedding;
}

}  // namespace obscura::train
