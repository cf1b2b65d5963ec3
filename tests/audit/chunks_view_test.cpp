// What servers see of pictures in chunks: nothing of encrypted ones, and nothing at all that differs under "hidden".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "audit/chunks/server_view.h"
#include "audit/chunks/view_features.h"
#include "base/error.h"
#include "support/part_view.h"
#include "tensor/feature_chunks.h"

namespace obscura::audit {
namespace {

using testing::Each;
using testing::ElementsAre;

constexpr std::uint8_t kSentinel = 201;

/// 20 x 26 in chunks of 8 x 8: the last row is 4 high and the last column 2 wide.
const Chunking kCut{{1, 20, 26}, 8, 8};

/// Every third is encrypted.
std::vector<std::int32_t> alternating(std::size_t count) {
  std::vector<std::int32_t> indices(count);
  for (std::size_t k = 0; k < count; ++k) indices[k] = static_cast<std::int32_t>(k + 1) * (k % 3 == 0 ? 1 : -1);
  return indices;
}

/// Pixels of encrypted chunks are the sentinel, and no others.
image::Image marked_picture(const std::vector<std::int32_t>& indices) {
  image::Image picture(1, kCut.picture.height, kCut.picture.width);
  for (std::size_t k = 0; k < kCut.count(); ++k) {
    const ChunkPlace at = place_of(kCut, k);
    for (std::size_t y = at.y; y < at.y + at.height; ++y) {
      for (std::size_t x = at.x; x < at.x + at.width; ++x) {
        picture.at(y, x) = indices[k] > 0 ? kSentinel : static_cast<std::uint8_t>((7 * y + 3 * x) % 200);
      }
    }
  }
  return picture;
}

TEST(ServerView, HasNothingOfEncryptedChunks) {
  const auto indices = alternating(kCut.count());
  const auto picture = marked_picture(indices);
  const ServerView view = part_view(kCut, picture, indices);
  EXPECT_EQ(view.indices, indices);
  for (const auto& chunk : view.plain) EXPECT_EQ(std::ranges::count(chunk.pixels, kSentinel), 0);
  EXPECT_EQ(view.plain.size(), kCut.count() - count_features(indices));
  // What is seen is the picture, to the last bit, wherever it is not blank.
  EXPECT_EQ(seen_picture(kCut, view, kSentinel), picture);
  // Nor do numbers made of the view change with what is in encrypted chunks.
  auto other = picture;
  for (auto& v : other.pixels) v = v == kSentinel ? 0 : v;
  EXPECT_EQ(part_view(kCut, other, indices), view);
}

TEST(ServerView, EveryPixelComesBackThroughPreprocessing) {
  image::Image picture(1, 20, 26);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = static_cast<std::uint8_t>(i % 256);
  std::vector<std::int32_t> none(kCut.count());
  for (std::size_t k = 0; k < none.size(); ++k) none[k] = -static_cast<std::int32_t>(k) - 1;
  for (const auto& [mean, std] : {std::pair{0.0F, 1.0F}, std::pair{0.5F, 0.2887F}, std::pair{0.13F, 0.31F}}) {
    Preprocessing how = default_preprocessing(kCut.picture);
    how.mean = {mean}, how.std = {std};
    EXPECT_EQ(seen_picture(kCut, part_view(kCut, picture, none, how)), picture);
  }
}

TEST(ServerView, NumbersSayWhatIsNotSeen) {
  const image::Image picture(1, 20, 26, 60);
  std::vector<ServerView> views = {part_view(kCut, picture, alternating(kCut.count())), part_view(kCut, picture, {})};
  views[0].ciphertexts = 3, views[0].bytes = 700;
  const auto map = map_rows(kCut, views), plain = plain_rows(kCut, views), count = count_rows(views);
  ASSERT_EQ(map.columns, kCut.count());
  EXPECT_THAT(std::vector(map.values.begin(), map.values.begin() + 4), ElementsAre(1, -1, -1, 1));
  EXPECT_THAT(std::vector(map.values.begin() + 12, map.values.end()), Each(0));
  EXPECT_THAT(std::vector(plain.values.begin(), plain.values.begin() + 6), ElementsAre(-1, -1, -1, 60, 0, 0));
  EXPECT_THAT(std::vector(plain.values.begin() + 36, plain.values.end()), Each(-1));
  EXPECT_THAT(std::vector(count.values.begin(), count.values.begin() + 2), ElementsAre(3, 700));
}

TEST(ServerView, WhatDoesNotFitIsRefused) {
  const image::Image picture(1, 20, 26, 9);
  message::Query query{{}, {}, {}, 1, {}, alternating(kCut.count()), {1, 2, 3}};
  const auto how = default_preprocessing(kCut.picture);
  EXPECT_THROW(server_view({kCut}, how, query, 0), MismatchError);
  query.chunks.pop_back();
  EXPECT_THROW(server_view({kCut}, how, query, 0), FormatError);
  EXPECT_THROW(server_view({{{3, 20, 26}, 8, 8}}, default_preprocessing({3, 20, 26}), {}, 0), MismatchError);
  EXPECT_THROW(seen_picture(kCut, {{-99}, {picture}, 0, 0}), MismatchError);
  EXPECT_THROW(seen_picture(kCut, {{-1}, {}, 0, 0}), MismatchError);
  EXPECT_THROW(seen_picture(kCut, {{-1}, {picture}, 0, 0}), MismatchError);
}

}  // namespace
}  // namespace obscura::audit
