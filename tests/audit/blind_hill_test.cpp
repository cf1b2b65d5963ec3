#include "audit/statistics/blind_hill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "audit/statistics/match_statistics.h"
#include "audit/support.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

shield::Parameters hill(std::size_t block) {
  return {"hill", block, shield::Arithmetic::real};
}

TEST(BlindHill, RecoversEveryPixelWithoutAnyPublicImage) {
  for (const std::size_t block : {2U, 4U}) {
    const image::Dataset victims = scenes(400, 3, 32, 1);
    const Recovered out = match_blindly(hill(block), protect_all(victims, hill(block), 1));
    EXPECT_EQ(figure(out, "exact channels"), 3) << block;
    EXPECT_TRUE(out.images == pictures(victims)) << block;
  }
}

TEST(BlindHill, TheKeyDoesNotMatterAndNeitherDoesThePadding) {
  // 30 pixels are padded to 32.
  const image::Dataset victims = scenes(400, 1, 30, 3);
  for (const std::uint8_t key : {2, 3}) {
    const Recovered out = match_blindly(hill(4), protect_all(victims, hill(4), key));
    EXPECT_EQ(figure(out, "exact channels"), 1) << int{key};
    EXPECT_TRUE(out.images == pictures(victims)) << int{key};
  }
}

TEST(BlindHill, RandomSetsAndKeysAreExactAndItKnows) {
  int exact = 0, claims_right = 0;
  for (std::uint8_t set = 0; set < 10; ++set) {
    const image::Dataset victims = scenes(100, 3, 32, 50 + set);
    const Recovered out = match_blindly(hill(4), protect_all(victims, hill(4), 60 + set));
    const bool right = out.images == pictures(victims), claim = figure(out, "exact channels") == 3;
    exact += right ? 1 : 0;
    claims_right += right == claim ? 1 : 0;
    if (claim) {
      EXPECT_LT(figure(out, "lattice residue"), 0.02);
      EXPECT_GE(figure(out, "lowest pixel"), -0.5);
      EXPECT_LE(figure(out, "highest pixel"), 255.5);
      EXPECT_NEAR(figure(out, "joints to inside"), 1, 0.3);
      EXPECT_GT(figure(out, "lead over rivals"), 2.5);
    }
  }
  EXPECT_GE(exact, 9);
  EXPECT_EQ(claims_right, 10);
}

/// Pictures whose samples were scaled to [-1, 1] before they were multiplied: 2 y / 255 less what the key makes of
/// ones.
TEST(BlindHill, SamplesFromMinusOneToOneAreFoundTooOrTheirNegative) {
  for (std::uint8_t key = 1; key < 4; ++key) {
    const image::Dataset victims = scenes(100, 3, 32, 70 + key);
    auto ciphers = protect_all(victims, hill(4), key);
    image::Dataset white = scenes(1, 3, 32, 1);
    std::fill(white.images.begin(), white.images.end(), std::uint8_t{255});
    const auto ones = std::get<shield::RealImage>(protect_all(white, hill(4), key)[0].picture).values;
    for (shield::Protected& c : ciphers) {
      auto& values = std::get<shield::RealImage>(c.picture).values;
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = 2 * values[i] / 255 - ones[i] / 255;
    }
    const Recovered out = match_blindly(hill(4), ciphers);
    EXPECT_EQ(figure(out, "exact channels"), 3);
    EXPECT_EQ(figure(out, "shifted channels"), 3);
    auto negatives = out.images;
    for (image::Image& image : negatives) image = image::inverted(image);
    EXPECT_TRUE(out.images == pictures(victims) || negatives == pictures(victims)) << int{key};
  }
}

TEST(BlindHill, OnePictureOfSmallBlocksIsEnoughWhereItHasItsOwnKey) {
  const image::Dataset victims = scenes(10, 3, 64, 1);
  const auto originals = pictures(victims);
  const Recovered out = match_each_blindly(hill(2), protect_all(victims, hill(2), 1, true));
  EXPECT_EQ(figure(out, "pictures"), 10);
  double exact = 0;
  for (std::size_t i = 0; i < originals.size(); ++i) {
    const bool right = out.images[i] == originals[i];
    EXPECT_TRUE(right || !out.exact.at(i)) << i;
    exact += right ? 1 : 0;
  }
  EXPECT_GE(exact, 2);
  EXPECT_GE(figure(out, "exact pictures"), 2);
  const auto small = protect_all(scenes(2, 3, 6, 1), hill(2), 1, true);
  EXPECT_THROW(match_each_blindly(hill(2), small), ParameterError);
}

/// Pixels that were interpolated follow from their neighbours, and other whole numbers make pictures as smooth.
TEST(BlindHill, ClaimsOfEnlargedPicturesAreRight) {
  const image::Dataset small = scenes(60, 1, 32, 4);
  image::Dataset large = scenes(60, 1, 64, 4);
  for (std::size_t n = 0; n < small.count; ++n) {
    const image::Image enlarged = image::resize(small.image(n), 64, 64);
    std::copy(enlarged.pixels.begin(), enlarged.pixels.end(),
              large.images.begin() + static_cast<std::ptrdiff_t>(n * 64 * 64));
  }
  const auto originals = pictures(large);
  const Recovered out = match_each_blindly(hill(2), protect_all(large, hill(2), 1, true));
  for (std::size_t i = 0; i < originals.size(); ++i) {
    if (out.exact.at(i)) {
      EXPECT_TRUE(out.images[i] == originals[i]) << i;
    }
  }
  EXPECT_GT(figure(out, "exact pictures"), 10);
}

TEST(BlindHill, FindsNothingWithAKeyAnImage) {
  const image::Dataset victims = scenes(200, 1, 32, 1);
  const Recovered out = match_blindly(hill(4), protect_all(victims, hill(4), 1, true));
  EXPECT_EQ(figure(out, "exact channels"), 0);
  EXPECT_LT(mean_psnr(out.images, pictures(victims)), 15);
}

TEST(BlindHill, ClaimsNoExactKeyWhereSamplesAreNotWhole) {
  const image::Dataset victims = scenes(200, 1, 32, 1);
  auto ciphers = protect_all(victims, hill(4), 1);
  image::SplitMix random(3);
  for (shield::Protected& c : ciphers) {
    for (float& v : std::get<shield::RealImage>(c.picture).values) v += static_cast<float>(5 * random.normal());
  }
  EXPECT_EQ(figure(match_blindly(hill(4), ciphers), "exact channels"), 0);
}

TEST(BlindHill, FlatPicturesAndSingleBlocksSayNothing) {
  image::Dataset flat = scenes(20, 1, 32, 1), small = scenes(300, 1, 4, 2);
  std::fill(flat.images.begin(), flat.images.end(), std::uint8_t{7});
  for (const image::Dataset& victims : {flat, small}) {
    const Recovered out = match_blindly(hill(4), protect_all(victims, hill(4), 1));
    EXPECT_EQ(figure(out, "exact channels"), 0);
    EXPECT_EQ(out.images.size(), victims.count);
  }
}

TEST(BlindHill, RefusesWhatDoesNotFit) {
  const auto ciphers = protect_all(scenes(3, 3, 16, 1), hill(4), 1);
  EXPECT_THROW(match_blindly(hill(4), std::span(ciphers).first(1)), ParameterError);
  EXPECT_THROW(match_blindly(hill(3), ciphers), MismatchError);
  try {
    match_blindly(hill(8), protect_all(scenes(3, 1, 16, 1), hill(8), 1));
    ADD_FAILURE() << "blocks of 8 were tried";
  } catch (const UnsupportedError& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("about 7 minutes a try"));
  }
  EXPECT_THROW(match_blindly({"hill", 4, shield::Arithmetic::modular}, ciphers), UnsupportedError);
  EXPECT_THROW(match_blindly({"le", 4, shield::Arithmetic::modular}, ciphers), UnsupportedError);
}

}  // namespace
}  // namespace obscura::audit
