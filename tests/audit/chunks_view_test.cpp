// What servers see of pictures in chunks: nothing of encrypted ones, and nothing at all that differs under "hidden".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "audit/chunks/server_view.h"
#include "audit/chunks/view_features.h"
#include "audit/scene/drawn_images.h"
#include "base/error.h"
#include "tensor/feature_chunks.h"

namespace obscura::audit {
namespace {

using testing::Each;
using testing::ElementsAre;

constexpr std::uint8_t kSentinel = 201;

/// 20 x 26 in chunks of 8 x 8: the last row is 4 high and the last column 2 wide.
const Chunking kCut{{1, 20, 26}, 8, 8};

std::vector<double> alternating(std::size_t count) {
  std::vector<double> scores(count);
  for (std::size_t k = 0; k < count; ++k) scores[k] = k % 3 == 0 ? 150 : 50;
  return scores;
}

/// Pixels of encrypted chunks are the sentinel, and no others.
image::Image marked_picture(const std::vector<double>& scores, double threshold) {
  image::Image picture(1, kCut.picture.height, kCut.picture.width);
  for (std::size_t k = 0; k < kCut.count(); ++k) {
    const ChunkPlace at = place_of(kCut, k);
    for (std::size_t y = at.y; y < at.y + at.height; ++y) {
      for (std::size_t x = at.x; x < at.x + at.width; ++x) {
        picture.at(y, x) = scores[k] > threshold ? kSentinel : static_cast<std::uint8_t>((7 * y + 3 * x) % 200);
      }
    }
  }
  return picture;
}

TEST(ServerView, HasNothingOfEncryptedChunks) {
  const auto scores = alternating(kCut.count());
  const auto picture = marked_picture(scores, 100);
  const ServerView view = server_view({ChunkPolicy::features, kCut, 100, 1}, picture, scores);
  std::size_t encrypted = 0;
  for (const auto& chunk : view.plain) EXPECT_EQ(std::ranges::count(chunk.pixels, kSentinel), 0);
  for (const auto index : view.indices) encrypted += index > 0 ? 1 : 0;
  EXPECT_EQ(view.ciphertexts, encrypted);
  EXPECT_EQ(view.plain.size(), kCut.count() - encrypted);
  // What is seen is the picture wherever it is not blank.
  const auto seen = seen_picture(kCut, view, kSentinel);
  EXPECT_EQ(seen, picture);
  // Nor do numbers made of the view change with what is in encrypted chunks.
  auto other = picture;
  for (auto& v : other.pixels) v = v == kSentinel ? 0 : v;
  EXPECT_EQ(server_view({ChunkPolicy::features, kCut, 100, 1}, other, scores), view);
}

TEST(ServerView, ThresholdsAtTheEndsGiveAllAndNothing) {
  const auto scores = alternating(kCut.count());
  const image::Image picture(1, 20, 26, 9);
  const auto none = server_view({ChunkPolicy::features, kCut, kMaxGradient, 1}, picture, scores);
  EXPECT_EQ(none.ciphertexts, 0U);
  EXPECT_EQ(none.plain.size(), kCut.count());
  EXPECT_EQ(seen_picture(kCut, none), picture);
  const auto all = server_view({ChunkPolicy::features, kCut, 0, 1}, picture, scores);
  EXPECT_EQ(all.ciphertexts, kCut.count());
  EXPECT_TRUE(all.plain.empty());
}

TEST(ServerView, HiddenAndAllAreEqualForEveryPictureAndThreshold) {
  const auto drawn = drawn_images(12, 20, 26, 5);
  for (const ChunkPolicy policy : {ChunkPolicy::hidden, ChunkPolicy::all}) {
    std::vector<ServerView> views;
    for (std::size_t n = 0; n < drawn.count; ++n) {
      const auto picture = image::to_grey(drawn.image(n));
      const std::vector<float> pixels(picture.pixels.begin(), picture.pixels.end());
      const auto scores = chunk_scores(kCut, pixels, ChunkScore::mean);
      for (const double threshold : {0.0, 40.0, 100.0, kMaxGradient}) {
        views.push_back(server_view({policy, kCut, threshold, 5}, picture, scores));
      }
    }
    EXPECT_THAT(views, Each(views.front())) << to_string(policy);
    EXPECT_EQ(views.front().ciphertexts, policy == ChunkPolicy::hidden ? 5U : kCut.count());
    EXPECT_TRUE(views.front().plain.empty());
  }
}

TEST(ServerView, NumbersSayWhatIsNotSeen) {
  const auto scores = alternating(kCut.count());
  const image::Image picture(1, 20, 26, 60);
  const std::vector<ServerView> views = {server_view({ChunkPolicy::features, kCut, 100, 1}, picture, scores),
                                         server_view({ChunkPolicy::hidden, kCut, 100, 4}, picture, scores)};
  const auto map = map_rows(kCut, views), plain = plain_rows(kCut, views), count = count_rows(views);
  ASSERT_EQ(map.columns, kCut.count());
  EXPECT_THAT(std::vector(map.values.begin(), map.values.begin() + 4), ElementsAre(1, -1, -1, 1));
  EXPECT_THAT(std::vector(map.values.begin() + 12, map.values.end()), Each(0));
  EXPECT_THAT(std::vector(plain.values.begin(), plain.values.begin() + 6), ElementsAre(-1, -1, -1, 60, 0, 0));
  EXPECT_THAT(std::vector(plain.values.begin() + 36, plain.values.end()), Each(-1));
  EXPECT_EQ(count.values[0], 4);
  EXPECT_EQ(count.values[2], 4);
}

TEST(ServerView, WhatDoesNotFitIsRefused) {
  const image::Image picture(1, 20, 26, 9);
  EXPECT_THROW(server_view({ChunkPolicy::features, kCut, 100, 1}, picture, std::vector<double>(3)), MismatchError);
  EXPECT_THROW(server_view({ChunkPolicy::features, kCut, 100, 1}, image::Image(3, 20, 26), alternating(12)),
               MismatchError);
  EXPECT_THROW(seen_picture(kCut, {{-99}, {picture}, 0, 0}), MismatchError);
  EXPECT_THROW(seen_picture(kCut, {{-1}, {}, 0, 0}), MismatchError);
  EXPECT_THROW(seen_picture(kCut, {{-1}, {picture}, 0, 0}), MismatchError);
  EXPECT_THROW(parse_chunk_policy("some"), UsageError);
}

}  // namespace
}  // namespace obscura::audit
