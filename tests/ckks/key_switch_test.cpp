#include <gtest/gtest.h>

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

TEST_P(KeySwitchOn, StepsInAnyOrderGiveTheWhole) {
  const Evaluator server = party.server({}, true);
  const std::size_t limbs = context.max_limbs();
  const Ciphertext x = server.square(party.encrypt(a, scale, limbs));
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

/// The first product is left for later: dividing it then gives the whole switch, bit for bit.
TEST_P(KeySwitchOn, HalvesGiveTheWhole) {
  const Evaluator server = party.server({}, true);
  const std::size_t limbs = context.max_limbs(), n = context.degree();
  const Ciphertext x = server.square(party.encrypt(a, scale, limbs));
  const KeySwitchKey& key = server.keys().relin(limbs);
  const ring::RnsBasis basis = context.extended(limbs);
  ring::Polynomial first(n, basis.rows()), second(n, limbs), divided;
  std::vector<bool> seen(basis.rows());
  server.switcher().apply_half_extended(x.parts[2], key,
                                        [&](std::size_t row, const std::uint64_t* u0, const std::uint64_t* u1) {
                                          EXPECT_EQ(u1 == nullptr, basis.is_special(row));
                                          EXPECT_FALSE(seen[row]);
                                          seen[row] = true;
                                          std::copy(u0, u0 + n, first.limb(row));
                                          if (u1 != nullptr) std::copy(u1, u1 + n, second.limb(row));
                                        });
  EXPECT_TRUE(std::ranges::all_of(seen, std::identity()));
  server.switcher().mod_down(first, basis, divided);
  const Polynomials whole = switched(server, x.parts[2], key);
  EXPECT_EQ(divided, whole.first);
  EXPECT_EQ(second, whole.second);
}

std::string name_of(const ::testing::TestParamInfo<ParameterSet>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Parameters, KeySwitchOn, ::testing::ValuesIn(parameter_sets()), name_of);

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
