#include "audit/statistics/match_hill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/pairs/symmetry.h"
#include "audit/statistics/match_statistics.h"
#include "audit/support.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

const shield::Parameters kHill{"hill", 4, shield::Arithmetic::real};

TEST(MatchHill, RecoversEveryPixelFromProtectedPicturesAlone) {
  const image::Dataset victims = scenes(300, 3, 32, 1), publics = scenes(2000, 3, 32, 2);
  const Recovered out = match_statistics(kHill, protect_all(victims, kHill, 1), publics);
  EXPECT_EQ(figure(out, "exact channels"), 3);
  EXPECT_LT(figure(out, "residual"), 0.05);
  EXPECT_TRUE(out.images == pictures(victims));
}

TEST(MatchHill, TheKeyDoesNotMatter) {
  const image::Dataset victims = scenes(100, 1, 32, 1), publics = scenes(500, 1, 32, 2);
  std::vector<double> residuals;
  for (const std::uint8_t key : {1, 2, 3}) {
    residuals.push_back(figure(match_statistics(kHill, protect_all(victims, kHill, key), publics), "residual"));
  }
  EXPECT_NEAR(residuals[0], residuals[1], 1e-6);
  EXPECT_NEAR(residuals[0], residuals[2], 1e-6);
}

TEST(MatchHill, StatisticsAloneComeNear) {
  // Noise on what was protected: originals are no longer whole numbers, and only statistics are left.
  const image::Dataset victims = scenes(300, 3, 32, 1), publics = scenes(2000, 3, 32, 2);
  auto ciphers = protect_all(victims, kHill, 1);
  image::SplitMix random(3);
  for (shield::Protected& c : ciphers) {
    for (float& v : std::get<shield::RealImage>(c.picture).values) v += static_cast<float>(2 * random.normal());
  }
  const Recovered out = match_statistics(kHill, ciphers, publics);
  EXPECT_EQ(figure(out, "exact channels"), 0);
  EXPECT_GE(mean_psnr(out.images, pictures(victims)), 35);
}

TEST(MatchHill, PicturesOfOtherSizesAndGreyOnesWork) {
  // Padded to 24 x 24; the public ones are larger.
  const image::Dataset victims = scenes(600, 1, 23, 1), publics = scenes(1000, 1, 32, 2);
  const Recovered out = match_statistics(kHill, protect_all(victims, kHill, 1), publics);
  ASSERT_EQ(out.images.size(), 600U);
  EXPECT_EQ(out.images[0].width, 23U);
  // The padding, which public images of whole blocks have not, costs some of the match.
  EXPECT_GE(mean_psnr(out.images, pictures(victims)), 30);
}

TEST(MatchHill, ABorderThatIsAlwaysBlackIsNoObstacle) {
  // Blocks of eight in pictures of eight: many pixels never change, and covariances are singular.
  image::Dataset victims = scenes(1000, 1, 8, 1), publics = scenes(2000, 1, 8, 2);
  for (image::Dataset* set : {&victims, &publics}) {
    for (std::size_t i = 0; i < set->images.size(); ++i) {
      const std::size_t y = i / 8 % 8, x = i % 8;
      if (y < 2 || y > 5 || x < 2 || x > 5) set->images[i] = 0;
    }
  }
  const shield::Parameters what{"hill", 8, shield::Arithmetic::real};
  const auto originals = pictures(victims);
  const Recovered out = match_statistics(what, protect_all(victims, what, 1), publics);
  EXPECT_GE(mean_psnr(out.images, originals), baseline_psnr(publics, originals) + 5);
}

TEST(MatchHill, FindsNothingWithAKeyAnImage) {
  const image::Dataset victims = scenes(300, 3, 32, 1), publics = scenes(2000, 3, 32, 2);
  const auto originals = pictures(victims);
  const Recovered out = match_statistics(kHill, protect_all(victims, kHill, 1, true), publics);
  EXPECT_EQ(figure(out, "exact channels"), 0);
  EXPECT_GT(figure(out, "residual"), 0.3);
  EXPECT_LE(mean_psnr(out.images, originals), baseline_psnr(publics, originals));
}

TEST(MatchHill, FindsNothingModulo256) {
  const shield::Parameters what{"hill", 4, shield::Arithmetic::modular};
  const image::Dataset victims = scenes(300, 3, 32, 1), publics = scenes(2000, 3, 32, 2);
  const auto originals = pictures(victims);
  const Recovered out = match_statistics(what, protect_all(victims, what, 1), publics);
  EXPECT_EQ(figure(out, "exact channels"), 0);
  EXPECT_LE(mean_psnr(out.images, originals), baseline_psnr(publics, originals));
}

TEST(MatchHill, RefusesWhatDoesNotFit) {
  const image::Dataset victims = scenes(3, 3, 16, 1), grey = scenes(3, 1, 16, 2);
  const auto ciphers = protect_all(victims, kHill, 1);
  EXPECT_THROW(match_statistics(kHill, ciphers, grey), MismatchError);
  EXPECT_THROW(match_statistics(kHill, std::span(ciphers).first(1), victims), ParameterError);
  EXPECT_THROW(match_statistics({"hill", 4, shield::Arithmetic::modular}, ciphers, victims), MismatchError);
  EXPECT_THROW(match_statistics({"hill", 3, shield::Arithmetic::real}, ciphers, victims), MismatchError);
  auto mixed = ciphers;
  mixed.push_back(protect_all(scenes(1, 3, 32, 1), kHill, 1)[0]);
  EXPECT_THROW(match_statistics(kHill, mixed, victims), MismatchError);
  EXPECT_THROW(match_statistics({"pe", 1, shield::Arithmetic::modular}, ciphers, victims), UnsupportedError);
  HillGuess guess = match_hill(std::vector(2, std::get<shield::RealImage>(ciphers[0].picture)), victims, 4, 1);
  EXPECT_THROW(recover(guess, shield::RealImage{1, 16, 16, std::vector<float>(256)}), MismatchError);
}

}  // namespace
}  // namespace obscura::audit
