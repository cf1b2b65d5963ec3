// Modes blind and trusted of a search.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/error.h"
#include "compile/networks.h"
#include "nn/reference.h"
#include "search/distances.h"
#include "study/search/blind.h"
#include "study/search/trusted.h"
#include "study/search/vectors.h"

namespace obscura::study {
namespace {

using testing::HasSubstr;

/// A network of one square layer, and a gallery of unit vectors, some places of which are empty.
struct Drawn {
  Drawn(std::size_t numbers, std::size_t places, std::uint64_t seed) : random(static_cast<unsigned>(seed)) {
    graph = networks::chain({1, 8, 8}, {{"conv", networks::conv(random, 1, 3, 3, 1, 1)},
                                        {"square", nn::Square{}},
                                        {"flatten", nn::Flatten{}},
                                        {"embedding", networks::linear(random, 192, numbers)}});
    form.kind = search::VectorKind::unit, form.dimension = numbers, form.recipe = kVectorsOfOutput;
    std::mt19937_64 more(seed);
    std::normal_distribution<float> normal;
    for (std::size_t p = 0; p < places; ++p) {
      const bool taken = p == 0 || p % 5 != 2;
      vectors.taken.push_back(taken), vectors.labels.push_back(taken ? 0 : -1);
      std::vector<float> row(numbers);
      double squares = 0;
      for (float& v : row) v = normal(more), squares += static_cast<double>(v) * v;
      for (float& v : row) v = taken ? static_cast<float>(v / std::sqrt(squares)) : 0;
      vectors.values.insert(vectors.values.end(), row.begin(), row.end());
    }
  }
  networks::Random random;
  nn::Graph graph;
  search::GalleryForm form;
  search::Gallery::Vectors vectors;
};

// One image, fewer and more than a ciphertext has slots.
TEST(Blind, SaysTheCosinesOfTheGallery) {
  for (const auto& [numbers, places] :
       std::vector<std::pair<std::size_t, std::size_t>>{{4, 1}, {16, 100}, {8, 40000}}) {
    SCOPED_TRACE(testing::Message() << places << " places of " << numbers);
    Drawn drawn(numbers, places, numbers + places);
    const ScoreSource source = blind_source(drawn.graph, drawn.form, drawn.vectors, 2);
    EXPECT_GT(source.key_bytes, 100000u);
    for (const auto& image : networks::images(2, 64, places)) {
      const auto answer = source.ask(image);
      const auto said = nn::run_reference(drawn.graph, image);
      const std::vector<float> vector(said.begin(), said.end());
      const auto exact = search::cosine_distances({drawn.vectors.values, numbers}, vector);
      ASSERT_EQ(answer.distances.size(), places);
      EXPECT_GT(answer.bound, 0);
      EXPECT_LT(answer.bound, 1e-3);
      EXPECT_GT(answer.query_bytes, 10000u);
      EXPECT_GT(answer.reply_bytes, 10000u);
      for (std::size_t p = 0; p < places; ++p) {
        if (!drawn.vectors.taken[p]) continue;
        ASSERT_NEAR(answer.distances[p], exact[p], answer.bound + 1e-6) << p;
      }
    }
  }
}

TEST(Blind, RefusesVectorsThatDoNotFollowLinearly) {
  const auto refused = [](auto change) {
    Drawn drawn(4, 3, 1);
    change(drawn.form);
    try {
      blind_source(drawn.graph, drawn.form, drawn.vectors, 1);
      return std::string("taken");
    } catch (const UnsupportedError& e) {
      return std::string(e.what());
    }
  };
  EXPECT_THAT(refused([](auto& form) { form.kind = search::VectorKind::code; }), HasSubstr("the gallery has codes"));
  EXPECT_THAT(refused([](auto& form) { form.recipe = kVectorsOfClasses; }), HasSubstr("vectors of classes"));
}

TEST(Trusted, TakesTwelveStepsAndTheServerSees) {
  const Shape input{3, 32, 32};
  TrustedSearch search;
  std::vector<float> picture;
  for (std::size_t i = 0; i < input.size(); ++i) picture.push_back(static_cast<float>(i % 256) / 255 - 0.4F);
  const auto seen = search.send(picture);
  ASSERT_EQ(seen.size(), picture.size());
  for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_NEAR(seen[i], picture[i], 1e-4) << i;
  search.searched(0.1, 0.2);
  std::vector<std::vector<std::uint8_t>> records(5, std::vector<std::uint8_t>(3142));
  for (std::size_t k = 0; k < 5; ++k) {
    for (std::size_t i = 0; i < records[k].size(); ++i) records[k][i] = static_cast<std::uint8_t>(i * (k + 3));
  }
  EXPECT_EQ(search.give(records), records);
  ASSERT_EQ(search.steps().size(), 12u);
  EXPECT_EQ(search.steps()[5].side, "server");
  EXPECT_THAT(search.steps()[5].readable, HasSubstr("THE SERVER"));
  EXPECT_EQ(std::ranges::count(search.steps(), std::string("client"), &TrustedStep::side), 5);
  EXPECT_GT(search.bytes().query, 90000u);
  EXPECT_GT(search.bytes().fetch, 5 * 90000u);
}

TEST(Trusted, PicturesComeBackFromValues) {
  image::Image picture(3, 4, 5);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = static_cast<std::uint8_t>(4 * i);
  std::vector<std::uint8_t> planar;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < 20; ++i) planar.push_back(picture.pixels[3 * i + c]);
  }
  Preprocessing how = default_preprocessing({3, 4, 5});
  how.mean = {0.4F, 0.5F, 0.6F}, how.std = {0.2F, 0.3F, 0.1F};
  EXPECT_EQ(picture_of_values(preprocess(planar, how), {3, 4, 5}, how), picture);
}

TEST(Trusted, TakesPicturesAndRecordsOfSeveralCiphertexts) {
  TrustedSearch search;
  const Shape input{3, 64, 64};
  std::vector<float> picture(input.size());
  for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<float>(i % 251) / 251;
  const auto seen = search.send(picture);
  ASSERT_EQ(seen.size(), picture.size());
  for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_NEAR(seen[i], picture[i], 1e-4) << i;
  std::vector<std::vector<std::uint8_t>> records(2, std::vector<std::uint8_t>(5000));
  for (std::size_t i = 0; i < records[1].size(); ++i) records[1][i] = static_cast<std::uint8_t>(7 * i);
  EXPECT_EQ(search.give(records), records);
}

}  // namespace
}  // namespace obscura::study
