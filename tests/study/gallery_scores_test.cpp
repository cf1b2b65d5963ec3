// Encrypted scores rank as the plain ones do: exactly for codes, within the bound for vectors of length 1.
#include "study/search/gallery_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/error.h"
#include "nn/onnx_write.h"
#include "study/search/gallery_measures.h"
#include "support/temporary.h"

namespace obscura::study {
namespace {

using search::Distance;
using search::VectorKind;

/// A network that says of a picture of one row what the picture is.
nn::Graph identity(std::size_t size) {
  nn::Graph graph = nn::make_graph("identity", {1, 1, size});
  nn::Linear linear;
  linear.out_features = size;
  linear.weights.assign(size * size, 0);
  for (std::size_t i = 0; i < size; ++i) linear.weights[i * size + i] = 1;
  nn::add_node(graph, "dense", linear, {0});
  return graph;
}

struct Case {
  VectorKind kind;
  std::size_t images, dimension;
};

std::vector<float> drawn(std::size_t count, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& v : values) v = normal(random);
  return values;
}

/// A gallery of five classes, whose vectors scatter around a centre each; with holes.
struct Drawn {
  Drawn(const Case& of, std::uint64_t seed) : random(seed) {
    form.kind = of.kind, form.dimension = of.dimension, form.recipe = kVectorsOfOutput;
    for (int c = 0; c < 5; ++c) centres.push_back(drawn(of.dimension, random));
    for (std::size_t place = 0; place < of.images; ++place) {
      const bool taken = place == 0 || place % 7 != 3;
      const auto label = static_cast<std::int64_t>(random() % 5);
      vectors.taken.push_back(taken);
      vectors.labels.push_back(taken ? label : -1);
      std::vector<float> row(of.dimension, of.kind == VectorKind::code ? 1.0F : 0.0F);
      if (taken) row = search::vector_of(form.selection, form.kind, near(label));
      vectors.values.insert(vectors.values.end(), row.begin(), row.end());
    }
  }

  std::vector<float> near(std::int64_t label) {
    auto values = drawn(form.dimension, random);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += centres[static_cast<std::size_t>(label)][i];
    return values;
  }

  search::ScoreTable table(ThreadPool& pool) const {
    return {search::plan_scores(form.kind, form.dimension), {vectors.values, form.dimension}, pool};
  }

  std::mt19937_64 random;
  search::GalleryForm form;
  search::Gallery::Vectors vectors;
  std::vector<std::vector<float>> centres;
};

/// Average precision where the distances of relevant images are shifted all one way and the others the other way: none
/// that errs by no more than the bound is better (worse).
double extreme_map(const Drawn& gallery, std::vector<float> distances, std::int64_t label, double shift) {
  for (std::size_t i = 0; i < distances.size(); ++i) {
    distances[i] += static_cast<float>(gallery.vectors.labels[i] == label ? -shift : shift);
  }
  RankingMeasures one(gallery.vectors.taken, gallery.vectors.labels);
  one.add(distances, label);
  return one.measures().map.mean;
}

class GalleryScores : public testing::TestWithParam<Case> {};

TEST_P(GalleryScores, EncryptedMeasuresAreThePlainOnesWithinTheBound) {
  const Case of = GetParam();
  Drawn gallery(of, of.images * 1000 + of.dimension);
  const TemporaryFolder folder;
  nn::write_onnx(identity(of.dimension), folder / "n.onnx");
  VectorNetwork network(folder / "n.onnx", gallery.form);
  const Distance distance = own_distance(of.kind);
  const PlainDistances exact(gallery.form, gallery.vectors, distance);
  ThreadPool pool(2);
  const auto plain = plain_source(network, exact);
  const auto blind = blind_features_source(network, gallery.form, gallery.table(pool), distance, pool);
  EXPECT_EQ(plain.bound, 0);
  EXPECT_EQ(blind.bound == 0, of.kind == VectorKind::code);
  EXPECT_GT(blind.key_bytes, 1000U);
  RankingMeasures in_clear(gallery.vectors.taken, gallery.vectors.labels), encrypted = in_clear;
  double least = 0, most = 0;
  constexpr int kQueries = 6;
  for (int query = 0; query < kQueries; ++query) {
    const std::int64_t label = query % 5;
    const auto picture = gallery.near(label);
    const auto a = plain.ask(picture), b = blind.ask(picture);
    ASSERT_EQ(a.distances.size(), of.images);
    ASSERT_EQ(b.distances.size(), of.images);
    for (std::size_t i = 0; i < of.images; ++i) {
      if (!gallery.vectors.taken[i]) continue;
      ASSERT_NEAR(a.distances[i], b.distances[i], blind.bound + 1e-6) << i;
    }
    in_clear.add(a.distances, label);
    encrypted.add(b.distances, label, a.distances, blind.bound + 1e-6);
    least += extreme_map(gallery, a.distances, label, -blind.bound - 1e-6) / kQueries;
    most += extreme_map(gallery, a.distances, label, blind.bound + 1e-6) / kQueries;
    EXPECT_GT(b.query_bytes, a.query_bytes);
  }
  const auto a = in_clear.measures(), b = encrypted.measures();
  EXPECT_EQ(b.top5_as_near->mean, 1);
  if (of.kind == VectorKind::code) {
    EXPECT_EQ(a.map.mean, b.map.mean);
    EXPECT_EQ(a.map_tied.mean, b.map_tied.mean);
    EXPECT_EQ(a.map.null, b.map.null);
    EXPECT_EQ(a.precision_at_100.mean, b.precision_at_100.mean);
    EXPECT_EQ(b.top5_agreement->mean, 1);
  } else {
    EXPECT_GE(b.map.mean, least - 1e-9);
    EXPECT_LE(b.map.mean, most + 1e-9);
    EXPECT_GE(b.map_tied.mean, least - 1e-9);
    EXPECT_LE(b.map_tied.mean, most + 1e-9);
  }
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  return search::to_string(info.param.kind) + std::to_string(info.param.images) + "x" +
         std::to_string(info.param.dimension);
}

INSTANTIATE_TEST_SUITE_P(Galleries, GalleryScores,
                         testing::Values(Case{VectorKind::code, 1, 1}, Case{VectorKind::code, 2, 64},
                                         Case{VectorKind::code, 40, 700}, Case{VectorKind::code, 2049, 33},
                                         Case{VectorKind::code, 3000, 10}, Case{VectorKind::unit, 1, 1},
                                         Case{VectorKind::unit, 2, 2}, Case{VectorKind::unit, 50, 129},
                                         Case{VectorKind::unit, 30, 700}, Case{VectorKind::unit, 3000, 10},
                                         Case{VectorKind::unit, 700, 64}),
                         case_name);

TEST(GalleryDistances, AreToldByScoresAsTheyAreComputed) {
  Drawn gallery({VectorKind::code, 50, 37}, 9);
  const auto query = search::vector_of(gallery.form.selection, VectorKind::code, gallery.near(2));
  for (const Distance distance : {Distance::hamming, Distance::unequal, Distance::cosine}) {
    const auto exact = PlainDistances(gallery.form, gallery.vectors, distance).of(query);
    for (std::size_t i = 0; i < exact.size(); ++i) {
      float score = 0;
      for (std::size_t c = 0; c < 37; ++c) score += query[c] * gallery.vectors.values[i * 37 + c];
      EXPECT_NEAR(distance_of_score(score, distance, VectorKind::code, 37), exact[i], 1e-6);
    }
  }
}

TEST(GalleryDistances, ThatVectorsDoNotHaveAreRefused) {
  Drawn gallery({VectorKind::unit, 5, 4}, 9);
  EXPECT_THROW(PlainDistances(gallery.form, gallery.vectors, Distance::hamming), UsageError);
  const TemporaryFolder folder;
  nn::write_onnx(identity(4), folder / "n.onnx");
  VectorNetwork network(folder / "n.onnx", gallery.form);
  ThreadPool pool(1);
  EXPECT_THROW(blind_features_source(network, gallery.form, gallery.table(pool), Distance::unequal, pool), UsageError);
}

TEST(Ties, AreCountedBehindTheLast) {
  const std::vector<float> distances = {3, 1, 2, 2, 1, 2, 9};
  using Places = std::vector<std::size_t>;
  EXPECT_EQ(ties_text(distances, Places{1, 4}), "");
  EXPECT_THAT(ties_text(distances, Places{1}), ::testing::HasSubstr("1 more image is as near as the last"));
  EXPECT_THAT(ties_text(distances, Places{1, 4, 2}), ::testing::HasSubstr("2 more images are as near as the last"));
  EXPECT_EQ(ties_text(distances, Places{1, 4, 2, 3, 5}), "");
  EXPECT_EQ(ties_text(distances, Places{}), "");
}

}  // namespace
}  // namespace obscura::study
