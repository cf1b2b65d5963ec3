// The derived errors and the probability of failure, against what happens: at toy sizes, where failures do.
#include "compile/failure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "ckks/compact.h"
#include "ckks/evaluator.h"
#include "ckks/support.h"
#include "compile/failure_units.h"
#include "compile/magnitudes.h"
#include "compile/networks.h"
#include "compile/stages.h"
#include "secret/decryptor.h"
#include "secret/encryptor.h"
#include "secret/secret_key.h"

namespace obscura::compile {
namespace {

using ckks::Ciphertext;

/// N = 2^6, two primes and two digits.
ckks::ContextPtr toy() {
  return ckks::testing::small_context(6, {40, 30}, {41});
}

constexpr double kScale = 0x1p30;
constexpr std::size_t kSlots = 32;

/// Everything that one key decrypts of nothing at all, done so to.
using Step = std::function<Ciphertext(const ckks::Evaluator&, const Ciphertext&)>;

/// Errors of the real parts of slots under many keys, times the scale.
std::vector<double> errors_of(int keys, int encryptions, const Step& step) {
  const auto context = toy();
  std::vector<double> errors;
  for (int k = 0; k < keys; ++k) {
    const ckks::SecretKey key(context);
    const ckks::SecretEncryptor encryptor(key);
    const ckks::Decryptor decryptor(key);
    ckks::KeyRequest request;
    request.rotation(1, 2, context->degree());
    request.relinearisation(2);
    const auto evaluation = std::make_shared<ckks::EvaluationKeys>(*context, ckks::make_evaluation_keys(key, request));
    const ckks::Evaluator evaluator(context, evaluation);
    const ckks::Encoder encoder(context);
    for (int e = 0; e < encryptions; ++e) {
      const std::vector<double> nothing(kSlots, 0);
      const Ciphertext x = expand(*context, encryptor.encrypt(encoder, nothing, kScale, 2));
      const Ciphertext y = step(evaluator, x);
      for (const double v : decryptor.decrypt_real(y, {64, 0, 30})) errors.push_back(v * y.scale);
    }
  }
  return errors;
}

double mean_square(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v * v;
  return sum / static_cast<double>(values.size());
}

Ciphertext unchanged(const ckks::Evaluator&, const Ciphertext& x) {
  return x;
}
Ciphertext rescaled(const ckks::Evaluator& evaluator, const Ciphertext& x) {
  return evaluator.rescale(x);
}
Ciphertext rotated(const ckks::Evaluator& evaluator, const Ciphertext& x) {
  return evaluator.rotate(x, 1);
}

TEST(ErrorUnits, AreTheMeanSquaresThatAreThere) {
  const ErrorUnits units(toy()->parameters(), 0);
  const double fresh = mean_square(errors_of(40, 10, unchanged));
  // A message of zeros has no rounding of its own.
  EXPECT_NEAR(fresh / units.fresh(), 1, 0.08);
  EXPECT_NEAR(mean_square(errors_of(100, 10, rescaled)) / units.rounding(), 1, 0.12);
  // Of what was there before a rescaling a prime's width is left.
  const double turned = mean_square(errors_of(100, 10, rotated)) - fresh;
  EXPECT_GT(turned / units.key_switch(2), 0.75);
  EXPECT_LT(turned / units.key_switch(2), 1.15);
}

TEST(ErrorUnits, GrowWithDoubtAndWithDigits) {
  const auto parameters = toy()->parameters();
  double before = 0;
  for (const double doubt : {0.0, 1.0, 10.0, 100.0}) {
    const ErrorUnits units(parameters, doubt);
    EXPECT_GT(units.rounding(), before);
    EXPECT_GT(units.rounding_three(), units.rounding());
    EXPECT_GE(units.key_switch(2), units.key_switch(1));
    EXPECT_LE(units.averaged_rounding(8), units.rounding());
    EXPECT_EQ(units.fresh(), ErrorUnits(parameters, 0).fresh());
    before = units.rounding();
  }
}

/// -log2 of the bound on one slot's error of a rescaling beyond a distance, with the best of doubts.
double rescaling_bits(double distance) {
  double best = 0;
  for (double doubt = 0.5; doubt < 200; doubt *= 1.1) {
    const ErrorUnits units(toy()->parameters(), doubt);
    best = std::max(best, joined_bits(doubt / std::log(2.0), tail_bits(distance, units.rounding(), 1)));
  }
  return best;
}

TEST(Failure, BoundsWhatHappensAtToySizes) {
  const auto errors = errors_of(300, 30, rescaled);
  const double deviation = std::sqrt(ErrorUnits(toy()->parameters(), 0).rounding());
  std::size_t compared = 0;
  for (const double times : {2.0, 3.0, 4.0, 5.0}) {
    const auto beyond = std::ranges::count_if(errors, [&](double e) { return std::abs(e) > times * deviation; });
    const double seen = static_cast<double>(beyond) / static_cast<double>(errors.size());
    const double bound = std::exp2(-rescaling_bits(times * deviation));
    EXPECT_LE(seen, bound) << times;
    if (beyond > 20) compared += 1;
  }
  EXPECT_GE(compared, 3U);  // failures did happen
}

/// Without the key's part the bound is tight: a sum of many roundings is normal.
TEST(Failure, TailsAreThoseOfNormalErrorsWithinAFewTimes) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal(0, 3);
  constexpr int kTrials = 200000, kSide = 10;
  for (const double distance : {6.0, 9.0, 11.0}) {
    int failed = 0;
    for (int t = 0; t < kTrials / kSide; ++t) {
      bool any = false;
      for (int i = 0; i < kSide; ++i) any |= std::abs(normal(random)) > distance;
      failed += any ? 1 : 0;
    }
    const double seen = static_cast<double>(failed) / (kTrials / kSide);
    const double bound = std::exp2(-tail_bits(distance, 9, kSide));
    EXPECT_LE(seen, bound) << distance;
    if (distance > 8) {
      EXPECT_GT(seen, bound / 20) << distance;
    }
  }
}

/// A value so near half of the modulus that noise carries some over.
TEST(Failure, BoundsWrapArounds) {
  const auto context = toy();
  const ckks::SecretKey key(context);
  const ckks::SecretEncryptor encryptor(key);
  const ckks::Decryptor decryptor(key);
  const ckks::Encoder encoder(context);
  constexpr int kBits = 14, kTrials = 400;
  const double scale = kScale * std::exp2(kBits) / static_cast<double>(context->q(0).value());
  const double spare = 9 / scale, largest = std::exp2(kBits - 1) / scale - spare;
  int wrapped = 0;
  for (int t = 0; t < kTrials; ++t) {
    // A constant: it stands in one coefficient.
    const std::vector<double> value(kSlots, largest);
    const auto x = expand(*context, encryptor.encrypt(encoder, value, kScale, 1));
    const auto opened = decryptor.open(compact(*context, x, 1, kBits));
    wrapped += opened.real[0] < 0 ? 1 : 0;
  }
  // Of one coefficient: a slot's error is the sum of N / 2 of them.
  double bits = 0;
  for (double doubt = 0.5; doubt < 200; doubt *= 1.1) {
    const double slot = ErrorUnits(context->parameters(), doubt).averaged_rounding(1) / (scale * scale);
    bits = std::max(bits, joined_bits(doubt / std::log(2.0), tail_bits(spare, slot / kSlots, 1)));
  }
  EXPECT_LE(static_cast<double>(wrapped) / kTrials, std::exp2(-bits));
  int near = 0;
  const double edge = std::exp2(kBits - 1) / scale;
  for (int t = 0; t < kTrials; ++t) {
    const std::vector<double> value(kSlots, edge - 1 / scale);
    const auto x = expand(*context, encryptor.encrypt(encoder, value, kScale, 1));
    near += decryptor.open(compact(*context, x, 1, kBits)).real[0] < 0 ? 1 : 0;
  }
  EXPECT_GT(near, kTrials / 10);  // with less to spare they are many
}

TEST(Failure, TailBitsAreMonotone) {
  EXPECT_GT(tail_bits(10, 1, 1), tail_bits(9, 1, 1));
  EXPECT_GT(tail_bits(10, 1, 1), tail_bits(10, 2, 1));
  EXPECT_NEAR(tail_bits(10, 1, 1) - tail_bits(10, 1, 1024), 10, 1e-9);
  EXPECT_EQ(tail_bits(-1, 1, 1), 0);
  EXPECT_EQ(tail_bits(0, 1, 1), 0);
  EXPECT_EQ(tail_bits(1, INFINITY, 1), 0);
  EXPECT_EQ(tail_bits(NAN, 1, 1), 0);
  EXPECT_EQ(tail_bits(1e9, 1, 1), kMostFailureBits);
  EXPECT_NEAR(joined_bits(20, 20), 19, 1e-12);
  EXPECT_NEAR(joined_bits(20, 1000), 20, 1e-5);
  EXPECT_EQ(joined_bits(0, 50), 0);
}

struct Compiled {
  Program program;
  Magnitudes magnitudes;
};

Compiled compiled(Mode mode, std::uint64_t share = 0) {
  const auto graph = networks::dense(41, {1, 6, 6}, 8, 5);
  CompileOptions options;
  options.mode = mode;
  options.share = share;
  return {compile(graph, options), magnitudes_of(graph, network_of(graph), {})};
}

TEST(Failure, OfAProgramFollowsItsParts) {
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    const auto [program, magnitudes] = compiled(mode);
    const Failure failure = failure_of(program, magnitudes);
    EXPECT_GT(failure.bits, 40);
    EXPECT_LE(failure.bits, std::min(failure.logit_bits, failure.wrap_bits));
    // The derivation agrees with what the search for a schedule predicted.
    EXPECT_GT(failure.error, program.client.logit_error / 4);
    EXPECT_LT(failure.error, program.client.logit_error * 2);
    const auto with = [&](auto change) {
      Program other = program;
      change(other.client);
      return failure_of(other, magnitudes).bits;
    };
    EXPECT_GT(with([](auto& c) { c.logit_error *= 2; }), failure.bits);  // a wider tolerance
    EXPECT_LT(with([](auto& c) { c.images *= 1024; }), failure.bits);
    EXPECT_LT(with([](auto& c) { --c.reply_bits, c.reply_scale /= 2; }), failure.bits);
    // A reply of too few bits for its scale wraps around.
    EXPECT_LT(with([](auto& c) { c.reply_bits = 3; }), 1);
    auto larger = magnitudes;
    // Tolerance grows with the logits, but not the modulus.
    for (auto& stage : larger.stages) stage.map_rms *= 1024, stage.map_max *= 1024, stage.activation_max *= 0x1p20;
    EXPECT_LT(failure_of(program, larger).bits, failure.bits);
  }
}

TEST(Failure, SharedProgramsHideTheDerivedNoise) {
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    const auto [program, magnitudes] = compiled(mode, 10);
    EXPECT_GE(program.client.noise, derived_noise(program, magnitudes) * (1 - 1e-12));
    EXPECT_GT(failure_of(program, magnitudes).bits, 40);
  }
}

TEST(Failure, IsSaidInALine) {
  EXPECT_NE(failure_text({0.25, 0.01, 61.9, 62, 99}).find("at most once in 2^61 queries"), std::string::npos);
  EXPECT_NE(failure_text({0.25, 0.2, 0, 0, 99}).find("no bound"), std::string::npos);
}

}  // namespace
}  // namespace obscura::compile
