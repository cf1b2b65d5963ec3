#include "train/vision/pictures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "shield/container.h"
#include "train/augmentation.h"
#include "train/toy_pictures.h"

namespace obscura::train {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::vector<float> read(const Pictures& pictures, const std::vector<std::int64_t>& index) {
  std::vector<float> out(index.size() * pictures.shape().size(), -1e9F);
  pictures.read(index, out);
  return out;
}

std::vector<float> drawn(const Pictures& pictures, const std::vector<std::int64_t>& index, const Draw& draw) {
  std::vector<float> out(index.size() * pictures.shape().size(), -1e9F);
  pictures.draw(index, draw, out);
  return out;
}

std::vector<float> planar_of(const shield::Picture& picture) {
  if (const auto* real = std::get_if<shield::RealImage>(&picture)) return real->values;
  const auto bytes = image::to_planar(std::get<image::Image>(picture));
  return {bytes.begin(), bytes.end()};
}

const std::vector<std::int64_t> kSome = {3, 0, 7};

TEST(ShieldedPictures, PlainOnesAreTheDataSet) {
  const auto set = tones(8, 1);
  const auto pictures = shielded_pictures(set, {});
  EXPECT_EQ(pictures->shape(), (PictureShape{3, 16, 16}));
  EXPECT_EQ(pictures->count(), 8);
  EXPECT_EQ(pictures->labels(), set.labels);
  EXPECT_EQ(pictures->classes(), set.classes);
  EXPECT_EQ(pictures->name(), "tones");
  const auto values = read(*pictures, kSome);
  for (std::size_t i = 0; i < kSome.size(); ++i) {
    const auto pixels = set.pixels(static_cast<std::size_t>(kSome[i]));
    EXPECT_TRUE(std::equal(pixels.begin(), pixels.end(), values.begin() + static_cast<long>(i * 768)));
  }
  EXPECT_EQ(drawn(*pictures, kSome, {}), values) << "nothing is augmented";
}

TEST(ShieldedPictures, ProtectedOnesAreWhatTheShieldMakes) {
  const auto set = tones(8, 2, 14);  // padded to 16
  for (const char* name : {"hill", "vit", "le"}) {
    const auto key = toy_key(name, 4);
    const auto pictures = shielded_pictures(set, {.key = key});
    EXPECT_EQ(pictures->shape(), (PictureShape{3, 16, 16})) << name;
    EXPECT_EQ(read(*pictures, {5}), planar_of(shield::make_shield(key)->protect(set.image(5)).picture)) << name;
  }
}

TEST(ShieldedPictures, AreResizedAndColouredFirst) {
  const auto set = tones(4, 3, 12, 1);
  const auto pictures = shielded_pictures(set, {.side = 8, .colour = true, .key = toy_key("le", 4)});
  EXPECT_EQ(pictures->shape(), (PictureShape{3, 8, 8}));
  const auto plain = image::to_rgb(image::resize(set.image(2), 8, 8));
  EXPECT_EQ(read(*pictures, {2}), planar_of(shield::make_shield(toy_key("le", 4))->protect(plain).picture));
  EXPECT_THAT([&] { shielded_pictures(set, {.key = toy_key("le", 4)}); },
              ThrowsMessage<UnsupportedError>(HasSubstr("grey")));
}

TEST(ShieldedPictures, AreAugmentedBeforeTheyAreProtected) {
  const auto set = tones(8, 4);
  const auto key = toy_key("hill", 4);
  const Draw draw{parse_augmentation("crop+flip"), 77, 40};
  const auto plain = drawn(*shielded_pictures(set, {}), kSome, draw);
  EXPECT_NE(plain, read(*shielded_pictures(set, {}), kSome));
  const auto hidden = drawn(*shielded_pictures(set, {.key = key}), kSome, draw);
  for (std::size_t i = 0; i < kSome.size(); ++i) {
    const auto from = plain.begin() + static_cast<long>(i * 768);
    const std::vector<std::uint8_t> bytes(from, from + 768);  // whole numbers: crops and mirrors make no others
    const auto expected = planar_of(shield::make_shield(key)->protect(image::from_planar(bytes, 3, 16, 16)).picture);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), hidden.begin() + static_cast<long>(i * 768)));
  }
}

/// One by one, all at once, with threads and without: a picture depends on its place in the epoch alone.
TEST(ShieldedPictures, DrawTheSameHoweverTheyAreDrawn) {
  const auto set = tones(8, 5);
  ThreadPool pool(2);
  for (const bool per_image : {false, true}) {
    const Protection protection{.key = toy_key("vit", 4), .per_image = per_image};
    const auto one = shielded_pictures(set, protection), other = shielded_pictures(set, protection, &pool);
    const Draw draw{parse_augmentation("affine+flip"), 5, 10};
    const auto all = drawn(*one, kSome, draw);
    EXPECT_EQ(drawn(*other, kSome, draw), all);
    for (std::size_t i = 0; i < kSome.size(); ++i) {
      const auto alone = drawn(*other, {kSome[i]}, {draw.augmentation, 5, 10 + i});
      EXPECT_TRUE(std::equal(alone.begin(), alone.end(), all.begin() + static_cast<long>(i * 768)));
    }
    EXPECT_NE(drawn(*one, kSome, {draw.augmentation, 6, 10}), all) << "another epoch";
    EXPECT_NE(drawn(*one, kSome, {draw.augmentation, 5, 11}), all) << "another place";
  }
}

TEST(ShieldedPictures, KeysOfImagesDifferAndComeAgain) {
  auto set = tones(4, 6);
  for (std::size_t n = 1; n < 4; ++n) {  // all the same picture
    std::copy_n(set.images.begin(), 768, set.images.begin() + static_cast<long>(n * 768));
  }
  const auto pictures = shielded_pictures(set, {.key = toy_key("hill", 4), .per_image = true});
  const std::vector<std::vector<float>> made = {read(*pictures, {0}),
                                                read(*pictures, {1}),
                                                drawn(*pictures, {0}, {{}, 9, 0}),
                                                drawn(*pictures, {0}, {{}, 9, 1}),
                                                drawn(*pictures, {0}, {{}, 10, 0}),
                                                read(*shielded_pictures(set, {.key = toy_key("hill", 4)}), {0})};
  for (std::size_t a = 0; a < made.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) EXPECT_NE(made[a], made[b]) << a << ' ' << b;
  }
  const auto again = shielded_pictures(set, {.key = toy_key("hill", 4), .per_image = true});
  EXPECT_EQ(read(*again, {1}), made[1]);
  EXPECT_EQ(drawn(*again, {0}, {{}, 9, 1}), made[3]);
}

TEST(ShieldedPictures, RefuseWhatCannotBe) {
  image::Dataset empty = tones(1, 1);
  empty.count = 0;
  EXPECT_THROW(shielded_pictures(empty, {}), MismatchError);
  auto key = toy_key("hill", 2);
  key.matrices.assign(3, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1});
  const auto set = tones(1, 1);
  EXPECT_NO_THROW(shielded_pictures(set, {.key = key}));
  EXPECT_THROW(shielded_pictures(set, {.key = key, .per_image = true}), UnsupportedError);
}

/// Protects pictures of a set into files as `obscura protect` does.
class StoredPictures : public ::testing::Test {
 protected:
  void store(const image::Dataset& set, const std::string& where, const shield::Key& key) {
    const auto shield = shield::make_shield(key);
    for (std::size_t n = 0; n < set.count; ++n) {
      const auto made = shield->protect(set.image(n));
      const shield::Label label{key.parameters, shield::fingerprint(key.seed), std::nullopt, made.height, made.width};
      const auto folder = folder_ / (where + "/" + set.classes[static_cast<std::size_t>(set.labels[n])]);
      std::filesystem::create_directories(folder);
      const std::string name = std::to_string(100 + n);
      write_file(folder / (name + shield::file_ending(key.parameters)), shield::encode(label, made.picture));
      if (const auto* real = std::get_if<shield::RealImage>(&made.picture)) {
        write_file(folder / (name + ".view.png"), image::encode_png(shield::view(*real)));
      }
    }
  }

  TemporaryFolder folder_;
};

TEST_F(StoredPictures, AreReadAsTheyWereMade) {
  const auto set = tones(6, 7);
  for (const char* name : {"hill", "vit"}) {
    store(set, std::string(name) + "/train", toy_key(name, 4));
    store(tones(2, 8), std::string(name) + "/test", toy_key(name, 4));
    const auto pictures = stored_pictures(folder_ / name, image::Split::train);
    EXPECT_EQ(pictures->shape(), (PictureShape{3, 16, 16}));
    EXPECT_EQ(pictures->count(), 6);
    EXPECT_EQ(pictures->classes(), (std::vector<std::string>{"bright", "dark"}));
    // Class by turn, in order of names: the bright pictures are those with odd numbers.
    EXPECT_EQ(pictures->labels(), (std::vector<std::int64_t>{0, 1, 0, 1, 0, 1}));
    const auto expected = planar_of(shield::make_shield(toy_key(name, 4))->protect(set.image(3)).picture);
    EXPECT_EQ(read(*pictures, {2}), expected) << name;
    EXPECT_EQ(drawn(*pictures, {2}, {}), expected) << name;
    EXPECT_EQ(stored_pictures(folder_ / name, image::Split::test)->count(), 2);
    EXPECT_EQ(stored_pictures(folder_ / name, image::Split::train, 3)->labels(), (std::vector<std::int64_t>{0, 1, 0}));
  }
}

TEST_F(StoredPictures, EveryFifthOfAClassIsATestPicture) {
  store(tones(20, 9), "all", toy_key("vit", 4));
  const auto train = stored_pictures(folder_ / "all", image::Split::train);
  const auto test = stored_pictures(folder_ / "all", image::Split::test);
  EXPECT_EQ(train->count(), 16);
  EXPECT_EQ(test->count(), 4);
  EXPECT_EQ(test->classes(), train->classes());
}

TEST_F(StoredPictures, CannotBeAugmented) {
  store(tones(4, 10), "all/train", toy_key("vit", 4));
  const auto pictures = stored_pictures(folder_ / "all", image::Split::train);
  for (const char* augmentation : {"flip", "crop+flip", "affine", "crop+flip+cutout"}) {
    EXPECT_THAT(
        [&] {
          drawn(*pictures, {0}, {parse_augmentation(augmentation), 1, 0});
        },
        ThrowsMessage<UnsupportedError>(HasSubstr("--augment none")));
  }
}

TEST_F(StoredPictures, OfDifferentShapesAreNamed) {
  store(tones(4, 11), "all/train", toy_key("vit", 4));
  write_file(folder_ / "all/train/dark/zzz.png", image::encode_png(image::Image(3, 8, 12, 7)));
  EXPECT_THAT([&] { stored_pictures(folder_ / "all", image::Split::train); },
              ThrowsMessage<MismatchError>(testing::AllOf(HasSubstr("zzz.png is 3x8x12"), HasSubstr("3x16x16"))));
  EXPECT_EQ(stored_pictures(folder_ / "all", image::Split::train, 3)->count(), 3) << "not even looked at";
}

TEST_F(StoredPictures, DamagedAndMissingOnesAreNamed) {
  store(tones(4, 12), "all/train", toy_key("hill", 4));
  write_file(folder_ / "all/train/dark/000.shield", std::string("OBSHIELD, or is it?"));
  EXPECT_THAT([&] { stored_pictures(folder_ / "all", image::Split::train); },
              ThrowsMessage<FormatError>(HasSubstr("000.shield")));
  EXPECT_THROW(stored_pictures(folder_ / "nowhere", image::Split::train), Error);
  std::filesystem::create_directories(folder_ / "hollow/train/dark");
  EXPECT_THROW(stored_pictures(folder_ / "hollow", image::Split::train), FormatError);
}

TEST(Augmentation, AnEpochIsAPermutation) {
  auto order = shuffled(1000, 5, 3);
  EXPECT_EQ(order, shuffled(1000, 5, 3));
  EXPECT_NE(order, shuffled(1000, 5, 4));
  EXPECT_NE(order, shuffled(1000, 6, 3));
  std::sort(order.begin(), order.end());
  std::vector<std::int64_t> all(1000);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(order, all);
  EXPECT_NE(epoch_stream(5, 3), epoch_stream(5, 4));
  EXPECT_NE(epoch_stream(5, 3), epoch_stream(6, 3));
}

/// In the order affine, crop, mirror, cutout, each with its own stream: what networks in models/ were trained with.
TEST(Augmentation, IsTheSequenceOfItsParts) {
  const image::BatchShape shape{4, 3, 12, 12};
  const auto set = tones(4, 13, 12);
  const std::vector<float> plain(set.images.begin(), set.images.end());
  const std::vector<float> fill = {1, 2, 3};
  for (const char* word : {"none", "affine-strong", "flip", "affine+flip", "crop+flip", "crop+flip+cutout"}) {
    const auto a = parse_augmentation(word);
    auto expected = plain;
    std::vector<float> moved(plain.size());
    if (a.affine) {
      image::augment_affine(expected, moved, shape, a.limits, 99, 20);
      expected = moved;
    }
    if (a.crop > 0) {
      image::augment_crop(expected, moved, shape, a.crop, 99, 20);
      expected = moved;
    }
    if (a.flip) image::augment_flip(std::span(expected), shape, mix(99), 20);
    if (a.cutout > 0) image::augment_cutout(expected, shape, a.cutout, fill, mix(99), 20);
    auto made = plain;
    augment(made, shape, a, fill, 99, 20);
    EXPECT_EQ(made, expected) << word;
    EXPECT_EQ(made == plain, std::string(word) == "none") << word;
  }
}

/// Fixed: networks that are committed with the command that trains them depend on it.
TEST(Augmentation, StreamsAreFixed) {
  EXPECT_EQ(mix(0), 0xe220a8397b1dcdafULL);  // splitmix64's first output for seed 0
  EXPECT_EQ(epoch_stream(1, 2), mix(mix(2) ^ 2));
}

TEST(Schedules, CosineRisesInALineAndFallsByHalfAWave) {
  Recipe r;
  r.schedule = Schedule::cosine;
  r.warm_up = 0.2;
  EXPECT_DOUBLE_EQ(rate_share_at(r, 0), 0.01);
  EXPECT_DOUBLE_EQ(rate_share_at(r, 0.1), 0.5);
  EXPECT_DOUBLE_EQ(rate_share_at(r, 0.2), 1);
  EXPECT_NEAR(rate_share_at(r, 0.4), 0.853553, 1e-6);  // (1 + cos(pi / 4)) / 2
  EXPECT_DOUBLE_EQ(rate_share_at(r, 0.6), 0.5);
  EXPECT_NEAR(rate_share_at(r, 0.8), 0.146447, 1e-6);
  EXPECT_DOUBLE_EQ(rate_share_at(r, 1), 0.01);
}

TEST(Schedules, StepsAreAtHalfAndThreeQuarters) {
  Recipe r;
  r.schedule = Schedule::steps;
  r.learning_rate = 0.5;
  EXPECT_EQ(rate_share_at(r, 0), 1);
  EXPECT_EQ(rate_share_at(r, 0.499), 1);
  EXPECT_EQ(rate_share_at(r, 0.5), 0.1);
  EXPECT_EQ(rate_share_at(r, 0.749), 0.1);
  EXPECT_EQ(rate_share_at(r, 0.75), 0.01);
  EXPECT_EQ(rate_share_at(r, 1), 0.01);
  EXPECT_DOUBLE_EQ(learning_rate_at(r, 0.6), 0.05);
}

TEST(Schedules, HaveNames) {
  for (const Schedule s :
       {Schedule::constant, Schedule::one_cycle, Schedule::cosine, Schedule::steps, Schedule::mild_steps}) {
    EXPECT_EQ(parse_schedule(to_string(s)), s);
  }
  EXPECT_THAT([] { parse_schedule("step"); },
              ThrowsMessage<UsageError>(HasSubstr("one-cycle, cosine, steps or mild-steps")));
}

}  // namespace
}  // namespace obscura::train
