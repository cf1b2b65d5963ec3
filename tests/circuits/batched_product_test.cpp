#include "circuits/batched_product.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "ckks/evaluation.h"

namespace obscura::circuits {
namespace {

using ckks::Ciphertext;
using ckks::testing::Complexes;
using ckks::testing::Party;
using ckks::testing::random_complex;

using Rows = std::vector<std::vector<IntegerEntry>>;

constexpr double kScale = 0x1p40;
constexpr double kWeightScale = 0x1p10;

/// N = 2^11: more columns than one task of the pool takes.
class BatchedProductTest : public ::testing::Test {
 protected:
  std::vector<Ciphertext> inputs(std::size_t count, double scale = kScale, std::size_t limbs = 3) const {
    std::vector<Ciphertext> all;
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(party.encrypt(random_complex(context.slots(), 100 + i), scale, limbs));
    }
    return all;
  }

  std::vector<Ciphertext> squares(std::size_t count) const {
    std::vector<Ciphertext> all = inputs(count);
    for (Ciphertext& x : all) x = server.square(x);
    return all;
  }

  /// Row by row against the sum of the decrypted inputs, whose noise it shares; one thread against two and none.
  void expect_product(const std::vector<Ciphertext>& x, const Rows& rows) const {
    const BatchedProduct product(x.size(), rows);
    EXPECT_EQ(product.rows(), rows.size());
    const auto y = product.apply(context, x, kWeightScale);
    ASSERT_EQ(y.size(), rows.size());
    std::vector<Complexes> plain;
    for (const Ciphertext& input : x) plain.push_back(party.decrypt(input));
    for (std::size_t r = 0; r < rows.size(); ++r) {
      EXPECT_EQ(y[r].limbs(), x.front().limbs());
      EXPECT_EQ(y[r].parts.size(), x.front().parts.size());
      EXPECT_EQ(y[r].scale, x.front().scale * kWeightScale);
      Complexes sum(context.slots());
      for (const IntegerEntry& e : rows[r]) {
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += plain[e.column][i] * (e.value / kWeightScale);
      }
      EXPECT_LT(ckks::testing::largest_error(sum, party.decrypt(y[r])), 1e-9) << "row " << r;
    }
    for (const std::size_t threads : {1, 2}) {
      ThreadPool pool(threads);
      EXPECT_EQ(product.apply(context, x, kWeightScale, &pool), y) << threads << " threads";
    }
  }

  const Party party{ckks::testing::small_context(11, {45, 45, 45}, {49})};
  const ckks::Context& context = *party.context;
  const ckks::Evaluator server{party.context};
};

/// As a 1 x 1 convolution or a dense layer reads: every row every column. More rows than one tile of the kernel.
Rows dense_rows(std::size_t count, std::uint32_t columns) {
  Rows rows(count);
  for (std::size_t r = 0; r < count; ++r) {
    for (std::uint32_t c = 0; c < columns; ++c) {
      rows[r].push_back({c, static_cast<std::int32_t>((r * 977 + c * 389) % 2047) - 1023});
    }
  }
  return rows;
}

/// Rows of every kind side by side: shared columns in the same order and in another, columns of their own, one column
/// twice, no column at all. Column 4 is read by none.
const Rows kSparseRows{{{0, 1000}, {1, -3}},          {}, {{0, -512}, {1, 7}}, {{1, 5}, {0, 6}}, {{3, 1023}},
                       {{2, 100}, {2, -30}, {0, 17}}, {}, {{3, -1023}},        {{1, 0}}};

TEST_F(BatchedProductTest, TwoParts) {
  expect_product(inputs(6), dense_rows(13, 6));
  expect_product(inputs(5), kSparseRows);
}

TEST_F(BatchedProductTest, ThreeParts) {
  ASSERT_EQ(squares(1).front().parts.size(), 3u);
  expect_product(squares(6), dense_rows(9, 6));
  expect_product(squares(5), kSparseRows);
}

TEST_F(BatchedProductTest, LowerLevelAndPrimesThatNoVectorKernelTakes) {
  expect_product(inputs(3, 0x1p25, 1), dense_rows(5, 3));
  const Party large(ckks::testing::small_context(10, {60, 60}, {60}));
  std::vector<Ciphertext> x;
  for (const std::uint64_t seed : {1, 2}) x.push_back(large.encrypt(random_complex(512, seed), 0x1p58, 2));
  const auto y = BatchedProduct(2, {{{0, 3}, {1, -5}}}).apply(*large.context, x, 1);
  const Complexes expected = ckks::testing::zip(large.decrypt(x[0]), large.decrypt(x[1]),
                                                [](const auto& a, const auto& b) { return 3. * a - 5. * b; });
  EXPECT_LT(ckks::testing::largest_error(expected, large.decrypt(y.front())), 1e-9);
}

TEST_F(BatchedProductTest, NothingButEmptyRowsIsZero) {
  // More rows than half a tile of the kernel, none with an input.
  for (const Ciphertext& y : BatchedProduct(2, Rows(7)).apply(context, inputs(2), kWeightScale)) {
    for (const auto& part : y.parts) {
      const std::uint64_t* const words = part.limb(0);
      EXPECT_TRUE(std::all_of(words, words + part.degree() * part.limbs(), [](std::uint64_t w) { return w == 0; }));
    }
  }
  EXPECT_TRUE(BatchedProduct(2, {}).apply(context, inputs(2), kWeightScale).empty());
}

TEST_F(BatchedProductTest, InputsThatDoNotMatch) {
  const BatchedProduct product(2, {{{0, 1}, {1, 2}}});
  const auto x = inputs(2);
  EXPECT_NO_THROW(product.apply(context, x, 1));
  const auto expect_mismatch = [&](std::vector<Ciphertext> wrong) {
    EXPECT_THROW(product.apply(context, wrong, 1), MismatchError);
  };
  expect_mismatch({});
  expect_mismatch({x[0]});
  expect_mismatch({x[0], x[1], x[0]});
  expect_mismatch({x[0], Ciphertext{}});
  expect_mismatch({x[0], server.drop_to(x[1], 2)});
  expect_mismatch({x[0], inputs(1, 2 * kScale).front()});
  Ciphertext third = server.square(x[1]);
  third.scale = x[0].scale;
  expect_mismatch({x[0], third});
  Ciphertext foreign = x[1];
  foreign.context[0] ^= 1;
  expect_mismatch({x[0], foreign});
  EXPECT_THROW(BatchedProduct(0, {}).apply(context, {}, 1), MismatchError);
}

TEST_F(BatchedProductTest, WrongMatrices) {
  EXPECT_THROW(BatchedProduct(2, {{{2, 1}}}), ParameterError);
}

/// More entries than the kernel sums up at once, such as a dense layer on a 32 x 32 colour image has.
TEST_F(BatchedProductTest, RowsOfAnyLength) {
  const std::size_t longest = 2 * ring::PackedMatrix::kMaxInputs + 7;
  Rows rows(3);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t k = 0; k < longest; ++k) {
      rows[r].push_back({static_cast<std::uint32_t>(k % 2), static_cast<std::int32_t>((k * 31 + r) % 13) - 6});
    }
  }
  rows.push_back({{1, 5}});
  expect_product(inputs(2), rows);
}

}  // namespace
}  // namespace obscura::circuits
