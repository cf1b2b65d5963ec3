#include "ckks/evaluator.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "ckks/evaluation.h"
#include "ckks/public_encryptor.h"

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
using testing::rounding_variance;
using testing::zip;

class EvaluatorOn : public ::testing::TestWithParam<ParameterSet> {
 protected:
  EvaluatorOn() : party(GetParam().context()), context(*party.context), evaluator(party.context) {}

  Ciphertext encrypt(const Complexes& values, std::size_t limbs = 0) const {
    return party.encrypt(values, scale, limbs == 0 ? context.max_limbs() : limbs);
  }
  /// Decrypts and compares: the largest error must stay under that of `variance` at the ciphertext's scale.
  void expect(const Complexes& wanted, const Ciphertext& x, double variance) const {
    const double error = largest_error(wanted, party.decrypt(x)), most = bound(context, variance, x.scale);
    EXPECT_LT(error, most);
    // A model a thousand times too generous would hide mistakes.
    EXPECT_GT(error, most / 1000);
  }
  /// Variance of a product of values up to sqrt(2) in size whose errors have variance `fresh`, at the square of the
  /// scale.
  double product_variance() const { return 4 * fresh_variance() * scale * scale; }

  const double scale = GetParam().scale;
  const Party party;
  const Context& context;
  const Evaluator evaluator;
  const Complexes a = random_complex(context.slots(), 1), b = random_complex(context.slots(), 2);
};

TEST_P(EvaluatorOn, AddsAndSubtracts) {
  const Ciphertext x = encrypt(a), y = encrypt(b);
  expect(zip(a, b, [](auto u, auto v) { return u + v; }), evaluator.add(x, y), 2 * fresh_variance());
  expect(zip(a, b, [](auto u, auto v) { return u - v; }), evaluator.sub(x, y), 2 * fresh_variance());
  expect(zip(a, b, [](auto u, auto) { return -u; }), evaluator.negate(x), fresh_variance());
}

TEST_P(EvaluatorOn, AddsAndMultipliesPlaintexts) {
  const Ciphertext x = encrypt(a);
  const Plaintext y = party.encoder.encode(b, scale, context.max_limbs());
  expect(zip(a, b, [](auto u, auto v) { return u + v; }), evaluator.add_plain(x, y), fresh_variance());
  expect(zip(a, b, [](auto u, auto v) { return u - v; }), evaluator.sub_plain(x, y), fresh_variance());
  const Ciphertext product = evaluator.multiply_plain(x, y);
  EXPECT_EQ(product.scale, scale * scale);
  expect(zip(a, b, [](auto u, auto v) { return u * v; }), product, product_variance());
  // A plaintext of more limbs, or with special primes behind them, serves every level below.
  const Plaintext longer = party.encoder.encode(b, scale, context.extended(context.max_limbs()));
  EXPECT_EQ(evaluator.multiply_plain(x, longer), product);
}

TEST_P(EvaluatorOn, AddsAndMultipliesConstants) {
  const Ciphertext x = encrypt(a);
  expect(zip(a, b, [](auto u, auto) { return u - 0.375; }), evaluator.add_scalar(x, -0.375), fresh_variance());
  const Ciphertext scaled = evaluator.multiply_scalar(x, -0.77, 0x1p15);
  EXPECT_EQ(scaled.scale, scale * 0x1p15);
  const double rounded = std::round(-0.77 * 0x1p15) / 0x1p15;
  expect(zip(a, b, [&](auto u, auto) { return u * rounded; }), scaled, fresh_variance() * 0x1p30);
  const Ciphertext tripled = evaluator.multiply_integer(x, -3);
  EXPECT_EQ(tripled.scale, scale);
  expect(zip(a, b, [](auto u, auto) { return u * -3.0; }), tripled, 9 * fresh_variance());
}

/// Of a sum that fits the modulus neither part has to.
TEST_P(EvaluatorOn, ConstantsMayWrapAround) {
  const Ciphertext x = party.encrypt(a, 0x1p20, 1);
  const double large = std::exp2(std::max(context.log_q(1), 30.0) - 20 + 3);  // 16 times half the modulus
  EXPECT_THROW(evaluator.add_scalar(x, large), ParameterError);
  const Ciphertext back = evaluator.add_scalar_modulo(evaluator.add_scalar_modulo(x, large), -large);
  EXPECT_EQ(back.parts[0], x.parts[0]);
  EXPECT_EQ(evaluator.add_scalar_modulo(x, 0.25).parts[0], evaluator.add_scalar(x, 0.25).parts[0]);
  EXPECT_THROW(evaluator.add_scalar_modulo(x, INFINITY), ParameterError);
}

TEST_P(EvaluatorOn, ConstantsOfAnySizeAreExact) {
  // (a 2^40 + 3 2^70) - 3 2^70, all modulo Q.
  if (context.log_q(context.max_limbs()) < 110) GTEST_SKIP() << "the modulus is too small";
  const Ciphertext x = party.encrypt(a, 0x1p30, context.max_limbs());
  const Ciphertext lifted = evaluator.add_scalar(evaluator.multiply_scalar(x, 0x1p40, 1), 3 * 0x1p40);
  const Ciphertext back =
      evaluator.add_scalar(evaluator.sub(lifted, evaluator.multiply_integer(x, 1LL << 40)), -3 * 0x1p40);
  EXPECT_EQ(back.parts[0], evaluator.multiply_integer(x, 0).parts[0]);
  EXPECT_EQ(evaluator.multiply_scalar(x, 0x1p80, 1).parts[0],
            evaluator.multiply_integer(evaluator.multiply_integer(x, 1LL << 40), 1LL << 40).parts[0]);
}

TEST_P(EvaluatorOn, MultipliesAndSquares) {
  const Ciphertext x = encrypt(a), y = encrypt(b);
  const Ciphertext product = evaluator.multiply(x, y);
  EXPECT_EQ(product.parts.size(), 3u);
  EXPECT_EQ(product.scale, scale * scale);
  expect(zip(a, b, [](auto u, auto v) { return u * v; }), product, product_variance());
  expect(zip(a, b, [](auto u, auto) { return u * u; }), evaluator.square(x), 2 * product_variance());
  // The square is the product with itself, bit for bit.
  EXPECT_EQ(evaluator.square(x), evaluator.multiply(x, x));
}

TEST_P(EvaluatorOn, RelinearisesLazily) {
  const Evaluator server = party.server({}, true);
  const Ciphertext x = encrypt(a), y = encrypt(b);
  const Complexes wanted = zip(a, b, [](auto u, auto v) { return u * v + u * u - v; });
  const Ciphertext products = server.add(server.multiply(x, y), server.square(x));
  // Three parts meet two, on either side.
  const Ciphertext lifted = server.multiply_scalar(y, 1, scale);
  const Ciphertext sum = server.sub(products, lifted);
  EXPECT_EQ(server.negate(server.sub(lifted, products)), sum);
  const double variance = 4 * product_variance() + fresh_variance() * scale * scale;
  expect(wanted, sum, variance);
  const Ciphertext two = server.relinearize(sum);
  ASSERT_EQ(two.parts.size(), 2u);
  EXPECT_EQ(two.scale, sum.scale);
  expect(wanted, two, variance + key_switch_variance(context, context.max_limbs()));
  EXPECT_EQ(server.relinearize(two), two);
}

TEST_P(EvaluatorOn, Rescales) {
  const std::size_t limbs = context.max_limbs();
  const double prime = static_cast<double>(context.q(limbs - 1).value());
  // Lifted by the prime, so that the result has the scale again, exactly.
  const Ciphertext lifted = evaluator.multiply_scalar(encrypt(a), 1, prime);
  const Ciphertext low = evaluator.rescale(lifted);
  EXPECT_EQ(low.limbs(), limbs - 1);
  EXPECT_EQ(low.scale, scale);
  expect(a, low, fresh_variance() + rounding_variance(context));
  // Three parts, too.
  const Ciphertext product = evaluator.rescale(evaluator.square(encrypt(a)));
  ASSERT_EQ(product.parts.size(), 3u);
  // The rounding of c_2 meets s^2, whose slots are exponentially distributed: the largest of them is ln N times 2/3 N.
  const double n = static_cast<double>(context.degree()), square = 2.0 / 3 * n * std::log(n),
               third = square * square / 12;
  expect(zip(a, b, [](auto u, auto) { return u * u; }), product,
         2 * product_variance() / prime / prime + rounding_variance(context) + third);
}

TEST_P(EvaluatorOn, MultipliesDownTheWholeChain) {
  const Evaluator server = party.server({}, true);
  Ciphertext x = encrypt(a);
  Complexes wanted = a;
  double variance = fresh_variance();
  for (std::size_t limbs = context.max_limbs(); limbs > 1; --limbs) {
    const double prime = static_cast<double>(context.q(limbs - 1).value());
    variance = 8 * variance * x.scale * x.scale / (prime * prime) + 2 * rounding_variance(context) +
               key_switch_variance(context, limbs) / (prime * prime);
    x = server.rescale(server.relinearize(server.square(x)));
    wanted = zip(wanted, wanted, [](auto u, auto v) { return u * v; });
    if (x.scale < 0x1p18) break;  // the rows with scales under their primes shrink them at every step
    ASSERT_LT(largest_error(wanted, party.decrypt(x)), bound(context, variance, x.scale));
    // Values up to sqrt(2) double in magnitude; keep them near one.
    for (auto& w : wanted) w *= 0.5;
    x.scale *= 2;
  }
}

TEST_P(EvaluatorOn, DropsLimbs) {
  const Ciphertext x = encrypt(a);
  const Ciphertext low = evaluator.drop_to(x, 1);
  EXPECT_EQ(low.limbs(), 1u);
  EXPECT_EQ(low.scale, x.scale);
  EXPECT_EQ(evaluator.drop_to(x, x.limbs()), x);
  if (std::log2(scale) + 2 < context.log_q(1)) expect(a, low, fresh_variance());
  // Dropping first or adding first makes no difference.
  const Ciphertext y = encrypt(b);
  EXPECT_EQ(evaluator.add(low, evaluator.drop_to(y, 1)), evaluator.drop_to(evaluator.add(x, y), 1));
}

std::string name_of(const ::testing::TestParamInfo<ParameterSet>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Parameters, EvaluatorOn, ::testing::ValuesIn(parameter_sets()), name_of);

class EvaluatorErrors : public ::testing::Test {
 protected:
  const Party party{testing::small_context()};
  const Party other{testing::small_context(11, {40, 30, 30}, {45})};
  const Evaluator evaluator{party.context};
  const Complexes a = random_complex(party.context->slots(), 3);
  const Ciphertext x = party.encrypt(a, 0x1p30, 3);
};

TEST_F(EvaluatorErrors, LevelsMustAgree) {
  const Ciphertext low = party.encrypt(a, 0x1p30, 2);
  EXPECT_THROW(evaluator.add(x, low), MismatchError);
  EXPECT_THROW(evaluator.sub(low, x), MismatchError);
  EXPECT_THROW(evaluator.multiply(x, low), MismatchError);
  EXPECT_THROW(evaluator.rescale(evaluator.drop_to(x, 1)), MismatchError);
  EXPECT_THROW(evaluator.drop_to(x, 0), MismatchError);
  EXPECT_THROW(evaluator.drop_to(x, 4), MismatchError);
  const Plaintext plain = party.encoder.encode(a, 0x1p30, 2);
  EXPECT_THROW(evaluator.add_plain(x, plain), MismatchError);
  EXPECT_THROW(evaluator.sub_plain(x, plain), MismatchError);
  EXPECT_THROW(evaluator.multiply_plain(x, plain), MismatchError);
}

TEST_F(EvaluatorErrors, ScalesMustAgree) {
  const Ciphertext wide = party.encrypt(a, 0x1p31, 3);
  EXPECT_THROW(evaluator.add(x, wide), MismatchError);
  EXPECT_THROW(evaluator.sub(x, wide), MismatchError);
  EXPECT_THROW(evaluator.add_plain(x, party.encoder.encode(a, 0x1p31, 3)), MismatchError);
  EXPECT_THROW(evaluator.sub_plain(x, party.encoder.encode(a, 0x1p31, 3)), MismatchError);
  EXPECT_THROW(evaluator.add_scalar(x, 0x1p75), ParameterError);  // 2^105 in a modulus of 100 bits
  EXPECT_THROW(evaluator.multiply_scalar(x, 0x1p75, 0x1p30), ParameterError);
  EXPECT_THROW(evaluator.add_scalar(x, INFINITY), ParameterError);
  EXPECT_THROW(evaluator.multiply_scalar(x, std::nan(""), 0x1p30), ParameterError);
  EXPECT_TRUE(same_scale(0x1p30, 0x1p30 * (1 + 0x1p-32)));
  EXPECT_FALSE(same_scale(0x1p30, 0x1p30 * (1 + 0x1p-28)));
  EXPECT_FALSE(same_scale(0x1p30, 0));
}

TEST_F(EvaluatorErrors, ContextsMustAgree) {
  const Ciphertext foreign = other.encrypt(a, 0x1p30, 3);
  EXPECT_THROW(evaluator.add(x, foreign), MismatchError);
  EXPECT_THROW(evaluator.negate(foreign), MismatchError);
  EXPECT_THROW(evaluator.add_scalar(foreign, 1), MismatchError);
  EXPECT_THROW(evaluator.multiply_integer(foreign, 1), MismatchError);
  EXPECT_THROW(evaluator.rescale(foreign), MismatchError);
  EXPECT_THROW(evaluator.drop_to(foreign, 1), MismatchError);
  Ciphertext broken = x;
  broken.parts[1] = ring::Polynomial(broken.degree(), 2);
  EXPECT_THROW(evaluator.negate(broken), MismatchError);
  EXPECT_THROW(evaluator.negate(Ciphertext{}), MismatchError);
}

/// The message of the MismatchError that `body` throws; empty if it throws none.
template <typename Body>
std::string mismatch(Body&& body) {
  try {
    body();
  } catch (const MismatchError& e) {
    return e.what();
  }
  return {};
}

TEST_F(EvaluatorErrors, PlaintextsOfOtherContextsAreRefused) {
  // The same degree, level and scale: nothing but the primes tells them apart.
  const Plaintext foreign = other.encoder.encode(a, 0x1p30, 3);
  ASSERT_EQ(other.context->degree(), party.context->degree());
  const std::string wanted = "plaintext was made under other parameters (digest " + short_hex(other.context->digest()) +
                             ", expected " + short_hex(party.context->digest()) + ")";
  EXPECT_EQ(mismatch([&] { evaluator.add_plain(x, foreign); }), wanted);
  EXPECT_EQ(mismatch([&] { evaluator.sub_plain(x, foreign); }), wanted);
  EXPECT_EQ(mismatch([&] { evaluator.multiply_plain(x, foreign); }), wanted);
  EXPECT_EQ(mismatch([&] { SecretEncryptor(party.secret).encrypt(foreign); }), wanted);
  EXPECT_EQ(mismatch([&] { PublicEncryptor(party.context, make_public_key(party.secret)).encrypt(foreign); }), wanted);
  EXPECT_EQ(mismatch([&] { evaluator.add_plain(x, Plaintext{}); }),
            "plaintext was made under other parameters (digest 00000000, expected " +
                short_hex(party.context->digest()) + ")");
}

TEST_F(EvaluatorErrors, PlaintextsHaveTheRowsOfTheirBasis) {
  const Plaintext good = party.encoder.encode(a, 0x1p30, 3);
  EXPECT_NO_THROW(evaluator.multiply_plain(x, good));
  const std::size_t n = party.context->degree(), most = party.context->max_limbs();
  const auto refused = [&](const ring::RnsBasis& basis, std::size_t degree, std::size_t rows) {
    Plaintext bad = good;
    bad.basis = basis;
    bad.poly = ring::Polynomial(degree, rows);
    return mismatch([&] { evaluator.multiply_plain(x, bad); }).find("plaintext of degree") == 0;
  };
  EXPECT_TRUE(refused(3, n / 2, 3));
  EXPECT_TRUE(refused(3, n, 2));
  EXPECT_TRUE(refused(0, n, 0));
  EXPECT_TRUE(refused(most + 1, n, most + 1));
  EXPECT_TRUE(refused({3, 2}, n, 5));
}

TEST_F(EvaluatorErrors, KeysOfOtherContextsAreRefused) {
  KeyRequest request;
  request.rotation(1, 3, other.context->degree());
  request.relinearisation(3);
  const Evaluator foreign = other.server(request);
  const auto keys = std::make_shared<const EvaluationKeys>(foreign.keys());
  const std::string wanted = " was made under other parameters (digest " + short_hex(other.context->digest()) +
                             ", expected " + short_hex(party.context->digest()) + ")";
  EXPECT_EQ(mismatch([&] { Evaluator(party.context, keys); }), "set of evaluation keys" + wanted);
  EXPECT_EQ(mismatch([&] { EvaluationKeys(*party.context, make_evaluation_keys(other.secret, request)); }),
            "set of evaluation keys" + wanted);
  EXPECT_EQ(mismatch([&] { PublicEncryptor(party.context, make_public_key(other.secret)); }), "public key" + wanted);
  // Below the evaluator: a single key, and digits.
  const KeySwitcher switcher(party.context);
  const auto nowhere = [](std::size_t, std::uint64_t*, std::uint64_t*) {};
  EXPECT_EQ(mismatch([&] { switcher.apply(x.parts[1], keys->relin(3), nowhere); }), "key-switching key" + wanted);
  EXPECT_EQ(mismatch([&] { switcher.apply_extended(x.parts[1], keys->relin(3), nowhere); }),
            "key-switching key" + wanted);
  const Decomposition digits = foreign.switcher().decompose(other.encrypt(a, 0x1p30, 3).parts[1]);
  const Evaluator server = party.server(request);
  EXPECT_EQ(mismatch([&] { server.rotate(x, digits, 1); }), "decomposition into digits" + wanted);
  AlignedWords u0(x.degree()), u1(x.degree());
  EXPECT_EQ(mismatch([&] { switcher.inner_product_row(digits, keys->relin(3), 0, u0.data(), u1.data()); }),
            "decomposition into digits" + wanted);
}

TEST_F(EvaluatorErrors, KeysMustBeThere) {
  EXPECT_THROW(evaluator.rotate(x, 1), MismatchError);
  EXPECT_THROW(evaluator.relinearize(evaluator.square(x)), MismatchError);
  KeyRequest request;
  request.rotation(1, 2, party.context->degree());
  const Evaluator server = party.server(request);
  EXPECT_NO_THROW(server.rotate(server.drop_to(x, 2), 1));
  EXPECT_NO_THROW(server.rotate(x, 0));
  EXPECT_THROW(server.rotate(x, 1), MismatchError);  // too few limbs in the key
  EXPECT_THROW(server.rotate(server.drop_to(x, 2), 2), MismatchError);
  EXPECT_THROW(server.conjugate(server.drop_to(x, 2)), MismatchError);
  EXPECT_THROW(server.relinearize(server.square(x)), MismatchError);
  const std::vector<std::int64_t> steps{1, 2};
  EXPECT_THROW(server.rotate_hoisted(server.drop_to(x, 2), steps), MismatchError);
}

TEST_F(EvaluatorErrors, ThreePartsMustBeRelinearisedFirst) {
  const Evaluator server = party.server({1});
  const Ciphertext three = server.square(x);
  EXPECT_THROW(server.rotate(three, 1), MismatchError);
  EXPECT_THROW(server.multiply(three, x), MismatchError);
  EXPECT_THROW(server.multiply(x, three), MismatchError);
  EXPECT_THROW(server.square(three), MismatchError);
  const std::vector<std::int64_t> steps{1};
  EXPECT_THROW(server.rotate_hoisted(three, steps), MismatchError);
}

}  // namespace
}  // namespace obscura::ckks
