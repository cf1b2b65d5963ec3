// The figures that docs/shields.md gives, on the real images.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "audit/scene.h"
#include "base/error.h"
#include "image/dataset.h"

namespace obscura::audit {
namespace {

namespace fs = std::filesystem;

/// $OBSCURA_DATA, or what lies beside the source tree.
fs::path data_dir() {
  if (const char* set = std::getenv("OBSCURA_DATA")) return set;
  return fs::path(OBSCURA_SOURCE_DIR) / "../shared/data";
}

class Cifar : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(data_dir() / "cifar-10")) GTEST_SKIP() << "no cifar-10 in " << data_dir();
  }

  static Scene scene(const shield::Parameters& parameters, std::size_t images, std::size_t known,
                     std::size_t side = 32) {
    const auto take = [&](image::Split split, std::size_t count) {
      const image::Dataset set = image::load_dataset("cifar-10", split, data_dir(), count);
      std::vector<image::Image> out;
      for (std::size_t n = 0; n < count; ++n) out.push_back(image::resize(set.image(n), side, side));
      return out;
    };
    const std::shared_ptr<const shield::Shield> shield = shield::make_shield(parameters, victim_seed(7));
    const auto victims = take(image::Split::test, images + known), publics = take(image::Split::train, 20);
    image::Dataset set = drawn_images(publics.size(), side, side, 1);
    set.images.clear();
    for (const auto& image : publics) {
      const auto planar = image::to_planar(image);
      set.images.insert(set.images.end(), planar.begin(), planar.end());
    }
    return make_scene(
        *shield, [shield](const image::Image& image) { return shield->protect(image); }, victims, known, set);
  }
};

TEST_F(Cifar, NeuraCryptPairsAreMatched) {
  EXPECT_GE(*run_attack("matching", scene(parameters_of("neuracrypt", 4), 100, 0)).success, 0.95);
}

TEST_F(Cifar, ColorNeuraCryptPairsAreMatched) {
  EXPECT_GE(*run_attack("matching", scene(parameters_of("color-neuracrypt", 4), 100, 0)).success, 0.95);
}

TEST_F(Cifar, TenPairsDecodeColorNeuraCryptAsPublished) {
  const AttackReport report = run_attack("ridge", scene(parameters_of("color-neuracrypt", 16), 10, 10, 224));
  EXPECT_GE(report.quality->psnr, 24);
  EXPECT_EQ(report.quality->identified, 1);
}

TEST_F(Cifar, ProtectedPicturesAloneGiveHillAway) {
  const AttackReport report = run_attack("blind", scene(parameters_of("hill", 4), 400, 0));
  EXPECT_EQ(report.quality->exact, 400U);
  EXPECT_EQ(report.publics, 0U);
}

TEST_F(Cifar, OneKnownImageGivesHillAway) {
  EXPECT_EQ(run_attack("known-blocks", scene(parameters_of("hill", 4), 20, 1)).quality->exact, 20U);
}

TEST_F(Cifar, JigsawsOfLargeBlocksAreSolved) {
  EXPECT_GE(*run_attack("jigsaw", scene(parameters_of("etc", 16), 5, 0, 64)).success, 0.9);
}

TEST_F(Cifar, TwentyProtectedImagesGiveVitAway) {
  const AttackReport report = run_attack("jigsaw", scene(parameters_of("vit", 4), 20, 0));
  EXPECT_EQ(report.quality->exact, 20U) << report.verdict();
  EXPECT_EQ(report.publics, 0U);
}

TEST_F(Cifar, TwentyProtectedImagesGiveEtcGrayscaleAway) {
  const AttackReport report = run_attack("jigsaw", scene(parameters_of("etc-grayscale", 8), 20, 0));
  EXPECT_EQ(report.quality->exact, 20U) << report.verdict();
}

}  // namespace
}  // namespace obscura::audit
