// What the statistics of docs/audit.md say of transforms that are broken, and of encryption that is not.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "audit/pictures/difference.h"
#include "audit/pictures/histogram.h"
#include "audit/pictures/neighbours.h"
#include "audit/scene/controls.h"
#include "audit/scene/drawn_images.h"
#include "audit/support.h"
#include "ring/random.h"

namespace obscura::audit {
namespace {

using image::Image;
using Make = std::function<Image(const Image&)>;

constexpr double kAlpha = 0.01;
constexpr std::size_t kPictures = 40;

/// Shares of channels, and of pairs of pictures, that pass.
struct Passed {
  double histogram = 0, neighbours = 0, npcr = 0, uaci = 0;
};

Passed passed(const Make& make) {
  const auto set = drawn_images(kPictures, 64, 64, 1);
  Passed sum;
  for (std::size_t i = 0; i < kPictures; ++i) {
    Image plain = set.image(i);
    const Image out = make(plain);
    for (std::size_t c = 0; c < 3; ++c) {
      sum.histogram += uniformity(count_bytes(out, c)).p >= kAlpha;
      for (const auto n : kNeighbours) sum.neighbours += !neighbour_correlation(out, c, n).beyond_chance();
    }
    auto& sample = plain.at(32, 32);
    sample = static_cast<std::uint8_t>(sample ^ 1);
    const Difference changed = difference(out, make(plain));
    sum.npcr += changed.npcr_passes(kAlpha), sum.uaci += changed.uaci_passes(kAlpha);
  }
  constexpr double kCount = kPictures;
  return {sum.histogram / (3 * kCount), sum.neighbours / (9 * kCount), sum.npcr / kCount, sum.uaci / kCount};
}

Make shielded(const std::string& name) {
  shield::Parameters parameters;
  parameters.shield = name;
  if (name == "hill") parameters.arithmetic = shield::Arithmetic::modular;
  const std::shared_ptr shield = shield::make_shield(shield::complete(parameters), test_seed(3));
  return [shield](const Image& picture) { return std::get<Image>(shield->protect(picture).picture); };
}

/// A Hill cipher gives its key away to a handful of known blocks, and most of its pictures look like noise.
TEST(PictureControls, ABrokenCipherPassesMostOfThem) {
  const Passed hill = passed(shielded("hill"));
  EXPECT_GT(hill.histogram, 0.6);
  EXPECT_GT(hill.neighbours, 0.7);
  EXPECT_EQ(hill.npcr, 0);
}

TEST(PictureControls, ShufflesPassByTheirNeighboursAndKeepTheirHistograms) {
  for (const char* name : {"pe", "ele"}) {
    const Passed shuffled = passed(shielded(name));
    EXPECT_LT(shuffled.histogram, 0.1) << name;
    EXPECT_GT(shuffled.neighbours, 0.85) << name;
    EXPECT_EQ(shuffled.npcr, 0) << name;
  }
}

TEST(PictureControls, WholeBlocksLookLikePictures) {
  const Passed etc = passed(shielded("etc"));
  EXPECT_LT(etc.histogram, 0.05);
  EXPECT_LT(etc.neighbours, 0.05);
}

TEST(PictureControls, EncryptionWithAFreshNoncePasses) {
  const auto encrypt = chacha20(test_seed(4));
  const Passed fresh = passed([&](const Image& picture) {
    Image out = picture;
    encrypt(picture, out.pixels);
    return out;
  });
  EXPECT_GT(fresh.histogram, 0.94);
  EXPECT_GT(fresh.neighbours, 0.96);
  EXPECT_GT(fresh.npcr, 0.9);
  EXPECT_GT(fresh.uaci, 0.9);
}

/// One picture under one pad is perfectly secret; NPCR and UACI ask for something else.
TEST(PictureControls, APadFailsWhatAsksForDiffusion) {
  const Passed pad = passed([](const Image& picture) {
    Image out = picture;
    ring::RandomStream(test_seed(5), 0).fill(std::span(out.pixels));
    for (std::size_t i = 0; i < out.pixels.size(); ++i) out.pixels[i] ^= picture.pixels[i];
    return out;
  });
  EXPECT_GT(pad.histogram, 0.94);
  EXPECT_GT(pad.neighbours, 0.96);
  EXPECT_EQ(pad.npcr, 0);
  EXPECT_EQ(pad.uaci, 0);
}

}  // namespace
}  // namespace obscura::audit
