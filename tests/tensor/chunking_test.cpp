#include "tensor/chunking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "base/error.h"

namespace obscura {
namespace {

using ::testing::HasSubstr;

Chunking random_cut(std::mt19937_64& random) {
  const auto upto = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>(1, most)(random); };
  Chunking cut{{upto(3), upto(60), upto(60)}, 1, 1};
  cut.height = upto(cut.picture.height);
  cut.width = upto(cut.picture.width);
  return cut;
}

std::vector<float> numbered(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

TEST(Chunking, PartitionsAndMergesBackExactlyForAnySizes) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 300; ++round) {
    const Chunking cut = random_cut(random);
    SCOPED_TRACE(chunking_text(cut));
    const auto picture = numbered(cut.picture.size());
    std::vector<float> back(picture.size(), 0);
    std::size_t covered = 0;
    for (std::size_t k = 0; k < cut.count(); ++k) {
      const auto chunk = cut_chunk(cut, picture, k);
      ASSERT_EQ(chunk.size(), cut.chunk().size());
      put_chunk(cut, chunk, k, back);
      const ChunkPlace place = place_of(cut, k);
      covered += place.height * place.width;
    }
    EXPECT_EQ(covered, cut.picture.height * cut.picture.width);
    EXPECT_EQ(back, picture);
  }
}

TEST(Chunking, FillsNarrowChunksByRepeatingTheEdge) {
  // 28 x 26 of 112 x 112: the last column of the paper's own size is 8 wide.
  const Chunking cut{{1, 112, 112}, 28, 26};
  EXPECT_EQ(cut.rows(), 4u);
  EXPECT_EQ(cut.columns(), 5u);
  EXPECT_EQ(place_of(cut, 4).width, 8u);
  const auto picture = numbered(112 * 112);
  const auto last = cut_chunk(cut, picture, 4);
  EXPECT_EQ(last[7], picture[111]);
  EXPECT_EQ(last[8], picture[111]);
  EXPECT_EQ(last[25], picture[111]);
  EXPECT_THAT(chunking_text(cut), HasSubstr("the last column is 8 wide"));
}

TEST(Chunking, RefusesWhatCannotBeCut) {
  EXPECT_THROW(check_chunking({{1, 10, 10}, 11, 5}), ParameterError);
  EXPECT_THROW(check_chunking({{1, 10, 10}, 5, 11}), ParameterError);
  EXPECT_THROW(check_chunking({{1, 10, 10}, 0, 5}), ParameterError);
  EXPECT_THROW(check_chunking({{1, 0, 10}, 1, 5}), ParameterError);
  EXPECT_THROW(check_chunking({{1, 10, 10}, 5, 5, 5}), ParameterError);
  EXPECT_THROW(check_chunking({{1, 4096, 4096}, 1, 1}), ParameterError);
  EXPECT_NO_THROW(check_chunking({{1, 10, 10}, 10, 10, 1}));
  const Chunking cut{{1, 10, 10}, 5, 5};
  EXPECT_THROW(cut_chunk(cut, std::vector<float>(99), 0), MismatchError);
  std::vector<float> picture(100);
  EXPECT_THROW(put_chunk(cut, std::vector<float>(24), 0, picture), MismatchError);
}

TEST(Chunking, ReadsSizes) {
  EXPECT_EQ(parse_chunk_size("28", "--size").height, 28u);
  EXPECT_EQ(parse_chunk_size("28x26", "--size").width, 28u);
  EXPECT_EQ(parse_chunk_size("28x26", "--size").height, 26u);
  for (const char* bad : {"", "0", "x", "28x", "x28", "28x26x1", "-3", "1e3", "9999999999"}) {
    EXPECT_THROW(parse_chunk_size(bad, "--size"), UsageError) << bad;
  }
}

TEST(Sobel, KnowsStepsAndRamps) {
  // A step of 255 from left to right: |Gx| = 4 x 255 beside it, nothing further off.
  const std::size_t side = 8;
  std::vector<double> step(side * side), ramp(side * side);
  for (std::size_t i = 0; i < step.size(); ++i) {
    step[i] = i % side < 4 ? 0 : 255;
    ramp[i] = static_cast<double>(i / side) * 3;
  }
  const auto g = sobel_magnitude(step, side, side);
  EXPECT_DOUBLE_EQ(g[3], 1020);
  EXPECT_DOUBLE_EQ(g[4], 1020);
  EXPECT_DOUBLE_EQ(g[2], 0);
  // A ramp of 3 a row: Gy = 8 x 3 inside; at the edge the mirrored rows are the same and it is 0.
  const auto r = sobel_magnitude(ramp, side, side);
  EXPECT_DOUBLE_EQ(r[3 * side + 3], 24);
  EXPECT_DOUBLE_EQ(r[3], 0);
  EXPECT_THAT(sobel_magnitude(std::vector<double>{7}, 1, 1), ::testing::ElementsAre(0.0));
}

TEST(Sobel, StaysBelowTheLargestGradient) {
  // Black left and above, white right and below: no pattern has more.
  std::vector<double> corner(9, 0);
  for (const std::size_t i : {2U, 5U, 7U, 8U}) corner[i] = 255;
  const auto g = sobel_magnitude(corner, 3, 3);
  EXPECT_LE(*std::max_element(g.begin(), g.end()), kMaxGradient);
}

TEST(ChunkScores, AreOfPixelsWhateverTheNetworkMakesOfThem) {
  std::mt19937_64 random(3);
  const Chunking cut{{3, 20, 17}, 7, 6};
  std::vector<std::uint8_t> pixels(cut.picture.size());
  for (auto& v : pixels) v = static_cast<std::uint8_t>(random());
  Preprocessing how = default_preprocessing(cut.picture);
  const auto plain = chunk_scores(cut, pixels_of(preprocess(pixels, how), how), ChunkScore::mean);
  how.mean = {-0.2F, 0.1F, 0.4F};
  how.std = {0.5F, 0.25F, 2.0F};
  how.range = {-1.0F, 1.0F};
  how.colour = "bgr";
  const auto same = chunk_scores(cut, pixels_of(preprocess(pixels, how), how), ChunkScore::mean);
  ASSERT_EQ(plain.size(), cut.count());
  for (std::size_t k = 0; k < plain.size(); ++k) EXPECT_NEAR(same[k], plain[k], 1e-3 * plain[k]);
  const auto most = chunk_scores(cut, pixels_of(preprocess(pixels, how), how), ChunkScore::maximum);
  for (std::size_t k = 0; k < plain.size(); ++k) EXPECT_GT(most[k], plain[k]);
}

TEST(ChosenChunks, AreThoseOfTheLargestGradients) {
  Chunking cut{{1, 8, 8}, 4, 4};
  std::vector<float> picture(64, 0.5F);
  picture[5 * 8 + 6] = 1.0F;  // chunk 3
  picture[1 * 8 + 1] = 0.7F;  // chunk 0
  const Preprocessing how = default_preprocessing(cut.picture);
  EXPECT_EQ(chosen_chunks(cut, picture, how), (std::vector<std::size_t>{0, 1, 2, 3}));
  cut.kept = 1;
  EXPECT_EQ(chosen_chunks(cut, picture, how), std::vector<std::size_t>{3});
  cut.kept = 2;
  EXPECT_EQ(chosen_chunks(cut, picture, how), (std::vector<std::size_t>{0, 3}));
}

TEST(Equalised, SpreadsLevels) {
  EXPECT_EQ(equalised(std::vector<std::uint8_t>{10, 10, 10}), (std::vector<std::uint8_t>{10, 10, 10}));
  EXPECT_EQ(equalised(std::vector<std::uint8_t>{3, 7}), (std::vector<std::uint8_t>{0, 255}));
  EXPECT_EQ(equalised(std::vector<std::uint8_t>{1, 2, 3, 3}), (std::vector<std::uint8_t>{0, 85, 255, 255}));
  Preprocessing how = default_preprocessing({1, 1, 2});
  how.equalise = true;
  EXPECT_EQ(preprocess(std::vector<std::uint8_t>{3, 7}, how), (std::vector<float>{0, 1}));
  how = default_preprocessing({3, 1, 1});
  how.equalise = true;
  EXPECT_THROW(check_preprocessing(how, {3, 1, 1}), FormatError);
}

}  // namespace
}  // namespace obscura
