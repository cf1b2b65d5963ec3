// What decrypted numbers tell of the key, to whoever sees them beside the ciphertexts (Li and Micciancio, ePrint
// 2020/1533), in every mode of the owner: exact ones tell it all, those of the default as slowly as the theory says,
// shared ones nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "message/client_wire.h"
#include "obscura/owner.h"
#include "owner/recovery_support.h"

namespace obscura::owner {
namespace {

using message::Mode;
using namespace recovery;

struct Way {
  const char* name;
  message::ClientSpec client;
};

std::vector<Way> ways() {
  return {{"packed", packed_spec(1)},
          {"packed, a reply of fewer coefficients", packed_spec(2)},
          {"batched", batched_spec()},
          {"chunks, policy features", chunked_spec()}};
}

struct Outcome {
  support::Recovered found;
  double predicted = 0;  ///< error of a coefficient, for shown numbers with this noise
};

/// After so many answers. `noise`: of a shown logit, as the theory has it.
Outcome attacked(const Owner& owner, std::size_t answers, const ckks::DecryptOptions& options, double noise) {
  std::mt19937_64 random(answers);
  Attack attack(owner.client());
  for (std::size_t a = 0; a < answers; ++a) {
    const Exchange e = exchanged(owner, random);
    attack.see(e, in_slots(owner.read(e.answer, ticket_of(e.query), options)));
  }
  return {support::compare(attack.regression().solve(), owner.key().coefficients()),
          attack.regression().predicted_error(noise * owner.client().reply_scale)};
}

/// Of the default: what is added, and the rounding to a unit.
double default_noise(const message::ClientSpec& client) {
  const double bound = 2 * client.noise, unit = std::exp2(-logit_precision(bound * std::sqrt(3)));
  return std::hypot(std::sqrt(2) * bound, unit / std::sqrt(12));
}

TEST(KeyRecovery, ExactNumbersAreTheKeyInEveryMode) {
  for (const Way& way : ways()) {
    const Owner owner(way.client);
    const std::size_t enough = 8 * way.client.reply_gap;
    EXPECT_EQ(attacked(owner, enough, {64, 0, 30}, 0).found.right, 64U) << way.name;
  }
}

// The default is for the owner alone, and this is why: it makes averaging long, and not impossible. As many answers as
// the theory says, and no fewer: at 64 coefficients a few hundred.
TEST(KeyRecovery, TheDefaultIsAveragedAwayAsFastAsTheoryHasIt) {
  for (const Way& way : ways()) {
    const Owner owner(way.client);
    for (const std::size_t answers : {12U, 100U}) {
      const auto [found, predicted] = attacked(owner, answers * way.client.reply_gap, {}, default_noise(way.client));
      EXPECT_GT(found.error, 0.6 * predicted) << way.name << ", " << answers;
      EXPECT_LT(found.error, 1.9 * predicted) << way.name << ", " << answers;
      if (answers == 12) {
        EXPECT_LT(found.right, 58U) << way.name;
      }
    }
  }
  const Owner owner(packed_spec(1));
  const auto [found, predicted] = attacked(owner, 2000, {}, default_noise(owner.client()));
  EXPECT_EQ(found.right, 64U);
  EXPECT_LT(found.error, 1.9 * predicted);
}

TEST(KeyRecovery, SharedAnswersTellNothing) {
  for (const Way& way : ways()) {
    const Owner owner(way.client);
    constexpr std::size_t kAnswers = 200;
    const std::size_t images = way.client.mode == Mode::batched ? way.client.images : 1;
    ckks::DecryptOptions shown;
    shown.flood_queries = kAnswers * images * way.client.outputs;
    const double noise = 2 * way.client.noise * ckks::added_noise_factor(shown);
    const auto [found, predicted] = attacked(owner, kAnswers, shown, noise);
    // An estimate whose error is thousands of times what is estimated.
    EXPECT_GT(predicted, 1000) << way.name;
    EXPECT_GT(found.error, 0.7 * predicted) << way.name;
    EXPECT_LT(found.right, 45U) << way.name;
  }
}

TEST(KeyRecovery, WhatIsAskedForIsWhatIsShown) {
  const auto client = packed_spec(1);
  const auto shown = flooded_for(client, 10);
  EXPECT_EQ(shown.flood_queries, 10 * client.outputs);
  EXPECT_EQ(flooded_for(client, 0).flood_queries, 0U);
  const Owner owner(batched_spec());
  std::mt19937_64 random(1);
  const Exchange e = exchanged(owner, random);
  // 32 images, and noise for 31.
  EXPECT_THROW(owner.read(e.answer, ticket_of(e.query), flooded_for(owner.client(), 31)), MismatchError);
  EXPECT_NO_THROW(owner.read(e.answer, ticket_of(e.query), flooded_for(owner.client(), 32)));
}

/// The library's owner has no way to show exact numbers. The attacker has what goes back and forth, and what it says;
/// whether a guess is the key tells the key's id, which is public.
bool attacked_from_outside(std::uint64_t share, std::size_t answers) {
  const auto client = packed_spec(1);
  const auto context = ckks::Context::create(client.parameters);
  obscura::Owner outside(message::write_client_spec(client));
  std::mt19937_64 random(share);
  Attack attack(client);
  for (std::size_t a = 0; a < answers; ++a) {
    auto images = drawn_images(client, random);
    auto query = message::read_query(*context, client.program, outside.encrypt_values(images), "query");
    const Exchange e = answered(client, *context, std::move(images), std::move(query));
    attack.see(e, outside.read(message::write_answer(*context, e.answer), share).front().logits);
  }
  std::vector<std::int8_t> guess;
  for (const double v : attack.regression().solve()) {
    guess.push_back(static_cast<std::int8_t>(std::clamp(std::round(v), -1.0, 1.0)));
  }
  return ckks::SecretKey(context, guess).id() == outside.id();
}

TEST(KeyRecovery, TheLibrarysOwnerIsAsThisOne) {
  EXPECT_TRUE(attacked_from_outside(0, 1500));
  EXPECT_FALSE(attacked_from_outside(1500, 1500));
}

}  // namespace
}  // namespace obscura::owner
