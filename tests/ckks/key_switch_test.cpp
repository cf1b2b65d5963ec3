#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "ckks/evaluation.h"
#include "ring/automorphism.h"

namespace obscura::ckks {
namespace {

using testing::bound;
using testing::Complexes;
using testing::fresh_variance;
using testing::key_switch_variance;
using testing::largest_error;
using testing::parameter_sets;
using testing::ParameterSet;
using testing::Party;
using testing::random_complex;
using testing::rotated;

using Polynomials = std::pair<ring::Polynomial, ring::Polynomial>;

/// The whole switch of one polynomial.
Polynomials switched(const Evaluator& server, const ring::Polynomial& poly, const KeySwitchKey& key) {
  const std::size_t n = poly.degree();
  Polynomials result{ring::Polynomial(n, poly.limbs()), ring::Polynomial(n, poly.limbs())};
  server.switcher().apply(poly, key, [&](std::size_t row, const std::uint64_t* u0, const std::uint64_t* u1) {
    std::copy(u0, u0 + n, result.first.limb(row));
    std::copy(u1, u1 + n, result.second.limb(row));
  });
  return result;
}

class KeySwitchOn : public ::testing::TestWithParam<ParameterSet> {
 protected:
  KeySwitchOn() : party(GetParam().context()), context(*party.context) {}

  void expect(const Complexes& wanted, const Ciphertext& x, double variance) const {
    const double error = largest_error(wanted, party.decrypt(x)), most = bound(context, variance, x.scale);
    EXPECT_LT(error, most);
    EXPECT_GT(error, most / 1000);
  }

  void expect_halves_give_the_whole(const Evaluator& server, const ring::Polynomial& poly) const {
    const std::size_t limbs = poly.limbs(), n = poly.degree();
    const KeySwitchKey& key = server.keys().relin(limbs);
    const ring::RnsBasis basis = context.extended(limbs);
    ring::Polynomial first(n, basis.rows()), second(n, limbs), divided;
    std::vector<bool> seen(basis.rows());
    const auto sink = [&](std::size_t row, const std::uint64_t* u0, const std::uint64_t* u1) {
      EXPECT_EQ(u1 == nullptr, basis.is_special(row));
      EXPECT_FALSE(seen[row]);
      seen[row] = true;
      std::copy(u0, u0 + n, first.limb(row));
      if (u1 != nullptr) std::copy(u1, u1 + n, second.limb(row));
    };
    server.switcher().apply_half_extended(poly, key, sink);
    EXPECT_TRUE(std::ranges::all_of(seen, std::identity()));
    server.switcher().mod_down(first, basis, divided);
    const Polynomials whole = switched(server, poly, key);
    EXPECT_EQ(divided, whole.first);
    EXPECT_EQ(second, whole.second);
  }

  const double scale = GetParam().scale;
  const Party party;
  const Context& context;
  const Complexes a = random_complex(context.slots(), 1);
};

TEST_P(KeySwitchOn, RotatesByAnySteps) {
  const auto half = static_cast<std::int64_t>(context.slots());
  const std::vector<std::int64_t> steps{1, -1, 3, -17, 128, half / 2, half - 1, 5 * half + 2};
  const Evaluator server = party.server(steps, false);
  const std::size_t limbs = context.max_limbs();
  const Ciphertext x = party.encrypt(a, scale, limbs);
  for (const std::int64_t step : steps) {
    SCOPED_TRACE(step);
    const Ciphertext y = server.rotate(x, step);
    EXPECT_EQ(y.scale, x.scale);
    expect(rotated(a, step), y, fresh_variance() + key_switch_variance(context, limbs));
  }
  EXPECT_EQ(server.rotate(x, 0), x);
  EXPECT_EQ(server.rotate(x, half), x);
  EXPECT_EQ(server.rotate(x, half - 1), server.rotate(x, -1));
}

TEST_P(KeySwitchOn, RotatesAtEveryLevelWithOneKey) {
  const Evaluator server = party.server({5}, false);
  for (std::size_t limbs = context.max_limbs(); limbs >= 1; --limbs) {
    SCOPED_TRACE(limbs);
    const double small = std::min(scale, std::exp2(context.log_q(limbs) - 4));
    const Ciphertext x = party.encrypt(a, small, limbs);
    expect(rotated(a, 5), server.rotate(x, 5), fresh_variance() + key_switch_variance(context, limbs));
  }
}

/// Keys that were made for their level alone have only the primes that it takes, and serve the levels below it.
TEST_P(KeySwitchOn, RotatesByShortKeys) {
  for (std::size_t highest = context.max_limbs(); highest >= 1; --highest) {
    KeyRequest request;
    request.rotation(5, highest, context.degree());
    const Evaluator server = party.server(request);
    const std::uint64_t element = ring::galois_element(5, context.degree());
    EXPECT_EQ(server.keys().galois(element, 1).key.basis(), context.extended(highest));
    for (std::size_t limbs = highest; limbs >= 1; --limbs) {
      SCOPED_TRACE(std::to_string(highest) + " " + std::to_string(limbs));
      const double small = std::min(scale, std::exp2(context.log_q(limbs) - 4));
      const Ciphertext x = party.encrypt(a, small, limbs);
      expect(rotated(a, 5), server.rotate(x, 5), fresh_variance() + key_switch_variance(context, limbs));
    }
  }
}

TEST_P(KeySwitchOn, Conjugates) {
  KeyRequest request;
  request.conjugation(context.max_limbs(), context.degree());
  const Evaluator server = party.server(request);
  Complexes wanted = a;
  for (auto& w : wanted) w = std::conj(w);
  const Ciphertext x = party.encrypt(a, scale, context.max_limbs());
  expect(wanted, server.conjugate(x), fresh_variance() + key_switch_variance(context, context.max_limbs()));
}

TEST_P(KeySwitchOn, HoistedIsPlainRotation) {
  const std::vector<std::int64_t> steps{0, 1, -2, 7, 64};
  const Evaluator server = party.server(steps, false);
  const std::size_t limbs = context.max_limbs();
  const Ciphertext x = party.encrypt(a, scale, limbs);
  const auto hoisted = server.rotate_hoisted(x, steps);
  ASSERT_EQ(hoisted.size(), steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    SCOPED_TRACE(steps[i]);
    EXPECT_EQ(hoisted[i].scale, x.scale);
    const double most = bound(context, 2 * key_switch_variance(context, limbs), scale);
    EXPECT_LT(largest_error(party.decrypt(server.rotate(x, steps[i])), party.decrypt(hoisted[i])), most);
    expect(rotated(a, steps[i]), hoisted[i], fresh_variance() + key_switch_variance(context, limbs));
  }
  EXPECT_TRUE(server.rotate_hoisted(x, {}).empty());
}

TEST_P(KeySwitchOn, RotationsComposeAndDistribute) {
  const Evaluator server = party.server({1, 2, 3}, false);
  const std::size_t limbs = context.max_limbs();
  const Complexes b = random_complex(context.slots(), 2);
  const Ciphertext x = party.encrypt(a, scale, limbs), y = party.encrypt(b, scale, limbs);
  const double one = key_switch_variance(context, limbs);
  expect(rotated(a, 3), server.rotate(server.rotate(x, 1), 2), fresh_variance() + 2 * one);
  const Complexes sum = testing::zip(a, b, [](auto u, auto v) { return u + v; });
  expect(rotated(sum, 3), server.add(server.rotate(x, 3), server.rotate(y, 3)), 2 * (fresh_variance() + one));
}

/// A key for the highest level, at every level: below it special primes are left out.
TEST_P(KeySwitchOn, StepsInAnyOrderGiveTheWhole) {
  const Evaluator server = party.server({}, true);
  const Ciphertext square = server.square(party.encrypt(a, scale, context.max_limbs()));
  for (std::size_t limbs = context.max_limbs(); limbs >= 1; --limbs) {
    SCOPED_TRACE(limbs);
    const Ciphertext x = server.drop_to(square, limbs);
    const KeySwitchKey& key = server.keys().relin(limbs);
    const Polynomials whole = switched(server, x.parts[2], key);
    const Decomposition digits = server.switcher().decompose(x.parts[2]);
    EXPECT_EQ(digits.limbs(), limbs);
    EXPECT_EQ(digits.digits(), context.digits(limbs));
    const ring::RnsBasis basis = context.extended(limbs);
    EXPECT_EQ(digits.basis(), basis);
    ring::Polynomial c0(context.degree(), basis.rows()), c1 = c0, part0, part1;
    for (std::size_t row = basis.rows(); row-- > 0;) {
      server.switcher().inner_product_row(digits, key, row, c0.limb(row), c1.limb(row));
    }
    server.switcher().mod_down(c0, basis, part0);
    server.switcher().mod_down(c1, basis, part1);
    EXPECT_EQ(part0, whole.first);
    EXPECT_EQ(part1, whole.second);
  }
}

/// The first product is left for later: dividing it then gives the whole switch, bit for bit.
TEST_P(KeySwitchOn, HalvesGiveTheWhole) {
  const Evaluator server = party.server({}, true);
  const Ciphertext square = server.square(party.encrypt(a, scale, context.max_limbs()));
  for (std::size_t limbs = context.max_limbs(); limbs >= 1; --limbs) {
    SCOPED_TRACE(limbs);
    expect_halves_give_the_whole(server, server.drop_to(square, limbs).parts[2]);
  }
}

std::string name_of(const ::testing::TestParamInfo<ParameterSet>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Parameters, KeySwitchOn, ::testing::ValuesIn(parameter_sets()), name_of);

/// Chains, digits and special primes as they come: every level and a key of a level as high or higher.
TEST(KeySwitch, RandomChains) {
  std::mt19937 random(3);
  const auto draw = [&](int least, int most) { return std::uniform_int_distribution<int>(least, most)(random); };
  int fewer = 0;
  for (int i = 0; i < 40; ++i) {
    std::vector<int> q, p;
    for (int k = draw(1, 9); k > 0; --k) q.push_back(draw(26, 50));
    const auto digit = static_cast<std::size_t>(draw(1, 6));
    int longest = 0;
    for (std::size_t at = 0; at < q.size(); at += digit) {
      int bits = 0;
      for (std::size_t k = at; k < std::min(at + digit, q.size()); ++k) bits += q[k];
      longest = std::max(longest, bits);
    }
    for (int bits = -draw(0, 8); bits < longest; bits += p.back()) p.push_back(draw(34, 56));
    Parameters parameters = make_parameters(10, q, p, digit);
    parameters.insecure = true;
    const Party party(Context::create(parameters));
    const Context& context = *party.context;
    const Complexes a = random_complex(context.slots(), static_cast<unsigned>(i));
    const auto highest = static_cast<std::size_t>(draw(1, static_cast<int>(q.size())));
    KeyRequest request;
    request.rotation(3, highest, context.degree());
    const Evaluator server = party.server(request);
    for (std::size_t limbs = 1; limbs <= highest; ++limbs) {
      SCOPED_TRACE(describe(parameters) + ", " + std::to_string(limbs) + " of " + std::to_string(highest));
      fewer += context.extended(limbs).special() < p.size() ? 1 : 0;
      const double scale = std::min(0x1p40, std::exp2(context.log_q(limbs) - 4));
      const Ciphertext y = server.rotate(party.encrypt(a, scale, limbs), 3);
      const double most = bound(context, fresh_variance() + key_switch_variance(context, limbs), scale);
      EXPECT_LT(largest_error(rotated(a, 3), party.decrypt(y)), most);
    }
  }
  EXPECT_GT(fewer, 40) << "drawn too plainly";
}

TEST(KeySwitch, ShortKeysAreRefusedAtHighLevels) {
  const Party party(testing::small_context());
  KeyRequest request;
  request.relinearisation(2);
  const Evaluator server = party.server(request);
  const Ciphertext x = party.encrypt(random_complex(party.context->slots(), 1), 0x1p30, 3);
  EXPECT_THROW(switched(server, x.parts[1], server.keys().relin(2)), MismatchError);
  EXPECT_THROW(server.relinearize(server.square(x)), MismatchError);
  EXPECT_NO_THROW(server.relinearize(server.drop_to(server.square(x), 2)));
}

}  // namespace
}  // namespace obscura::ckks
