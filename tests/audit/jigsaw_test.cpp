#include "audit/jigsaw/jigsaw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "audit/jigsaw/colour_pieces.h"
#include "audit/jigsaw/jigsaw_borders.h"
#include "audit/jigsaw/sample_order.h"
#include "audit/made_scenes.h"
#include "audit/scene.h"
#include "base/error.h"
#include "image/random.h"

namespace obscura::audit {
namespace {

using image::Image;

/// Only shuffled: by hand, so that no shield has to be trusted. Block b of the result is block order[b].
Image shuffled(const Image& picture, std::size_t block, const std::vector<std::size_t>& order) {
  Image out = picture;
  const std::size_t across = picture.width / block;
  for (std::size_t b = 0; b < order.size(); ++b) {
    for (std::size_t y = 0; y < block; ++y) {
      for (std::size_t x = 0; x < block; ++x) {
        for (std::size_t c = 0; c < picture.channels; ++c) {
          out.at(b / across * block + y, b % across * block + x, c) =
              picture.at(order[b] / across * block + y, order[b] % across * block + x, c);
        }
      }
    }
  }
  return out;
}

std::vector<std::size_t> some_order(std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  image::SplitMix random(seed);
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

std::vector<Image> made(std::size_t count, std::size_t side, std::uint64_t seed) {
  const image::Dataset set = scenes(count, 3, side, seed);
  std::vector<Image> out;
  for (std::size_t n = 0; n < count; ++n) out.push_back(set.image(n));
  return out;
}

/// The mismatch as its definition says: what goes on from each border, in the measure of its gradients.
double plain_mismatch(const Border& first, const Border& second, bool along, const Recolour& change) {
  const auto one_way = [](const Border& a, const Border& b, bool along_, const Recolour& to) {
    const Border::Samples expected = a.wanted * a.precision.inverse();
    double sum = 0;
    for (Eigen::Index i = 0; i < expected.rows(); ++i) {
      Eigen::RowVector3d off;
      for (int c = 0; c < 3; ++c) {
        const double v = b.samples(along_ ? i : expected.rows() - 1 - i, to.order[static_cast<std::size_t>(c)]);
        off[c] = (to.negative ? -v : v) - expected(i, c);
      }
      sum += off * a.precision * off.transpose();
    }
    return sum;
  };
  return one_way(first, second, along, change) + one_way(second, first, along, inverse(change));
}

TEST(Jigsaw, MismatchesOfAllColoursAreThoseOfTheDefinition) {
  const std::vector<Image> plain = made(2, 16, 3);
  const auto changes = recolours({});
  ASSERT_EQ(changes.size(), 12U);
  for (std::size_t a = 0; a < 4; ++a) {
    const Border first = borders_of(plain[0], 0, 8, 8)[a], second = borders_of(plain[1], 8, 0, 8)[3 - a];
    for (const bool along : {false, true}) {
      std::vector<double> cost(changes.size());
      add_mismatch(first, second, along, changes, cost.data());
      for (std::size_t n = 0; n < cost.size(); ++n) {
        const double wanted = plain_mismatch(first, second, along, changes[n]);
        EXPECT_NEAR(cost[n], wanted, 1e-8 * (1 + wanted));
      }
    }
  }
}

TEST(Jigsaw, ShuffledBlocksOfAPictureGoBack) {
  const Image picture = drawn_images(1, 64, 48, 21).image(0);
  const std::size_t block = 16;
  const std::vector<Image> seen = {shuffled(picture, block, {7, 2, 11, 0, 5, 9, 1, 10, 3, 8, 6, 4})};
  const Jigsaw solved = solve_jigsaw(seen, block, {false, false, false});
  const JigsawScore score = score_jigsaw(solved, places_of_blocks(seen[0], picture, block));
  EXPECT_EQ(score.direct, 1);
  EXPECT_EQ(score.neighbours, 1);
  EXPECT_EQ(score.largest, 1);
  EXPECT_EQ(put_together(solved, seen[0], block), picture);
}

TEST(Jigsaw, PicturesThatWereShuffledAlikeHelpEachOther) {
  const std::size_t block = 4;
  const std::vector<Image> plain = made(12, 32, 31);
  std::vector<Image> seen;
  for (const Image& p : plain) seen.push_back(shuffled(p, block, some_order(64, 5)));
  const PiecePlaces places = places_of_blocks(seen[0], plain[0], block);
  double alone = 0;
  for (std::size_t n = 0; n < seen.size(); ++n) {
    const Jigsaw solved = solve_jigsaw(std::span(seen).subspan(n, 1), block, {false, false, false});
    alone += score_jigsaw(solved, places).direct / static_cast<double>(seen.size());
  }
  const Jigsaw solved = solve_jigsaw(seen, block, {false, false, false});
  EXPECT_EQ(score_jigsaw(solved, places).direct, 1);
  EXPECT_LT(alone, 0.95);
  for (std::size_t n = 0; n < seen.size(); ++n) EXPECT_EQ(put_together(solved, seen[n], block), plain[n]);
}

TEST(Jigsaw, EveryPieceIsLaidOnce) {
  // Random bytes: no piece fits any other, so that nearly all are filled in.
  Image noise(3, 24, 40);
  image::SplitMix random(3);
  for (auto& v : noise.pixels) v = static_cast<std::uint8_t>(random.below(256));
  const std::vector<Image> seen = {noise};
  Jigsaw solved = solve_jigsaw(seen, 4);
  ASSERT_EQ(solved.piece.size(), 60U);
  std::sort(solved.piece.begin(), solved.piece.end());
  for (std::size_t i = 0; i < 60; ++i) EXPECT_EQ(solved.piece[i], i);
}

TEST(Jigsaw, RefusesWhatIsNone) {
  const auto solve = [](const Image& picture, std::size_t block) {
    return solve_jigsaw(std::vector<Image>{picture}, block);
  };
  EXPECT_THROW(solve(Image(3, 16, 16), 16), ParameterError);
  EXPECT_THROW(solve(Image(3, 16, 16), 1), ParameterError);
  EXPECT_THROW(solve(Image(3, 16, 18), 4), ParameterError);
  EXPECT_THROW(solve(Image(3, 404, 400), 4), ParameterError);
  EXPECT_THROW(solve(Image(1, 16, 16), 4), UnsupportedError);
  EXPECT_THROW(solve_jigsaw({}, 4), ParameterError);
  EXPECT_THROW(solve_jigsaw(std::vector<Image>{Image(3, 16, 16), Image(3, 16, 32)}, 4), MismatchError);
  const std::vector<Image> seen = {Image(3, 16, 16)};
  const Jigsaw solved = solve_jigsaw(seen, 4);
  EXPECT_THROW(put_together(solved, Image(3, 16, 32), 4), MismatchError);
  EXPECT_THROW(score_jigsaw(solved, PiecePlaces(15)), MismatchError);
  EXPECT_THROW(places_of_blocks(Image(3, 16, 16), Image(3, 16, 20), 4), MismatchError);
}

/// The samples of every block moved by hand: sample i of the result is sample from[i], negative where odd.
Image reordered(const Image& picture, std::size_t block, const std::vector<std::size_t>& from) {
  Image out = picture;
  const std::size_t area = block * block, across = picture.width / block;
  for (std::size_t b = 0; b < picture.height / block * across; ++b) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      const auto sample = [&](const Image& image, std::size_t s) {
        return image.at(b / across * block + s % area / block, b % across * block + s % block, s / area);
      };
      const std::uint8_t v = sample(picture, from[i]);
      out.at(b / across * block + i % area / block, b % across * block + i % block, i / area) =
          from[i] % 3 == 0 ? static_cast<std::uint8_t>(255 - v) : v;
    }
  }
  return out;
}

/// True if the one is the other in a position, order of colours or negative of all blocks.
bool same_but_for_position(const Image& a, const Image& b, std::size_t block) {
  // Blocks stay in their places, and in each has the same been done: each has to be exact in its nearest form.
  const std::size_t across = a.width / block;
  for (std::size_t n = 0; n < a.height / block * across; ++n) {
    const auto part = [&](const Image& image) {
      Image out(image.channels, block, block);
      for (std::size_t y = 0; y < block; ++y) {
        for (std::size_t x = 0; x < block; ++x) {
          for (std::size_t c = 0; c < image.channels; ++c) {
            out.at(y, x, c) = image.at(n / across * block + y, n % across * block + x, c);
          }
        }
      }
      return out;
    };
    if (nearest_form(part(a), part(b)) != part(b)) return false;
  }
  return true;
}

TEST(SampleOrder, IsFoundFromLikenessAlone) {
  const std::size_t block = 4;
  const std::vector<Image> plain = made(60, 32, 17);
  const auto from = some_order(3 * block * block, block);
  std::vector<Image> seen;
  for (const Image& p : plain) seen.push_back(reordered(p, block, from));
  const SampleOrder order = find_sample_order(seen, block, 1);
  EXPECT_EQ(order.blocks, 60U * 64U);
  for (std::size_t n = 0; n < 5; ++n) {
    EXPECT_TRUE(same_but_for_position(with_samples_in_order(order, seen[n], block), plain[n], block));
  }
}

TEST(SampleOrder, GreyPicturesHaveOneToo) {
  std::vector<Image> plain, seen;
  for (const Image& p : made(60, 32, 18)) plain.push_back(image::to_grey(p));
  const auto from = some_order(16, 9);
  for (const Image& p : plain) seen.push_back(reordered(p, 4, from));
  const SampleOrder order = find_sample_order(seen, 4, 1);
  EXPECT_TRUE(same_but_for_position(with_samples_in_order(order, seen[0], 4), plain[0], 4));
}

TEST(SampleOrder, RefusesWhatHasNone) {
  EXPECT_THROW(find_sample_order({}, 4, 1), MismatchError);
  EXPECT_THROW(find_sample_order(std::vector<Image>{Image(3, 4, 4)}, 4, 1), MismatchError);
  EXPECT_THROW(find_sample_order(std::vector<Image>{Image(3, 8, 8), Image(3, 8, 4)}, 4, 1), MismatchError);
  EXPECT_THROW(find_sample_order(std::vector<Image>{Image(3, 8, 9)}, 4, 1), MismatchError);
  EXPECT_THROW(with_samples_in_order({SignedPermutation::identity(48), 0, 2}, Image(1, 8, 8), 4), MismatchError);
}

TEST(ColourPieces, AreThoseOfOnePlace) {
  const std::vector<Image> plain = made(8, 32, 23);
  const auto shield = shield::make_shield(parameters_of("etc-grayscale", 8), victim_seed(3));
  std::vector<Image> seen;
  for (const Image& p : plain) seen.push_back(std::get<Image>(shield->protect(p).picture));
  const auto pieces = find_colour_pieces(seen, 8);
  ASSERT_EQ(pieces.size(), 16U);
  std::vector<std::size_t> blocks;
  for (const ColourPiece& p : pieces) blocks.insert(blocks.end(), p.block.begin(), p.block.end());
  std::sort(blocks.begin(), blocks.end());
  for (std::size_t b = 0; b < 48; ++b) EXPECT_EQ(blocks[b], b);
  const PiecePlaces places = places_of_colours(pieces, places_of_blocks(seen[0], plain[0], 8), 4);
  std::size_t right = 0;
  for (const auto& p : places) right += p.empty() ? 0 : 1;
  EXPECT_EQ(right, 16U);
  std::vector<Image> colour;
  for (const Image& s : seen) colour.push_back(in_colour(pieces, s, 8));
  const Jigsaw solved = solve_jigsaw(colour, 8);
  EXPECT_EQ(score_jigsaw(solved, places).direct, 1);
  EXPECT_EQ(nearest_form(put_together(solved, colour[0], 8), plain[0]), plain[0]);
}

TEST(ColourPieces, RefuseOtherPictures) {
  EXPECT_THROW(find_colour_pieces({}, 4), ParameterError);
  EXPECT_THROW(find_colour_pieces(std::vector<Image>{Image(3, 8, 24)}, 8), MismatchError);
  EXPECT_THROW(find_colour_pieces(std::vector<Image>{Image(1, 8, 16)}, 8), MismatchError);
  EXPECT_THROW(in_colour({}, Image(1, 8, 24), 8), MismatchError);
}

}  // namespace
}  // namespace obscura::audit
