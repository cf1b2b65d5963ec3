#include "audit/statistics/match_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/pairs/symmetry.h"
#include "audit/support.h"
#include "base/error.h"
#include "ckks/encoder.h"
#include "ckks/support.h"
#include "ckks/wire.h"
#include "secret/encryptor.h"
#include "secret/secret_key.h"

namespace obscura::audit {
namespace {

shield::Parameters named(const std::string& shield, std::size_t block = 4) {
  return {shield, block, shield == "hill" ? shield::Arithmetic::real : shield::Arithmetic::modular};
}

double residual(const Recovered& recovered) {
  for (const Figure& f : recovered.figures) {
    if (f.name == "residual") return f.value;
  }
  ADD_FAILURE() << "no residual";
  return 0;
}

/// Images after the one symmetry that fits the truth best.
std::vector<image::Image> righted(const Recovered& recovered, const std::vector<image::Image>& originals) {
  const Symmetry symmetry = best_symmetry(recovered.images, originals);
  std::vector<image::Image> out;
  for (const image::Image& image : recovered.images) out.push_back(apply(symmetry, image));
  return out;
}

TEST(MatchLe, IsExactFromFewPictures) {
  const image::Dataset victims = scenes(60, 3, 32, 1), publics = scenes(1000, 3, 32, 2);
  const Recovered out = match_statistics(named("le"), protect_all(victims, named("le"), 1), publics);
  EXPECT_TRUE(out.images == pictures(victims));
  EXPECT_LT(residual(out), 0.05);
}

TEST(MatchLe, OtherBlocksAndSizesWork) {
  const image::Dataset victims = scenes(300, 3, 27, 1), publics = scenes(1000, 3, 32, 2);
  for (const std::size_t block : {2, 3}) {
    const Recovered out = match_statistics(named("le", block), protect_all(victims, named("le", block), 1), publics);
    EXPECT_GE(mean_psnr(out.images, pictures(victims)), 30) << block;
  }
}

TEST(MatchEle, FindsEveryPlaceAndKey) {
  const image::Dataset victims = scenes(1000, 3, 16, 1), publics = scenes(2000, 3, 16, 2);
  const auto originals = pictures(victims);
  const Recovered out = match_statistics(named("ele"), protect_all(victims, named("ele"), 1), publics);
  EXPECT_GE(mean_psnr(righted(out, originals), originals), 40);
}

TEST(MatchEtc, IsExact) {
  const image::Dataset victims = scenes(600, 3, 32, 1), publics = scenes(1500, 3, 32, 2);
  const auto originals = pictures(victims);
  const Recovered out = match_statistics(named("etc"), protect_all(victims, named("etc"), 1), publics);
  EXPECT_TRUE(righted(out, originals) == originals);
}

TEST(MatchEtc, ThreePlanesSideBySideAreMatchedToo) {
  const image::Dataset victims = scenes(600, 3, 32, 1), publics = scenes(1500, 3, 32, 2);
  const auto originals = pictures(victims);
  for (const std::size_t block : {4U, 8U}) {
    const auto what = named("etc-grayscale", block);
    const Recovered out = match_statistics(what, protect_all(victims, what, 1), publics);
    EXPECT_TRUE(righted(out, originals) == originals) << block;
  }
}

TEST(MatchEtc, LargeBlocksAreLookedAtInLessDetail) {
  const image::Dataset victims = scenes(1500, 3, 36, 1), publics = scenes(1500, 3, 36, 2);
  const auto originals = pictures(victims);
  const Recovered out = match_statistics(named("etc", 9), protect_all(victims, named("etc", 9), 1), publics);
  EXPECT_TRUE(righted(out, originals) == originals);
  EXPECT_THROW(match_statistics(named("etc", 19), protect_all(victims, named("etc", 19), 1), publics),
               UnsupportedError);
}

/// Before anything is allocated: with the estimate, what is taken, and what else could be done.
TEST(MatchStatistics, MoreThan1024ShuffledBlocksAreRefusedWithAnEstimate) {
  const image::Dataset victims = scenes(2, 3, 132, 1), publics = scenes(2, 3, 132, 2);  // 33 x 33 blocks of 4
  for (const char* name : {"ele", "etc"}) {
    try {
      match_statistics(named(name), protect_all(victims, named(name), 1), publics);
      FAIL() << name;
    } catch (const UnsupportedError& e) {
      EXPECT_THAT(e.what(), testing::AllOf(testing::HasSubstr("1089 shuffled blocks"),
                                           testing::HasSubstr("about 4927 times"),  // (1089 / 64)^3
                                           testing::HasSubstr("at most 1024"), testing::HasSubstr("larger blocks")));
    }
  }
}

TEST(MatchStatistics, EqualInputGivesEqualImages) {
  const image::Dataset victims = scenes(30, 3, 16, 1), publics = scenes(30, 3, 16, 2);
  for (const char* name : {"hill", "le", "ele", "etc"}) {
    const auto ciphers = protect_all(victims, named(name), 1);
    EXPECT_TRUE(match_statistics(named(name), ciphers, publics).images ==
                match_statistics(named(name), ciphers, publics).images)
        << name;
  }
}

TEST(MatchStatistics, AKeyAnImageWithstandsIt) {
  const image::Dataset victims = scenes(300, 3, 16, 1), publics = scenes(600, 3, 16, 2);
  const auto originals = pictures(victims);
  const double baseline = baseline_psnr(publics, originals);
  for (const char* name : {"hill", "le", "ele", "etc"}) {
    const Recovered out = match_statistics(named(name), protect_all(victims, named(name), 1, true), publics);
    EXPECT_LE(mean_psnr(righted(out, originals), originals), baseline) << name;
    // The same pictures with one key are recovered.
    const Recovered one = match_statistics(named(name), protect_all(victims, named(name), 1), publics);
    EXPECT_GE(mean_psnr(righted(one, originals), originals), baseline + 10) << name;
    EXPECT_GT(residual(out), 3 * residual(one)) << name;
  }
}

/// CKKS ciphertexts, an image each, with one key for all: as many of their last bytes as the images have (before that
/// stands what all have in common), taken as pictures.
std::vector<image::Image> encrypted(const image::Dataset& set) {
  const auto context = ckks::testing::small_context();
  const ckks::SecretKey key(context, test_seed(5));
  const ckks::Encoder encoder(context);
  const ckks::SecretEncryptor encryptor(key);
  std::vector<image::Image> out;
  for (std::size_t n = 0; n < set.count; ++n) {
    std::vector<double> values;
    for (const std::uint8_t v : set.pixels(n)) values.push_back(v);
    const auto bytes = ckks::write_seeded_ciphertext(*context, encryptor.encrypt(encoder, values, 0x1p30, 2));
    const auto last = std::span(bytes).last(set.image_size());
    out.push_back(image::from_planar(last, set.channels, set.height, set.width));
  }
  return out;
}

TEST(MatchStatistics, CkksWithstandsIt) {
  const image::Dataset victims = scenes(300, 3, 16, 1), publics = scenes(600, 3, 16, 2);
  const auto originals = pictures(victims);
  const auto bytes = encrypted(victims);
  const double baseline = baseline_psnr(publics, originals);
  for (const char* name : {"hill", "le", "ele", "etc"}) {
    std::vector<shield::Protected> taken;
    for (const image::Image& b : bytes) {
      shield::RealImage real{b.channels, b.height, b.width, {}};
      for (const std::uint8_t v : image::to_planar(b)) real.values.push_back(v);
      taken.push_back(
          {b.height, b.width, named(name).arithmetic == shield::Arithmetic::real ? shield::Picture(real) : b});
    }
    const Recovered out = match_statistics(named(name), taken, publics);
    EXPECT_LE(mean_psnr(righted(out, originals), originals), baseline) << name;
    EXPECT_GT(residual(out), 0.3) << name;
  }
}

TEST(MatchStatistics, RefusesWhatDoesNotFit) {
  const image::Dataset victims = scenes(3, 3, 16, 1), larger = scenes(3, 3, 32, 2), grey = scenes(3, 1, 16, 2);
  for (const char* name : {"le", "ele", "etc"}) {
    const auto ciphers = protect_all(victims, named(name), 1);
    EXPECT_THROW(match_statistics(named(name), ciphers, grey), MismatchError) << name;
    EXPECT_THROW(match_statistics(named(name), std::span(ciphers).first(1), victims), ParameterError) << name;
    EXPECT_THROW(match_statistics(named("hill"), ciphers, victims), MismatchError) << name;
    auto mixed = ciphers;
    mixed.push_back(protect_all(larger, named(name), 1)[0]);
    EXPECT_THROW(match_statistics(named(name), mixed, victims), MismatchError) << name;
    if (std::string(name) != "le") {
      EXPECT_THROW(match_statistics(named(name), ciphers, larger), MismatchError) << name;
    }
  }
  EXPECT_FALSE(can_match_statistics(named("pe", 1)));
  EXPECT_TRUE(can_match_statistics(named("le")));
}

/// 5,000 public images and so many of the victim's: of CIFAR-10, which nobody has to have.
struct Photographs {
  image::Dataset publics;
  image::Dataset victims;
};

Photographs photographs(std::size_t victims) {
  return {image::load_dataset("cifar-10", image::Split::train, {}, 5000),
          image::load_dataset("cifar-10", image::Split::test, {}, victims)};
}

class OnPhotographs : public testing::TestWithParam<std::pair<const char*, std::size_t>> {};

TEST_P(OnPhotographs, RecoversEveryPixel) {
  const auto [name, count] = GetParam();
  Photographs set;
  try {
    set = photographs(count);
  } catch (const IoError& e) {
    GTEST_SKIP() << e.what();
  }
  const auto originals = pictures(set.victims);
  const Recovered out = match_statistics(named(name), protect_all(set.victims, named(name), 1), set.publics);
  EXPECT_TRUE(righted(out, originals) == originals) << mean_psnr(righted(out, originals), originals) << " dB";
}

INSTANTIATE_TEST_SUITE_P(MatchStatistics, OnPhotographs,
                         testing::Values(std::pair("hill", 1000), std::pair("le", 100), std::pair("ele", 1000),
                                         std::pair("etc", 3000)),
                         [](const auto& one) { return std::string(one.param.first); });

}  // namespace
}  // namespace obscura::audit
