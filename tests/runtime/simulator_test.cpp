#include "compile/simulate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "runtime/session.h"

namespace obscura::runtime {
namespace {

using compile::Mode;
using testing::Session;

nn::Graph small(std::uint64_t seed) {
  return networks::dense(seed, {1, 8, 8}, 16, 10);
}

double rms_difference(const std::vector<std::vector<double>>& a, const std::vector<std::vector<double>>& b) {
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < a[i].size(); ++k, ++count) sum += std::pow(a[i][k] - b[i][k], 2);
  }
  return std::sqrt(sum / static_cast<double>(count));
}

class Simulation : public ::testing::TestWithParam<Mode> {};

INSTANTIATE_TEST_SUITE_P(Modes, Simulation, ::testing::Values(Mode::packed, Mode::batched),
                         [](const auto& which) { return which.param == Mode::packed ? "packed" : "batched"; });

/// What the simulator adds is as large as what encryption adds, within a factor of four either way.
TEST_P(Simulation, ErrsAsMuchAsTheEncryptedRun) {
  const Session session(small(3), GetParam());
  const compile::Simulator simulator(session.program);
  const auto images = networks::images(8, 64, 4);
  std::vector<std::vector<double>> plain, simulated, encrypted;
  for (std::size_t i = 0; i < images.size(); ++i) {
    plain.push_back(compile::run_stages(session.stages, {images[i].begin(), images[i].end()}));
    const auto result = simulator.run(images[i], i);
    EXPECT_EQ(result.overflow, -1);
    simulated.push_back(result.logits);
    encrypted.push_back(session.classify(std::span(&images[i], 1)).front());
  }
  const double predicted = rms_difference(plain, simulated), measured = rms_difference(plain, encrypted);
  EXPECT_GT(predicted, 0);
  EXPECT_LT(measured, 4 * predicted);
  EXPECT_LT(predicted, 4 * measured);
}

TEST_P(Simulation, IsTheSameForTheSameSeed) {
  const Session session(small(5), GetParam());
  const auto image = networks::images(1, 64, 4).front();
  const compile::Simulator one(session.program, 7), same(session.program, 7), other(session.program, 8);
  EXPECT_EQ(one.run(image, 2).logits, same.run(image, 2).logits);
  EXPECT_NE(one.run(image, 2).logits, other.run(image, 2).logits);
  EXPECT_NE(one.run(image, 2).logits, one.run(image, 3).logits);
}

/// An image far outside of what the program was made for is named, and is really lost.
TEST_P(Simulation, NamesImagesThatLeaveTheRange) {
  const Session session(small(6), GetParam());
  const compile::Simulator simulator(session.program);
  auto image = networks::images(1, 64, 4).front();
  EXPECT_EQ(simulator.run(image, 0).overflow, -1);
  for (float& v : image) v *= 1e4F;
  EXPECT_GE(simulator.run(image, 0).overflow, 0);
  const auto plain = compile::run_stages(session.stages, {image.begin(), image.end()});
  const Query query = session.owner.encrypt(std::span(&image, 1));
  const auto reading = session.owner.read(session.answer(query), ticket_of(query)).front();
  EXPECT_GT(rms_difference({plain}, {reading.logits}), 100);
  EXPECT_EQ(reading.trust, owner::Trust::failed);
}

}  // namespace
}  // namespace obscura::runtime
