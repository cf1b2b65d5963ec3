#include "ckks/parameters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/error.h"
#include "ckks/context.h"
#include "ring/primes.h"

namespace obscura::ckks {
namespace {

/// Bossuat et al., 2024/463: the largest log QP at 128 bits, log N = 10 ... 17.
constexpr int kTable[] = {26, 53, 106, 214, 430, 868, 1747, 3523};

/// Primes whose bit lengths add up to `bits`, the last one special, in digits that it can carry.
Parameters filled(int log_degree, int bits) {
  const int most = 59;
  const int count = std::max(2, (bits + most - 1) / most);
  std::vector<int> q;
  for (int i = 0; i < count; ++i) q.push_back(bits / count + (i < bits % count ? 1 : 0));
  const int special = q.front();
  q.erase(q.begin());
  return make_parameters(log_degree, q, {special});
}

class SecurityTable : public ::testing::TestWithParam<int> {};

TEST_P(SecurityTable, TheLimitIsTakenAndOnePrimeMoreRefused) {
  const int log_degree = GetParam(), limit = kTable[log_degree - 10];
  EXPECT_EQ(max_log_qp(log_degree, 128), limit);
  Parameters parameters = filled(log_degree, limit);
  const auto context = Context::create(parameters);
  EXPECT_LE(context->log_qp(), limit);
  EXPECT_GT(context->log_qp(), limit - 2);
  EXPECT_GE(context->security_bits(), 128);
  EXPECT_LE(context->security_bits(), 132);

  const auto more = ring::ntt_primes(30, std::size_t{1} << log_degree, 2, parameters.q);
  parameters.q.push_back(more[0] == parameters.p[0] ? more[1] : more[0]);
  EXPECT_THROW(Context::create(parameters), ParameterError);
}

INSTANTIATE_TEST_SUITE_P(Degrees, SecurityTable, ::testing::Values(11, 12, 13, 14, 15, 16),
                         ::testing::PrintToStringParamName());

TEST(Parameters, AtBothEndsOfTheTable) {
  EXPECT_EQ(max_log_qp(10, 128), 26);
  EXPECT_EQ(max_log_qp(17, 128), 3523);
  EXPECT_EQ(max_log_qp(13, 192), 147);
  EXPECT_EQ(max_log_qp(13, 256), 114);
  EXPECT_EQ(max_log_qp(10, 192), 0);
  EXPECT_THROW(max_log_qp(9, 128), ParameterError);
  EXPECT_THROW(max_log_qp(18, 128), ParameterError);
  EXPECT_THROW(max_log_qp(13, 100), ParameterError);
  // No two primes = 1 mod 2^11 fit into 26 bits: the smallest ring holds one, without a special prime.
  EXPECT_THROW(Context::create(make_parameters(10, {20}, {20})), ParameterError);
  // Over the limit of the largest ring: refused before anything is computed.
  EXPECT_THROW(Context::create(make_parameters(17, std::vector<int>(60, 59), {60})), ParameterError);
}

TEST(Parameters, TheSpecialPrimesCount) {
  // 214 bits at N = 2^13: fits in Q alone, not with the special prime.
  Parameters parameters = make_parameters(13, {50, 50, 50, 40}, {50});
  EXPECT_LT(log2_product(parameters.q), 214);
  EXPECT_THROW(Context::create(parameters), ParameterError);
  parameters.insecure = true;
  EXPECT_LT(Context::create(parameters)->security_bits(), 128);
}

TEST(Parameters, EstimatesAreSane) {
  for (int log_degree = 10; log_degree <= 17; ++log_degree) {
    for (const int level : {128, 192, 256}) {
      const int limit = max_log_qp(log_degree, level);
      if (limit == 0) continue;
      SCOPED_TRACE(::testing::Message() << "N = 2^" << log_degree << ", " << level << " bits");
      EXPECT_EQ(estimate_security_bits(log_degree, limit), level);
      EXPECT_LT(estimate_security_bits(log_degree, limit * 1.02), level);
      EXPECT_GE(estimate_security_bits(log_degree, limit * 0.98), level);
    }
    int last = 1 << 20;
    for (double log_qp = max_log_qp(log_degree, 128) / 4.0; log_qp < 4000; log_qp *= 1.01) {
      const int bits = estimate_security_bits(log_degree, log_qp);
      EXPECT_LE(bits, last) << "N = 2^" << log_degree << ", log QP " << log_qp;
      last = bits;
    }
  }
}

TEST(Parameters, PrimesAreWhatWasAskedFor) {
  const Parameters parameters = make_parameters(12, {40, 30, 30}, {40, 45}, 2);
  ASSERT_EQ(parameters.q.size(), 3u);
  ASSERT_EQ(parameters.p.size(), 2u);
  std::vector<std::uint64_t> all = parameters.q;
  all.insert(all.end(), parameters.p.begin(), parameters.p.end());
  const int bits[] = {40, 30, 30, 40, 45};
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_TRUE(ring::is_prime(all[i]));
    EXPECT_EQ(all[i] % (2 << 12), 1u);
    EXPECT_EQ(all[i] >> (bits[i] - 1), 1u);
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
  EXPECT_THROW(make_parameters(15, std::vector<int>(40, 20), {60}), ParameterError);
}

TEST(Parameters, ALevelTakesTheSpecialPrimesThatItsDigitsNeed) {
  // 40, 70, 100 and 130 bits, 4.5 more to spare, of 45, 90, 135 and 180.
  const Parameters parameters = make_parameters(12, {40, 30, 30, 30, 30, 30}, {45, 45, 45, 45}, 4);
  const std::size_t expected[] = {1, 2, 3, 3, 3, 3};
  for (std::size_t limbs = 1; limbs <= 6; ++limbs) EXPECT_EQ(special_primes(parameters, limbs), expected[limbs - 1]);
  EXPECT_EQ(special_primes(make_parameters(12, {40, 40, 40}, {44}), 3), 1u) << "what there is, if it is less";
  Parameters unchecked = parameters;
  unchecked.digit_size = 0;
  EXPECT_EQ(special_primes(unchecked, 6), 1u) << "it ends";
  std::mt19937 random(1);
  const auto draw = [&](int least, int most) { return std::uniform_int_distribution<int>(least, most)(random); };
  for (int i = 0; i < 200; ++i) {
    std::vector<int> q, p;
    for (int k = draw(1, 12); k > 0; --k) q.push_back(draw(24, 50));
    for (int k = draw(1, 8); k > 0; --k) p.push_back(draw(30, 55));
    const Parameters drawn = make_parameters(12, q, p, static_cast<std::size_t>(draw(1, 8)));
    for (std::size_t limbs = 1; limbs <= q.size(); ++limbs) {
      const std::size_t special = special_primes(drawn, limbs);
      ASSERT_GE(special, 1u);
      ASSERT_LE(special, p.size());
      if (limbs > 1) {
        ASSERT_GE(special, special_primes(drawn, limbs - 1));
      }
      for (std::size_t at = 0; at < limbs && special < p.size(); at += drawn.digit_size) {
        double longer = -kSpareBits;
        for (std::size_t k = 0; k < special; ++k) longer += std::log2(static_cast<double>(drawn.p[k]));
        for (std::size_t k = at; k < std::min(at + drawn.digit_size, limbs); ++k) {
          longer -= std::log2(static_cast<double>(drawn.q[k]));
        }
        ASSERT_GE(longer, 0);
      }
    }
  }
}

TEST(Parameters, ImpossibleOnesAreRefused) {
  const Parameters good = make_parameters(12, {30, 25}, {31});
  EXPECT_NO_THROW(Context::create(good));
  const auto refused = [&](auto&& change) {
    Parameters bad = good;
    change(bad);
    EXPECT_THROW(Context::create(bad), ParameterError);
    bad.insecure = true;
    EXPECT_THROW(Context::create(bad), ParameterError);
  };
  refused([](auto& p) { p.q.clear(); });
  refused([](auto& p) { p.p.clear(); });
  refused([](auto& p) { p.q[0] += 2; });
  refused([](auto& p) { p.q[0] = p.q[1]; });
  refused([](auto& p) { p.p[0] = p.q[1]; });
  refused([](auto& p) { p.q[0] = (std::uint64_t{1} << 60) + 1; });
  refused([](auto& p) { p.digit_size = 0; });
  refused([](auto& p) { p.digit_size = 33; });
  refused([](auto& p) { p.digit_size = 2; });  // 55 bits under a special prime of 31
  refused([](auto& p) { p.log_degree = 3; });
  refused([](auto& p) { p.log_degree = 18; });
}

}  // namespace
}  // namespace obscura::ckks
