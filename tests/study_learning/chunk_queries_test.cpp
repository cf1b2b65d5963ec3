// What servers get of pictures in chunks, by queries that are really encrypted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/scene/drawn_images.h"
#include "base/error.h"
#include "study/learning/chunk_queries.h"
#include "tensor/feature_chunks.h"

namespace obscura::study {
namespace {

using testing::Each;

/// 50 x 64 in chunks of 14 x 16: the last row is 8 high.
const Chunking kCut{{1, 50, 64}, 14, 16};

std::vector<image::Image> grey_pictures(std::size_t count, const Shape& size = kCut.picture) {
  const auto drawn = audit::drawn_images(count, size.height, size.width, 5);
  std::vector<image::Image> pictures;
  for (std::size_t n = 0; n < count; ++n) pictures.push_back(image::to_grey(drawn.image(n)));
  pictures.emplace_back(1, size.height, size.width, 77);  // flat
  return pictures;
}

TEST(ChunkQueries, AllButFeaturesShowTheSameOfEveryPicture) {
  ThreadPool pool(2);
  const auto pictures = grey_pictures(6);
  for (const char* policy : {"whole", "all", "hidden"}) {
    ChunkQueries queries{kCut, 3, {}, true};
    queries.wishes.policy = policy;
    const auto views = server_views(queries, pictures, pool);
    EXPECT_THAT(views, Each(views.front())) << policy;
    EXPECT_GT(views.front().ciphertexts, 0U);
    EXPECT_GT(views.front().bytes, 1000U);
    EXPECT_TRUE(views.front().plain.empty() && views.front().indices.empty());
    queries.equalise = false;
    EXPECT_EQ(server_views(queries, pictures, pool), views) << policy;
  }
}

TEST(ChunkQueries, FeaturesShowTheChunksBelowTheThreshold) {
  ThreadPool pool(2);
  const auto pictures = grey_pictures(6);
  ChunkQueries queries{kCut, 3, {}, false};
  queries.wishes.policy = "features";
  for (const double threshold : {0.0, 40.0, 100.0, kMaxGradient}) {
    queries.wishes.threshold = threshold;
    const auto views = server_views(queries, pictures, pool);
    for (std::size_t n = 0; n < pictures.size(); ++n) {
      const std::vector<float> pixels(pictures[n].pixels.begin(), pictures[n].pixels.end());
      const auto scores = chunk_scores(kCut, pixels, ChunkScore::mean);
      EXPECT_EQ(views[n].indices, signed_indices(scores, threshold));
      EXPECT_EQ(views[n].plain.size() + count_features(views[n].indices), kCut.count());
      const auto seen = audit::seen_picture(kCut, views[n], 0);
      const auto plain = audit::plain_chunks(kCut, views[n]);
      for (std::size_t k = 0; k < kCut.count(); ++k) {
        const ChunkPlace at = place_of(kCut, k);
        EXPECT_EQ(seen.at(at.y + 3, at.x + 5), plain[k] ? pictures[n].at(at.y + 3, at.x + 5) : 0);
      }
    }
  }
}

TEST(ChunkQueries, MoreEncryptedChunksAreMoreBytes) {
  ThreadPool pool(2);
  const Chunking cut{{1, 112, 112}, 28, 28};
  const auto pictures = grey_pictures(3, cut.picture);
  ChunkQueries queries{cut, 6, {}, false};
  queries.wishes.policy = "features";
  queries.wishes.threshold = 0;
  const auto most = server_views(queries, pictures, pool);
  queries.wishes.threshold = kMaxGradient;
  const auto least = server_views(queries, pictures, pool);
  EXPECT_GT(most.front().ciphertexts, least.front().ciphertexts);
  EXPECT_GT(most.front().bytes, least.front().bytes);
}

TEST(ChunkQueries, ChunksThatTheNetworkCannotTakeAreRefused) {
  ThreadPool pool(1);
  EXPECT_THROW(server_views({{{1, 20, 20}, 4, 4}, 3, {}, true}, std::vector{image::Image(1, 20, 20)}, pool),
               UnsupportedError);
}

}  // namespace
}  // namespace obscura::study
