// What the scores of a search tell of the key to whoever sees them beside the ciphertexts (Li and Micciancio, ePrint
// 2020/1533): blind search and encrypted galleries. Exact scores are the key; shown ones are averaged away as fast as
// theory has it, for they are for the owner alone; Hamming distances are whole numbers and carry no error at all.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/error.h"
#include "search/owner/encrypted_owner.h"
#include "search/owner/score_owner.h"
#include "support/known_rounding.h"
#include "support/noise_regression.h"

namespace obscura::search {
namespace {

constexpr int kLogDegree = 6;
constexpr std::size_t kDegree = std::size_t{1} << kLogDegree;

/// A plan in a ring of 64 coefficients: primes of the same sizes, so that errors are as derived for it.
template <typename Plan>
Plan small(Plan plan) {
  plan.parameters = ckks::make_parameters(kLogDegree, {48}, {50});
  plan.parameters.insecure = true;
  return plan;
}

/// An honest answer: its scores, what the server has before it is made a reply, and the reply.
struct Honest {
  std::vector<double> scores;
  ckks::Ciphertext sum;
  ckks::CompactCiphertext reply;
};

ckks::Plaintext encoded(const ScoreOwner& owner, const std::vector<double>& scores, double scale) {
  return ckks::Encoder(owner.context()).encode(std::span<const double>(scores), scale, 1);
}

ckks::Plaintext encoded(const EncryptedGalleryOwner& owner, const std::vector<double>& scores, double scale) {
  const auto& ring = owner.context()->q(0);
  ckks::Plaintext plain{owner.context()->digest(), 1, ring::Polynomial(kDegree, 1), scale};
  for (std::size_t i = 0; i < kDegree; ++i) {
    const std::int64_t rounded = std::llround(scores[i] * scale);
    plain.poly.limb(0)[i] =
        static_cast<std::uint64_t>(rounded < 0 ? rounded + static_cast<std::int64_t>(ring.value()) : rounded);
  }
  ring.forward(plain.poly.limb(0));
  return plain;
}

/// `size`: the largest score. What rounding shows of an error depends on the score, so they are drawn.
template <typename Owner>
Honest honest(const Owner& owner, std::size_t rows, double size, std::mt19937_64& random) {
  const auto& context = *owner.context();
  const double scale = std::exp2(owner.plan().query_bits + owner.plan().gallery_bits);
  std::uniform_real_distribution<double> uniform(-size, size);
  Honest made;
  for (std::size_t r = 0; r < rows; ++r) made.scores.push_back(size == 0 ? 0 : uniform(random));
  made.sum = ckks::expand(context, ckks::SecretEncryptor(owner.key()).encrypt(encoded(owner, made.scores, scale)));
  made.reply = ckks::compact(context, made.sum, 1, owner.plan().reply_bits);
  return made;
}

/// Rows of the errors of a reply: of slots where those are the scores, or of coefficients.
std::vector<support::ErrorRow> errors_of(const ScoreOwner& owner, const std::vector<double>& r0,
                                         const std::vector<double>& r1) {
  const auto slots = support::real_slots(ckks::Encoder(owner.context()), kDegree);
  std::vector<support::ErrorRow> rows;
  for (const auto& slot : slots) rows.push_back(support::slot_error(slot, r0, r1));
  return rows;
}

std::vector<support::ErrorRow> errors_of(const EncryptedGalleryOwner&, const std::vector<double>& r0,
                                         const std::vector<double>& r1) {
  std::vector<support::ErrorRow> rows;
  for (std::size_t k = 0; k < kDegree; ++k) rows.push_back({r0[k], support::product_row(r1, k)});
  return rows;
}

std::vector<double> exact(const ScoreOwner& owner, const Honest& answer) {
  const auto opened = ckks::Decryptor(owner.key()).open(answer.reply).real;
  return {opened.begin(), opened.end()};
}

std::vector<double> exact(const EncryptedGalleryOwner& owner, const Honest& answer) {
  const auto opened = ckks::Decryptor(owner.key()).open_coefficients(answer.reply);
  return {opened.begin(), opened.end()};
}

template <typename Owner>
std::vector<double> shown(const Owner& owner, const Honest& answer) {
  const auto scores = owner.read(std::span(&answer.reply, 1), answer.scores.size());
  return {scores.begin(), scores.end()};
}

struct Outcome {
  support::Recovered found;
  double predicted = 0;
};

template <typename Owner, typename Show>
Outcome attacked(const Owner& owner, std::size_t places, std::size_t answers, double noise, Show&& show) {
  std::mt19937_64 random(answers);
  support::NoiseRegression regression(kDegree);
  double scale = 1;
  for (std::size_t a = 0; a < answers; ++a) {
    const Honest answer = honest(owner, places, 0.9, random);
    scale = answer.reply.scale;
    const auto r0 = support::roundings(*owner.context(), answer.sum, 0, answer.reply.bits);
    const auto r1 = support::roundings(*owner.context(), answer.sum, 1, answer.reply.bits);
    const auto rows = errors_of(owner, r0, r1);
    const auto scores = show(answer);
    for (std::size_t j = 0; j < rows.size(); ++j) {
      regression.add(rows[j].row, (scores[j] - answer.scores[j]) * scale - rows[j].constant);
    }
  }
  return {support::compare(regression.solve(), owner.key().coefficients()), regression.predicted_error(noise * scale)};
}

template <typename Owner, typename Plan>
void attack_all(const Plan& plan, std::size_t rows) {
  const Owner owner(plan);
  EXPECT_EQ(attacked(owner, rows, 12, 0, [&](const Honest& a) { return exact(owner, a); }).found.right, kDegree);
  // What is added, and the rounding three bits below it.
  const double added = std::sqrt(2) * score_error(plan);
  const double unit = std::exp2(-ckks::honest_precision(std::hypot(added, score_error(plan))));
  const double noise = std::hypot(added, unit / std::sqrt(12));
  for (const std::size_t answers : {25U, 200U}) {
    const auto [found, predicted] =
        attacked(owner, rows, answers, noise, [&](const Honest& a) { return shown(owner, a); });
    EXPECT_GT(found.error, 0.6 * predicted) << answers;
    EXPECT_LT(found.error, 1.9 * predicted) << answers;
    if (answers == 25) {
      EXPECT_LT(found.right, kDegree * 9 / 10);
    }
  }
}

TEST(ScoreRecovery, OfBlindSearch) {
  attack_all<ScoreOwner>(small(plan_scores(VectorKind::unit, 32)), kDegree / 2);
}

TEST(ScoreRecovery, OfEncryptedGalleries) {
  attack_all<EncryptedGalleryOwner>(small(plan_encrypted_scores(VectorKind::unit, 32)), kDegree);
}

/// Distances are rounded to the whole number that they are: whatever the error was, the same is shown.
TEST(ScoreRecovery, DistancesCarryNoError) {
  const ScoreOwner blind(small(plan_scores(VectorKind::code, 32)));
  const EncryptedGalleryOwner encrypted(small(plan_encrypted_scores(VectorKind::code, 32)));
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 20; ++trial) {
    for (const double score : shown(blind, honest(blind, kDegree / 2, 0, random))) EXPECT_EQ(score, 0);
    for (const double score : shown(encrypted, honest(encrypted, kDegree, 0, random))) EXPECT_EQ(score, 0);
  }
}

/// The key in the place of scores is refused where it is larger than any error, and the same answer shows the same.
TEST(ScoreRecovery, ForgedScoresAreRefused) {
  const auto plan = small(plan_scores(VectorKind::unit, 32));
  const ScoreOwner owner(plan);
  std::mt19937_64 random(2);
  const Honest again = honest(owner, kDegree / 2, 0.9, random);
  EXPECT_EQ(shown(owner, again), shown(owner, again));
  Honest forged = again;
  std::ranges::fill(forged.reply.c0, 0);
  std::ranges::fill(forged.reply.c1, 0);
  forged.reply.c1[0] = static_cast<std::uint64_t>(40 * score_bound(plan) * forged.reply.scale / std::sqrt(kDegree));
  EXPECT_THROW(shown(owner, forged), MismatchError);
}

}  // namespace
}  // namespace obscura::search
