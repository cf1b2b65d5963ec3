#include "shield/hill.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "shield/support.h"

namespace obscura::shield {
namespace {

/// A convolution with kernel = stride = block, a group a channel, straight from its definition, whose output is put
/// back in place of the block.
std::vector<double> convolve(const HillKernel& kernel, const std::vector<double>& planar, std::size_t height,
                             std::size_t width) {
  const std::size_t k = kernel.block, plane = height * width;
  std::vector<double> out(planar.size());
  for (std::size_t c = 0; c < kernel.channels; ++c) {
    for (std::size_t y = 0; y < height; y += k) {
      for (std::size_t x = 0; x < width; x += k) {
        for (std::size_t j = 0; j < k * k; ++j) {
          double sum = 0;
          for (std::size_t p = 0; p < k * k; ++p) {
            const float weight = kernel.values[((c * k * k + j) * k + p / k) * k + p % k];
            sum += weight * planar[c * plane + (y + p / k) * width + x + p % k];
          }
          out[c * plane + (y + j / k) * width + x + j % k] = sum;
        }
      }
    }
  }
  return out;
}

std::vector<double> planar_of(const image::Image& image) {
  const auto bytes = image::to_planar(image);
  return {bytes.begin(), bytes.end()};
}

TEST(Hill, ConvolutionEqualsMatrices) {
  for (const std::size_t block : {2, 4, 8}) {
    for (const std::size_t channels : {1, 3}) {
      const RealHill hill({"hill", block, Arithmetic::real}, test_seed(1));
      const image::Image image = noise(channels, 16, 32);
      const auto hidden = std::get<RealImage>(hill.protect(image).picture).values;
      const auto convolved = convolve(hill.convolution(channels), planar_of(image), 16, 32);
      for (std::size_t i = 0; i < hidden.size(); ++i) ASSERT_NEAR(hidden[i], convolved[i], 1e-3);

      const auto back = convolve(hill.inverse_convolution(channels), {hidden.begin(), hidden.end()}, 16, 32);
      const auto plain = planar_of(image);
      for (std::size_t i = 0; i < back.size(); ++i) ASSERT_NEAR(back[i], plain[i], 0.1);
    }
  }
}

TEST(Hill, ABlockTimesItsMatrix) {
  const RealHill hill({"hill", 2, Arithmetic::real}, test_seed(1));
  image::Image image(3, 2, 2);
  image.at(1, 0, 2) = 10;  // entry 2 of channel 2's row vector
  const auto hidden = std::get<RealImage>(hill.protect(image).picture).values;
  for (std::size_t j = 0; j < 4; ++j) {
    EXPECT_FLOAT_EQ(hidden[8 + j], static_cast<float>(10 * hill.key(2).at(2, j)));
    EXPECT_EQ(hidden[j], 0);
  }
}

TEST(Hill, LargeBlocksRevealExactly) {
  const image::Image image = noise(3, 32, 48);
  const RealHill real({"hill", 16, Arithmetic::real}, test_seed(1));
  EXPECT_EQ(real.reveal(real.protect(image)), image);
  const ModularHill modular({"hill", 16, Arithmetic::modular}, test_seed(1));
  EXPECT_EQ(modular.reveal(modular.protect(image)), image);
}

TEST(Hill, KeysAreWellConditioned) {
  for (std::uint8_t k = 0; k < 20; ++k) {
    const RealHill hill({"hill", 4, Arithmetic::real}, test_seed(k));
    for (std::size_t c = 0; c < 3; ++c) {
      const auto inverse = invert(hill.key(c));
      ASSERT_TRUE(inverse);
      EXPECT_LT(condition(hill.key(c), *inverse), RealHill::worst_condition(4));
      for (const double v : hill.key(c).values) EXPECT_LE(std::abs(v), 1);
    }
  }
}

RealMatrix uniform_matrix(Draws& draws, std::size_t size) {
  RealMatrix out(size);
  for (double& v : out.values) v = draws.signed_unit();
  return out;
}

/// The largest step between pixels and what comes back of them, before it is rounded to bytes.
double measured_error(const RealMatrix& key, const RealMatrix& inverse, const std::vector<double>& pixels) {
  std::vector<float> hidden;
  for (std::size_t j = 0; j < key.size; ++j) {
    double sum = 0;
    for (std::size_t p = 0; p < key.size; ++p) sum += pixels[p] * key.at(p, j);
    hidden.push_back(static_cast<float>(sum));
  }
  double worst = 0;
  for (std::size_t i = 0; i < key.size; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < key.size; ++j) sum += hidden[j] * inverse.at(j, i);
    worst = std::max(worst, std::abs(sum - pixels[i]));
  }
  return worst;
}

TEST(Hill, NoImageIsOffByMoreThanTheWorstError) {
  Draws draws(test_seed(31));
  int nearly_singular = 0;
  for (int round = 0; round < 200; ++round) {
    RealMatrix key = uniform_matrix(draws, 16);
    // From harmless to hopeless: the last row comes near to a sum of two others.
    const double apart = std::pow(10.0, -(round % 8));
    for (std::size_t j = 0; j < 16; ++j) key.at(15, j) = key.at(0, j) + key.at(1, j) + apart * key.at(15, j);
    const auto inverse = invert(key);
    ASSERT_TRUE(inverse);
    const double bound = RealHill::worst_error(key, *inverse);
    nearly_singular += bound > 0.5 ? 1 : 0;
    double seen = 0;
    for (int image = 0; image < 20; ++image) {
      std::vector<double> pixels;
      for (int i = 0; i < 16; ++i) pixels.push_back(image < 10 ? draws.byte() : draws.below(2) * 255.0);
      seen = std::max(seen, measured_error(key, *inverse, pixels));
    }
    EXPECT_LE(seen, bound);
    EXPECT_GT(seen, bound / 200);  // it is no wild exaggeration either
  }
  EXPECT_GT(nearly_singular, 20);
  EXPECT_LT(nearly_singular, 180);
}

TEST(Hill, UniformKeysFromElsewhereAreTakenAndRevealExactly) {
  Draws draws(test_seed(32));
  const image::Image image = noise(3, 16, 16);
  int refused = 0, above = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<RealMatrix> keys;
    for (int c = 0; c < 3; ++c) keys.push_back(uniform_matrix(draws, 16));
    above += condition(keys[0], *invert(keys[0])) > RealHill::worst_condition(4) ? 1 : 0;
    try {
      const RealHill hill({"hill", 4, Arithmetic::real}, std::move(keys));
      EXPECT_EQ(hill.reveal(hill.protect(image)), image) << round;
    } catch (const ParameterError& e) {
      ++refused;
    }
  }
  EXPECT_LE(refused, 2);
  EXPECT_GT(above, 10);  // all of which were refused by their condition number
}

TEST(Hill, AKeyThatLosesPixelsIsRefusedWithItsError) {
  RealMatrix key(4);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 4; ++j) key.at(i, j) = i == j ? 1.1 : 0.1;
  }
  for (std::size_t j = 0; j < 4; ++j) key.at(3, j) = (key.at(0, j) + key.at(1, j)) / 3 + (j == 3 ? 1e-7 : 0);
  try {
    const RealHill hill({"hill", 2, Arithmetic::real}, {key, key, key});
    FAIL() << "taken";
  } catch (const ParameterError& e) {
    EXPECT_NE(std::string(e.what()).find("come back wrong by up to"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("channel 0"), std::string::npos) << e.what();
  }
  RealMatrix large = key;
  for (double& v : large.values) v = 1e37;
  for (std::size_t i = 0; i < 4; ++i) large.at(i, i) = 3e37;
  EXPECT_THROW(RealHill({"hill", 2, Arithmetic::real}, {large, large, large}), ParameterError);
}

TEST(Hill, MatricesFromElsewhere) {
  const Parameters p{"hill", 2, Arithmetic::modular};
  ByteMatrix identity(4);
  for (std::size_t i = 0; i < 4; ++i) identity.at(i, i) = 1;
  ByteMatrix even = identity;
  even.at(2, 2) = 2;
  const ModularHill hill(p, {identity, identity, identity});
  EXPECT_EQ(std::get<image::Image>(hill.protect(noise(3, 4, 4)).picture), noise(3, 4, 4));
  EXPECT_THROW(ModularHill(p, {identity, even, identity}), ParameterError);
  EXPECT_THROW(ModularHill(p, {identity, identity}), ParameterError);
  EXPECT_THROW(ModularHill(p, {identity, identity, ByteMatrix(9)}), ParameterError);
  EXPECT_THROW(RealHill({"hill", 2, Arithmetic::real}, {RealMatrix(4), RealMatrix(4), RealMatrix(4)}), ParameterError);
}

TEST(Hill, ModularInversesAreInverses) {
  Draws draws(test_seed(8));
  std::size_t found = 0;
  for (int round = 0; round < 200; ++round) {
    ByteMatrix m(5);
    for (auto& v : m.values) v = draws.byte();
    const auto inverse = invert(m);
    if (!inverse) continue;
    ++found;
    for (std::size_t r = 0; r < 5; ++r) {
      for (std::size_t c = 0; c < 5; ++c) {
        unsigned sum = 0;
        for (std::size_t i = 0; i < 5; ++i) sum += m.at(r, i) * inverse->at(i, c);
        ASSERT_EQ(sum % 256, r == c ? 1 : 0);
      }
    }
  }
  EXPECT_NEAR(static_cast<double>(found), 200 * 0.298, 25);  // (1 - 1/2)(1 - 1/4)...(1 - 1/32)
}

}  // namespace
}  // namespace obscura::shield
