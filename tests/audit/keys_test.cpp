#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/pairs/hill_key.h"
#include "audit/pairs/match_pairs.h"
#include "audit/pairs/nibble_key.h"
#include "audit/pairs/ridge_decoder.h"
#include "audit/scene.h"
#include "base/error.h"
#include "ckks/encoder.h"
#include "ckks/wire.h"
#include "secret/encryptor.h"
#include "secret/secret_key.h"
#include "shield/hill.h"

namespace obscura::audit {
namespace {

using image::Image;

std::vector<shield::Protected> protect(const shield::Shield& shield, std::span<const Image> images) {
  std::vector<shield::Protected> out;
  for (const Image& image : images) out.push_back(shield.protect(image));
  return out;
}

std::vector<Image> drawn(std::size_t count, std::size_t side) {
  const image::Dataset set = drawn_images(count, side, side, 11);
  std::vector<Image> out;
  for (std::size_t n = 0; n < count; ++n) out.push_back(set.image(n));
  return out;
}

TEST(HillKey, SixteenBlocksGiveTheInverseOfTheKey) {
  const shield::Parameters p = parameters_of("hill", 4);
  const shield::RealHill hill(p, victim_seed(1));
  const auto images = drawn(1, 16);  // 16 blocks: just enough
  const auto keys = solve_real_hill(p, images, protect(hill, images));
  ASSERT_EQ(keys.size(), 3U);
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(keys[c].blocks, 16U);
    EXPECT_EQ(keys[c].rank, 16U);
    EXPECT_LT(keys[c].residual, 1e-4);
    const auto truth = shield::invert(hill.key(c));
    for (std::size_t i = 0; i < truth->values.size(); ++i) {
      EXPECT_NEAR(keys[c].inverse.values[i], truth->values[i], 1e-2);
    }
  }
}

TEST(HillKey, SaysWhenBlocksAreTooFew) {
  const shield::Parameters p = parameters_of("hill", 4);
  const shield::RealHill hill(p, victim_seed(1));
  const auto images = drawn(1, 8);
  EXPECT_EQ(solve_real_hill(p, images, protect(hill, images)).front().rank, 4U);
  shield::Parameters m = p;
  m.arithmetic = shield::Arithmetic::modular;
  const shield::ModularHill modular(m, victim_seed(1));
  EXPECT_LT(solve_modular_hill(m, images, protect(modular, images)).front().rank, 16U);
}

TEST(HillKey, ModularKeysComeBackExactly) {
  for (const std::size_t block : {2, 4, 8}) {
    shield::Parameters p = parameters_of("hill", block);
    p.arithmetic = shield::Arithmetic::modular;
    const shield::ModularHill hill(p, victim_seed(2));
    const auto images = drawn(12, 32);
    const auto keys = solve_modular_hill(p, images, protect(hill, images));
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_EQ(keys[c].inverse, *shield::invert(hill.key(c))) << block;
      EXPECT_EQ(keys[c].residual, 0);
    }
    const auto unseen = drawn(13, 32).back();
    EXPECT_EQ(recover(keys, block, hill.protect(unseen)), unseen);
  }
}

TEST(HillKey, OddSidesAreCutOutAgain) {
  const shield::Parameters p = parameters_of("hill", 4);
  const shield::RealHill hill(p, victim_seed(3));
  const auto set = drawn_images(3, 18, 31, 2);
  const std::vector<Image> images = {set.image(0), set.image(1)};
  const auto keys = solve_real_hill(p, images, protect(hill, images));
  EXPECT_EQ(recover(keys, 4, hill.protect(set.image(2))), set.image(2));
}

TEST(HillKey, RefusesWhatDoesNotBelongTogether) {
  const shield::Parameters p = parameters_of("hill", 4);
  const shield::RealHill hill(p, victim_seed(1));
  const auto images = drawn(2, 8);
  const auto ciphers = protect(hill, images);
  EXPECT_THROW(solve_real_hill(p, images, std::span(ciphers).first(1)), MismatchError);
  EXPECT_THROW(solve_real_hill(p, drawn(2, 12), ciphers), MismatchError);
  EXPECT_THROW(solve_modular_hill(p, images, ciphers), MismatchError);
  EXPECT_THROW(solve_real_hill(parameters_of("le"), images, ciphers), UnsupportedError);
}

TEST(NibbleKey, FiveHelpersFindThePlaceOfEveryHalfByte) {
  const shield::Parameters p = parameters_of("ele");
  const auto shield = shield::make_shield(p, victim_seed(4));
  const Image like = drawn(1, 32).front();
  std::size_t asked = 0;
  const NibbleKey key = choose_half_bytes(p, like, [&](const Image& image) {
    ++asked;
    return shield->protect(image);
  });
  EXPECT_EQ(asked, 5U);
  EXPECT_EQ(key.helpers, 5U);
  EXPECT_EQ(key.lost, 0U);
  EXPECT_EQ(recover(key, shield->protect(like)), like);
}

TEST(NibbleKey, RefusesOtherShieldsAndPictures) {
  const auto images = drawn(2, 8);
  const auto hill = shield::make_shield(parameters_of("hill"), victim_seed(1));
  EXPECT_THROW(match_half_bytes(parameters_of("hill"), images, protect(*hill, images)), UnsupportedError);
  EXPECT_THROW(match_half_bytes(parameters_of("le"), images, protect(*hill, images)), MismatchError);
  EXPECT_THROW(match_half_bytes(parameters_of("le"), images, {}), MismatchError);
}

TEST(Networks, AttacksRefuseOtherShieldsAndNumbers) {
  const auto images = drawn(3, 16);
  const shield::Parameters p = parameters_of("neuracrypt", 4, 32);
  const auto ciphers = protect(*shield::make_shield(p, victim_seed(1)), images);
  EXPECT_THROW(match_pairs(parameters_of("le"), ciphers, images), UnsupportedError);
  EXPECT_THROW(match_pairs(p, std::span(ciphers).first(2), images), MismatchError);
  EXPECT_THROW(match_pairs(parameters_of("neuracrypt", 4, 64), ciphers, images), MismatchError);
  EXPECT_THROW(decode_by_ridge(parameters_of("le"), images, ciphers, ciphers), UnsupportedError);
  EXPECT_THROW(decode_by_ridge(p, images, std::span(ciphers).first(2), ciphers), MismatchError);
}

/// Bytes of CKKS ciphertexts of an image, after the parts that say what they are.
Encrypt ckks_bytes() {
  struct Owner {
    ckks::ContextPtr context = ckks::Context::create(ckks::make_parameters(12, {36, 30}, {36}, 1));
    ckks::Encoder encoder{context};
    ckks::SecretKey key{context};
  };
  const auto owner = std::make_shared<const Owner>();
  return [owner](const Image& image, std::span<std::uint8_t> out) {
    const std::vector<double> values(image.pixels.begin(), image.pixels.end());
    const auto cipher = ckks::SecretEncryptor(owner->key).encrypt(owner->encoder, values, 0x1p30, 2);
    const auto bytes = ckks::write_seeded_ciphertext(*owner->context, cipher);
    ASSERT_GE(bytes.size(), out.size() + 256);
    std::copy_n(bytes.begin() + 256, out.size(), out.begin());
  };
}

/// Of 30 pairs, luck matches a few, and each of those is a picture of the victim's own: exact, and no leak.
TEST(Controls, ALuckyMatchIsNoLeak) {
  AttackReport report;
  report.attack = find_attack("matching");
  report.chance = 1.0 / 30, report.tries = 30;
  report.quality = Quality{30, 21, 0.5, 0.2, 0.1, 3};
  report.baseline = Quality{30, 12, 0.3, 0, 1.0 / 30, 0};
  report.null = Null{report.chance, Quality{30, 12, 0.3, 0, 1.0 / 30, 1}};
  report.success = 0.1;
  EXPECT_TRUE(report.at_chance()) << report.verdict();
  report.success = 0.5;
  EXPECT_FALSE(report.at_chance()) << report.verdict();
  // Others make their pictures themselves.
  report.attack = find_attack("ridge");
  report.success = 0.1;
  EXPECT_FALSE(report.at_chance()) << report.verdict();
}

TEST(Controls, AttacksOnCkksCiphertextsAreAtChance) {
  const Encrypt encrypt = ckks_bytes();
  for (const auto& [attack, name] : {std::pair("known-blocks", "hill"),
                                     {"known-images", "le"},
                                     {"chosen-images", "etc"},
                                     {"ridge", "color-neuracrypt"},
                                     {"matching", "color-neuracrypt"}}) {
    const shield::Parameters p = parameters_of(name, 4);
    const auto shield = shield::make_shield(p, victim_seed(1));
    const auto images = drawn(34, 16);
    const Scene scene = make_scene(*shield, control(*shield, encrypt), images, 4, drawn_images(40, 16, 16, 3));
    const AttackReport report = run_attack(attack, scene);
    EXPECT_TRUE(report.at_chance()) << attack << ": " << report.verdict();
    EXPECT_EQ(report.quality->exact == 0 || std::string(attack) == "matching", true) << attack;
  }
}

}  // namespace
}  // namespace obscura::audit
