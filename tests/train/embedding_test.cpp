#include "train/embedding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/error.h"

namespace obscura::train {
namespace {

/// Features of classes that scatter around a centre each, on very different scales, with an outlier.
struct Drawn {
  explicit Drawn(std::size_t rows, std::size_t classes = 5) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    std::vector<float> centres(classes * columns);
    for (float& v : centres) v = 2 * normal(random);
    for (std::size_t r = 0; r < rows; ++r) {
      labels.push_back(static_cast<std::int64_t>(r % classes));
      for (std::size_t c = 0; c < columns; ++c) {
        features.push_back((centres[r % classes * columns + c] + normal(random)) *
                           std::pow(10.0F, static_cast<float>(c % 5)));
      }
    }
    features[7] = 1e18F;
  }
  std::size_t columns = 20;
  std::vector<float> features;
  std::vector<std::int64_t> labels;
};

std::vector<double> embedded(const Embedding& e, const Drawn& drawn, std::size_t row) {
  std::vector<double> z(e.bias.begin(), e.bias.end());
  for (std::size_t k = 0; k < z.size(); ++k) {
    for (std::size_t c = 0; c < drawn.columns; ++c) {
      z[k] += static_cast<double>(e.weights[k * drawn.columns + c]) * drawn.features[row * drawn.columns + c];
    }
  }
  return z;
}

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  double product = 0, of_a = 0, of_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) product += a[i] * b[i], of_a += a[i] * a[i], of_b += b[i] * b[i];
  return product / std::sqrt(of_a * of_b);
}

TEST(Embedding, PutsPicturesOfAClassTogether) {
  const Drawn drawn(2000);
  EmbeddingRecipe recipe;
  recipe.epochs = 6;
  std::size_t heard = 0;
  const auto learnt = train_embedding(drawn.features, drawn.labels, 5, recipe, 1, [&](auto, double) { ++heard; });
  EXPECT_EQ(heard, 6u);
  ASSERT_EQ(learnt.bias.size(), 64u);
  ASSERT_EQ(learnt.weights.size(), 64 * drawn.columns);
  EXPECT_LT(learnt.losses.back(), 0.7 * learnt.losses.front());
  double same = 0, other = 0;
  for (std::size_t r = 100; r < 200; ++r) {
    const auto z = embedded(learnt, drawn, r);
    same += cosine(z, embedded(learnt, drawn, r + 500)) / 100,
        other += cosine(z, embedded(learnt, drawn, r + 501)) / 100;
  }
  EXPECT_GT(same, other + 0.4);
}

TEST(Embedding, IsTheSameAgain) {
  const Drawn drawn(600);
  EmbeddingRecipe recipe;
  recipe.epochs = 2;
  const auto once = train_embedding(drawn.features, drawn.labels, 5, recipe, 9);
  EXPECT_EQ(train_embedding(drawn.features, drawn.labels, 5, recipe, 9).weights, once.weights);
  EXPECT_NE(train_embedding(drawn.features, drawn.labels, 5, recipe, 10).weights, once.weights);
}

TEST(Embedding, RefusesWhatCannotBe) {
  const Drawn drawn(100);
  EmbeddingRecipe recipe;
  EXPECT_THROW(train_embedding(drawn.features, drawn.labels, 4, recipe, 1), MismatchError);
  EXPECT_THROW(train_embedding(std::span(drawn.features).first(1999), drawn.labels, 5, recipe, 1), MismatchError);
  EXPECT_THROW(train_embedding(drawn.features, drawn.labels, 64, recipe, 1), UnsupportedError);
  recipe.numbers = 60;
  EXPECT_THROW(train_embedding(drawn.features, drawn.labels, 5, recipe, 1), ParameterError);
}

}  // namespace
}  // namespace obscura::train
