// Private fetching: records come back byte for byte, and queries say nothing of which.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/error.h"
#include "ckks/parameters.h"
#include "search/owner/fetch_owner.h"

namespace obscura::search {
namespace {

using Record = std::vector<std::uint8_t>;

Record drawn_record(std::size_t bytes, std::mt19937_64& random) {
  Record record(bytes);
  for (auto& byte : record) byte = static_cast<std::uint8_t>(random());
  return record;
}

struct Gallery {
  Gallery(std::size_t count, std::size_t bytes, std::uint64_t seed)
      : table(fetch_shape(count, bytes)), hint{}, pool(2) {
    std::mt19937_64 random(seed);
    for (std::size_t i = 0; i < count; ++i) {
      records.push_back(drawn_record(bytes, random));
      table.put(i, records.back());
    }
    ring::Seed of_hint{};
    of_hint[0] = static_cast<std::uint8_t>(seed);
    hint = make_hint(table, of_hint, pool);
  }
  FetchTable table;
  std::vector<Record> records;
  FetchHint hint;
  ThreadPool pool;
};

TEST(Fetch, ParametersHave128BitsByTheTable) {
  EXPECT_EQ(ckks::max_log_qp(kFetchLogDegree, 128), kFetchModulusBits);
  EXPECT_GE(ckks::estimate_security_bits(kFetchLogDegree, kFetchModulusBits), 128);
  EXPECT_LT(ckks::estimate_security_bits(10, 32), 128) << "SimplePIR's published ones would not do";
}

TEST(Fetch, DigitsHoldEveryRecord) {
  std::mt19937_64 random(4);
  for (std::size_t bytes = 1; bytes < 40; ++bytes) {
    const Record record = drawn_record(bytes, random);
    const auto digits = digits_of(record, bytes);
    EXPECT_EQ(digits.size(), (8 * bytes + 5) / 6);
    for (const int d : digits) EXPECT_TRUE(d >= -32 && d <= 31);
    EXPECT_EQ(record_of(digits, bytes), record);
    Record padded = record;
    padded.resize(bytes + 3, 0);
    EXPECT_EQ(record_of(digits_of(record, bytes + 3), bytes + 3), padded);
  }
}

TEST(Fetch, TheFastProductIsTheWordByWordOne) {
  std::mt19937_64 random(6);
  FetchTable table(fetch_shape(3000, 7));
  for (std::size_t i = 0; i < 3000; ++i) table.put(i, drawn_record(7, random));
  // Extremes: all digits at -32, the largest words.
  for (std::size_t i = 0; i < 500; ++i) table.put(i, Record(7, 0));
  ThreadPool pool(2);
  std::vector<FetchQuery> queries(3, FetchQuery(table.shape().columns()));
  for (auto& word : queries[0]) word = static_cast<std::uint32_t>(random()) & kFetchMask;
  for (auto& word : queries[1]) word = kFetchMask;
  const auto answers = table.answer(queries, pool);
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t r = 0; r < table.shape().rows(); ++r) {
      ASSERT_EQ(answers[k][r], fetch_product(table.row(r), queries[k])) << k << " " << r;
    }
  }
}

TEST(Fetch, ManyRecordsGoWhereOneByOneGoes) {
  std::mt19937_64 random(12);
  for (const std::size_t bytes : {1U, 17U, 300U}) {
    FetchTable one(fetch_shape(3000, bytes)), all(fetch_shape(3000, bytes));
    std::vector<Record> records;
    for (std::size_t i = 0; i < 777; ++i) records.push_back(drawn_record(bytes, random));
    for (std::size_t i = 0; i < records.size(); ++i) one.put(500 + i, records[i]);
    all.put_all(500, records);
    for (std::size_t r = 0; r < one.shape().rows(); ++r) {
      ASSERT_TRUE(std::ranges::equal(one.row(r), all.row(r))) << bytes << " " << r;
    }
    EXPECT_THROW(all.put_all(2900, records), ParameterError);
  }
}

TEST(Fetch, RecordsComeBackByteForByte) {
  for (const auto& [records, bytes] :
       {std::pair{1UL, 1UL}, {3UL, 100UL}, {1024UL, 9UL}, {1500UL, 48UL}, {9000UL, 20UL}}) {
    Gallery gallery(records, bytes, records);
    FetchOwner owner(gallery.table.shape(), gallery.hint.seed);
    std::mt19937_64 random(8);
    std::vector<std::size_t> wanted = {0, records - 1};
    while (wanted.size() < kFetchCount) wanted.push_back(random() % records);
    for (std::size_t count = 1; count <= wanted.size(); ++count) {
      const auto some = std::span(wanted).first(count);
      const auto queries = owner.ask(some);
      ASSERT_EQ(queries.size(), kFetchCount) << "however few are wanted";
      const auto read = owner.read(gallery.hint, gallery.table.answer(queries, gallery.pool));
      ASSERT_EQ(read.size(), count);
      for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(read[i], gallery.records[some[i]]);
    }
  }
}

/// Over a million digits: no error comes near half of the scale, and their size is what the docs derive.
TEST(Fetch, ErrorsStayWithinTheBound) {
  constexpr std::size_t kBytes = 3072, kAsked = 50;  // 4,096 digits each, five at a time
  Gallery gallery(2500, kBytes, 77);
  const FetchShape& shape = gallery.table.shape();
  FetchOwner owner(shape, gallery.hint.seed);
  std::mt19937_64 random(9);
  std::uint32_t largest = 0;
  std::size_t digits = 0;
  for (std::size_t k = 0; k < kAsked; ++k) {
    std::vector<std::size_t> wanted(kFetchCount);
    for (auto& w : wanted) w = random() % 2500;
    const auto read = owner.read(gallery.hint, gallery.table.answer(owner.ask(wanted), gallery.pool));
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(read[i], gallery.records[wanted[i]]);
    largest = std::max(largest, owner.largest_error());
    digits += kFetchCount * shape.digits();
  }
  EXPECT_GE(digits, 1'000'000U);
  // Digits are uniform here: of mean square 1/12 of 64^2 + 1/4.
  const double deviation = std::sqrt(10.5 * (64.0 * 64 / 12 + 0.25) * 2500 / static_cast<double>(shape.stacked));
  EXPECT_LT(largest, 6.5 * deviation);
  EXPECT_GT(largest, 3.5 * deviation) << "of a million, some are that large";
  EXPECT_LT(largest * fetch_margin(shape) / 6.5, kFetchScale);
}

TEST(Fetch, ShapesKeepTheirMargin) {
  for (const std::size_t records : {1UL, 10UL, 1000UL, 50'000UL, 1'000'000UL}) {
    for (const std::size_t bytes : {1UL, 100UL, 3072UL, 20'000UL}) {
      const FetchShape shape = fetch_shape(records, bytes);
      EXPECT_GE(fetch_margin(shape), 10.6);
      EXPECT_LE(shape.column_of(records - 1), shape.columns() - 1);
      EXPECT_LE(shape.row_of(records - 1) + shape.digits(), shape.rows());
    }
  }
  const FetchShape cifar = fetch_shape(50'000, 3072);
  EXPECT_LE(kFetchCount * (cifar.query_bytes() + cifar.answer_bytes()), 600'000U);
  EXPECT_LE(cifar.hint_bytes(), 30'000'000U);
  EXPECT_THROW(fetch_shape(0, 10), ParameterError);
  EXPECT_THROW(fetch_shape(10, 0), ParameterError);
  EXPECT_THROW(fetch_shape(std::size_t{1} << 40, 10), ParameterError);
}

/// Words of a query are uniform whatever was asked for: their mean and their bits are.
TEST(Fetch, QueriesLookUniform) {
  const FetchShape shape = fetch_shape(5000, 30);
  FetchOwner owner(shape, ring::Seed{});
  double sum = 0;
  std::array<double, kFetchModulusBits> bits{};
  std::size_t words = 0;
  std::vector<FetchQuery> all;
  for (int i = 0; i < 8; ++i) {
    for (auto& query : owner.ask(std::vector<std::size_t>{17})) all.push_back(std::move(query));
  }
  for (const auto& query : all) {
    for (const std::uint32_t word : query) {
      sum += word / static_cast<double>(kFetchMask + 1);
      for (std::size_t b = 0; b < bits.size(); ++b) bits[b] += (word >> b) & 1;
      ++words;
    }
  }
  const double n = static_cast<double>(words);
  EXPECT_NEAR(sum / n, 0.5, 5 / std::sqrt(12 * n));
  for (const double ones : bits) EXPECT_NEAR(ones / n, 0.5, 5 * 0.5 / std::sqrt(n));
  // No two queries share a secret: with one, their difference would be small errors but for one word.
  for (std::size_t i = 1; i < all.size(); ++i) {
    std::size_t close = 0;
    for (std::size_t w = 0; w < all[i].size(); ++w) {
      const std::uint32_t difference = (all[i][w] - all[i - 1][w]) & kFetchMask;
      close += difference <= 42 || difference >= kFetchMask - 42 ? 1 : 0;
    }
    EXPECT_LT(close, 5U);
  }
}

TEST(Fetch, AHintFollowsItsTable) {
  Gallery gallery(700, 40, 3);
  std::mt19937_64 random(2);
  const Record fresh = drawn_record(25, random);
  gallery.table.put(699, fresh);
  const FetchShape& shape = gallery.table.shape();
  std::vector<std::size_t> rows(shape.digits());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = shape.row_of(699) + i;
  update_hint(gallery.hint, gallery.table, rows, gallery.pool);
  EXPECT_EQ(gallery.hint.words, make_hint(gallery.table, gallery.hint.seed, gallery.pool).words);
  FetchOwner owner(shape, gallery.hint.seed);
  const auto queries = owner.ask(std::vector<std::size_t>{699, 3});
  const auto read = owner.read(gallery.hint, gallery.table.answer(queries, gallery.pool));
  Record padded = fresh;
  padded.resize(40, 0);
  EXPECT_EQ(read[0], padded);
  EXPECT_EQ(read[1], gallery.records[3]);
}

TEST(Fetch, WhatDoesNotFitIsRefused) {
  Gallery gallery(50, 10, 5);
  const FetchShape shape = gallery.table.shape();
  FetchOwner owner(shape, gallery.hint.seed);
  EXPECT_THROW(owner.ask(std::vector<std::size_t>{}), UsageError);
  EXPECT_THROW(owner.ask(std::vector<std::size_t>{50}), UsageError);
  EXPECT_THROW(owner.ask(std::vector<std::size_t>(6, 1)), UsageError);
  EXPECT_THROW(owner.read(gallery.hint, {}), MismatchError) << "nothing was asked";
  auto answers = gallery.table.answer(owner.ask(std::vector<std::size_t>{1}), gallery.pool);
  answers[2].pop_back();
  EXPECT_THROW(owner.read(gallery.hint, answers), MismatchError);
  EXPECT_THROW(gallery.table.answer(std::vector<FetchQuery>{FetchQuery(7)}, gallery.pool), MismatchError);
  EXPECT_THROW(gallery.table.put(50, Record(10)), ParameterError);
  EXPECT_THROW(gallery.table.put(1, Record(11)), MismatchError);
  FetchShape other = shape;
  other.stacked += 1;
  EXPECT_THROW(FetchOwner(other, gallery.hint.seed), ParameterError);
}

}  // namespace
}  // namespace obscura::search
