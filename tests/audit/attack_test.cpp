#include "audit/attack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "audit/attack_sheet.h"
#include "audit/scene.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

using testing::HasSubstr;

double figure(const AttackReport& report, const std::string& name) {
  for (const Figure& f : report.figures) {
    if (f.name == name) return f.value;
  }
  ADD_FAILURE() << "no figure " << name;
  return std::nan("");
}

/// One attack on one shield.
struct Case {
  std::string attack;
  shield::Parameters parameters;
};

std::vector<Case> exact_cases() {
  shield::Parameters modular = parameters_of("hill");
  modular.arithmetic = shield::Arithmetic::modular;
  std::vector<Case> out = {{"known-blocks", parameters_of("hill")}, {"known-blocks", modular}};
  for (const char* name : {"vit", "le", "pe", "ele", "etc", "etc-grayscale"})
    out.push_back({"chosen-images", parameters_of(name)});
  return out;
}

/// Protects to ChaCha20 ciphertexts of the shield's shapes.
Oracle random_oracle(const shield::Parameters& parameters, std::uint64_t seed) {
  const std::shared_ptr<const shield::Shield> shield = shield::make_shield(parameters, victim_seed(0));
  return [shield, inner = control(*shield, chacha20(victim_seed(1000 + seed)))](const image::Image& image) {
    return inner(image);
  };
}

TEST(Attack, KnownBlocksAndChosenImagesGiveEveryImageExactly) {
  for (const Case& c : exact_cases()) {
    const AttackReport report = run_attack(c.attack, scene_of({c.parameters}));
    EXPECT_EQ(report.quality->exact, 20U) << c.attack << " " << c.parameters.shield;
    EXPECT_TRUE(std::isinf(report.quality->psnr));
    EXPECT_EQ(*report.success, 1);
    EXPECT_FALSE(report.at_chance());
    EXPECT_THAT(report.verdict(), HasSubstr("every image recovered exactly"));
  }
}

TEST(Attack, TheSameAttacksOnRealEncryptionAreAtChance) {
  for (const Case& c : exact_cases()) {
    const AttackReport report = run_attack(c.attack, scene_of({.parameters = c.parameters, .control = true}));
    EXPECT_TRUE(report.at_chance()) << c.attack << " " << c.parameters.shield << ": " << report.verdict();
    EXPECT_EQ(report.quality->exact, 0U);
    EXPECT_LT(report.quality->psnr, report.baseline->psnr + 1);
    EXPECT_THAT(report.verdict(), HasSubstr("nothing gained"));
  }
}

TEST(Attack, AKeyAnImageWithstandsAttacksOnTheKey) {
  for (const Case& c : exact_cases()) {
    const AttackReport report = run_attack(c.attack, scene_of({.parameters = c.parameters, .per_image = true}));
    EXPECT_TRUE(report.at_chance()) << c.attack << " " << c.parameters.shield << ": " << report.verdict();
  }
}

TEST(Attack, KnownImagesGiveHalfBytes) {
  for (const char* name : {"vit", "le", "pe", "ele", "etc", "etc-grayscale"}) {
    Wanted wanted{parameters_of(name)};
    wanted.known = 40;
    const AttackReport report = run_attack("known-images", scene_of(wanted));
    EXPECT_GT(report.quality->psnr, 30) << name;
    EXPECT_EQ(figure(report, "lost"), 0) << name;
    wanted.control = true;
    EXPECT_TRUE(run_attack("known-images", scene_of(wanted)).at_chance()) << name;
  }
}

TEST(Attack, PixelsOfPeGiveShapesAwayWhicheverTheirKeys) {
  Wanted wanted{parameters_of("pe")};
  wanted.per_image = true;
  wanted.side = 32;
  for (const char* attack : {"features", "neighbours"}) {
    const AttackReport report = run_attack(attack, scene_of(wanted));
    EXPECT_GE(*report.success, 0.5) << attack;
    EXPECT_FALSE(report.at_chance()) << report.verdict();
  }
  wanted.per_image = false;
  wanted.control = true;
  for (const char* attack : {"features", "neighbours"}) {
    EXPECT_LE(*run_attack(attack, scene_of(wanted)).success, 0.3) << attack;
  }
}

TEST(Attack, JigsawsAreSolvedWhicheverTheirKeys) {
  Wanted wanted{parameters_of("etc", 16)};
  wanted.images = 4;
  wanted.side = 64;
  wanted.per_image = true;
  const AttackReport report = run_attack("jigsaw", scene_of(wanted));
  EXPECT_GT(*report.success, 0.8) << report.verdict();
  EXPECT_GT(figure(report, "Nc"), 0.7);
  EXPECT_GT(figure(report, "Lc"), 0.7);
  wanted.control = true;
  EXPECT_LT(*run_attack("jigsaw", scene_of(wanted)).success, 0.3);
}

TEST(Attack, AFewProtectedImagesOfOneKeyAreAJigsawOfAllOfThem) {
  for (const Case& c : {Case{"jigsaw", parameters_of("vit")}, Case{"jigsaw", parameters_of("etc")},
                        Case{"jigsaw", parameters_of("etc-grayscale", 8)}}) {
    Wanted wanted{c.parameters};
    wanted.images = 60;
    wanted.known = 0;
    wanted.side = 32;
    wanted.natural = true;
    const AttackReport report = run_attack("jigsaw", scene_of(wanted));
    EXPECT_EQ(report.quality->exact, 60U) << c.parameters.shield << ": " << report.verdict();
    EXPECT_EQ(report.publics, 0U);
    EXPECT_EQ(report.known_pairs, 0U);
    ASSERT_TRUE(report.null.has_value());
    EXPECT_LT(report.null->success, 0.3);
    wanted.control = true;
    const AttackReport nothing = run_attack("jigsaw", scene_of(wanted));
    EXPECT_TRUE(nothing.at_chance()) << c.parameters.shield << ": " << nothing.verdict();
  }
}

TEST(Attack, AKeyAnImageDoesNotSaveHillOfSmallBlocks) {
  Wanted wanted{parameters_of("hill", 2)};
  wanted.images = 8;
  wanted.side = 64;
  wanted.natural = true;
  wanted.per_image = true;
  const AttackReport report = run_attack("blind", scene_of(wanted));
  EXPECT_GE(report.quality->exact, 1U) << report.verdict();
  EXPECT_FALSE(report.at_chance()) << report.verdict();
  EXPECT_EQ(figure(report, "exact pictures"), static_cast<double>(report.quality->exact));
  EXPECT_THAT(report.claim, HasSubstr("of 8 exact"));
  wanted.control = true;
  EXPECT_TRUE(run_attack("blind", scene_of(wanted)).at_chance());
}

TEST(Attack, JigsawsOfLargeVitBlocksAreRefused) {
  Wanted wanted{parameters_of("vit", 32)};
  wanted.images = 2;
  wanted.side = 64;
  EXPECT_THROW(run_attack("jigsaw", scene_of(wanted)), UnsupportedError);
}

TEST(Attack, RandomBytesNeverLeak) {
  // Each attack is scored on other random bytes than those that its null is taken from.
  const std::vector<Case> cases = {{"jigsaw", parameters_of("etc", 8)},
                                   {"jigsaw", parameters_of("vit")},
                                   {"jigsaw", parameters_of("etc-grayscale", 8)},
                                   {"features", parameters_of("pe")},
                                   {"neighbours", parameters_of("pe")},
                                   {"known-images", parameters_of("le")},
                                   {"ridge", parameters_of("color-neuracrypt", 4)}};
  for (const Case& c : cases) {
    Wanted wanted{.parameters = c.parameters, .control = true};
    if (c.attack == "jigsaw") wanted.side = 32, wanted.per_image = c.parameters.shield != "vit";
    Scene scene = scene_of(wanted);
    const std::uint64_t seeds = c.parameters.shield == "vit" ? 4 : 20;  // its samples have no order to be found
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      scene.seed = seed;
      const Oracle random = random_oracle(c.parameters, seed);
      for (std::size_t i = 0; i < scene.ciphers.size(); ++i) scene.ciphers[i] = random(scene.originals[i]);
      const AttackReport report = run_attack(c.attack, scene);
      EXPECT_TRUE(report.null.has_value());
      EXPECT_TRUE(report.at_chance()) << c.attack << " seed " << seed << ": " << report.verdict();
      EXPECT_THAT(report.verdict(), HasSubstr("nothing gained"));
    }
  }
}

TEST(Attack, MatchingFindsPairsOfRandomNetworks) {
  for (const char* name : {"neuracrypt", "color-neuracrypt"}) {
    Wanted wanted{parameters_of(name, 4)};
    wanted.images = 60;
    wanted.known = 0;
    const bool wide = wanted.parameters.hidden > 100;  // narrow networks keep distances less well
    EXPECT_GE(*run_attack("matching", scene_of(wanted)).success, wide ? 0.95 : 0.6) << name;
    wanted.per_image = true;
    EXPECT_LE(*run_attack("matching", scene_of(wanted)).success, 0.3) << name;
    wanted.per_image = false;
    wanted.control = true;
    EXPECT_LE(*run_attack("matching", scene_of(wanted)).success, 0.15) << name;
  }
}

TEST(Attack, RidgeDecodesUnseenImagesOfRandomNetworks) {
  for (const char* name : {"neuracrypt", "color-neuracrypt"}) {
    Wanted wanted{parameters_of(name, 4)};
    wanted.known = 10;
    const bool wide = wanted.parameters.hidden > 100;
    const AttackReport report = run_attack("ridge", scene_of(wanted));
    EXPECT_GT(report.quality->psnr, report.baseline->psnr + (wide ? 3 : 1)) << name;
    EXPECT_GE(report.quality->identified, wide ? 0.9 : 0.4) << name;
    EXPECT_FALSE(report.at_chance()) << name;
    for (const bool control : {true, false}) {
      wanted.control = control;
      wanted.per_image = !control;
      const AttackReport nothing = run_attack("ridge", scene_of(wanted));
      EXPECT_TRUE(nothing.at_chance()) << name << ": " << nothing.verdict();
    }
  }
}

TEST(Attack, ADecoderIsTrainedForAnyShield) {
  for (const char* name : {"hill", "etc"}) {
    Wanted wanted{parameters_of(name)};
    wanted.publics = 300;
    wanted.images = 10;
    wanted.side = 8;
    const AttackReport report = run_attack("decoder", scene_of(wanted));
    EXPECT_GT(report.quality->psnr, report.baseline->psnr + 2) << name;
    wanted.control = true;
    if (wanted.parameters.shield == "hill") continue;  // one control is enough: training takes long
    EXPECT_LT(run_attack("decoder", scene_of(wanted)).quality->psnr, report.baseline->psnr + 1) << name;
  }
}

TEST(Attack, EqualPatchesAreCountedAndKeysAreNotTried) {
  const Scene scene = scene_of({parameters_of("le")});
  const AttackReport equal = run_attack("equal-patches", scene);
  EXPECT_FALSE(equal.quality.has_value());
  EXPECT_EQ(*equal.success, figure(equal, "of plain images"));
  const AttackReport keys = run_attack("key-space", scene);
  EXPECT_FALSE(keys.success.has_value());
  EXPECT_NEAR(figure(keys, "key space bits"), 498.5, 1);
  EXPECT_GT(figure(keys, "log2 of years at 10^12 keys a second"), 190);
}

TEST(Attack, StatisticsFindHillWithoutAnyPlainImage) {
  Wanted wanted{parameters_of("hill", 2)};
  wanted.images = 600;
  wanted.publics = 2000;
  const AttackReport report = run_attack("statistics", scene_of(wanted));
  EXPECT_GT(report.quality->identified, 0.8) << report.verdict();
  // Where an image is flat still shows; the images do not.
  wanted.per_image = true;
  const AttackReport nothing = run_attack("statistics", scene_of(wanted));
  EXPECT_LT(nothing.quality->psnr, nothing.baseline->psnr + 1);
  EXPECT_LT(*nothing.success, 0.15);
}

TEST(Attack, NamesAndShieldsHaveToFit) {
  EXPECT_THROW(find_attack("magic"), UsageError);
  const Scene scene = scene_of({parameters_of("le")});
  EXPECT_THROW(run_attack("known-blocks", scene), UnsupportedError);
  try {
    find_attack("magic");
  } catch (const UsageError& e) {
    EXPECT_THAT(e.what(), HasSubstr("known-blocks"));
  }
  for (const std::string& name : shield::shield_names()) EXPECT_GE(attacks_on(parameters_of(name)).size(), 3U) << name;
}

TEST(Attack, ScenesNeedImagesOfOneShape) {
  const auto shield = shield::make_shield(parameters_of("le"), victim_seed(0));
  const Oracle oracle = [&](const image::Image& image) { return shield->protect(image); };
  const std::vector<image::Image> two = {image::Image(3, 8, 8), image::Image(3, 8, 8)};
  EXPECT_THROW(make_scene(*shield, oracle, two, 1, drawn_images(2, 8, 8, 1)), ParameterError);
  EXPECT_THROW(make_scene(*shield, oracle, two, 0, drawn_images(2, 16, 8, 1)), MismatchError);
  const std::vector<image::Image> unlike = {image::Image(3, 8, 8), image::Image(3, 4, 8)};
  EXPECT_THROW(make_scene(*shield, oracle, unlike, 0, drawn_images(2, 8, 8, 1)), MismatchError);
}

TEST(AttackSheet, HasThreeRowsAndAtMostTwelveColumns) {
  const image::Image small(3, 8, 8, 90);
  AttackSheet sheet{"title", "footer", {}, {}, {}};
  EXPECT_THROW(draw(sheet), ParameterError);
  sheet.plain.assign(30, small);
  sheet.seen.assign(30, small);
  EXPECT_THROW(draw(sheet), ParameterError);
  sheet.recovered.assign(30, image::Image(1, 300, 200, 10));
  const image::Image picture = draw(sheet);
  EXPECT_EQ(picture.channels, 3U);
  EXPECT_EQ(picture.height, 46U + 3 * 102 + 34);
  EXPECT_EQ(picture.width, 104U + 12 * 102 + 6);
}

}  // namespace
}  // namespace obscura::audit
