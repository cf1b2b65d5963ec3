#include "search/fetch_table.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace obscura::search {
namespace {

constexpr int kHalfBits = kFetchModulusBits / 2;
constexpr std::uint32_t kHalfMask = (std::uint32_t{1} << kHalfBits) - 1;

/// A query in two halves of 13 bits: a product with a digit has 18 bits, and a block's sum of them 28, so that
/// compilers can multiply pairs of 16 bits into sums of 32 without any being lost.
struct Halves {
  explicit Halves(const FetchQuery& query) : low(query.size()), high(query.size()) {
    for (std::size_t i = 0; i < query.size(); ++i) {
      low[i] = static_cast<std::int16_t>(query[i] & kHalfMask);
      high[i] = static_cast<std::int16_t>((query[i] & kFetchMask) >> kHalfBits);
    }
  }
  std::vector<std::int16_t> low, high;
};

std::int32_t block_product(const std::int16_t* a, const std::int16_t* b) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < kFetchDegree; ++i) sum += static_cast<std::int32_t>(a[i]) * b[i];
  return sum;
}

void row_products(std::span<const std::int8_t> row, std::span<const Halves> queries, std::span<std::uint32_t> sums) {
  std::array<std::int16_t, kFetchDegree> digits;
  std::ranges::fill(sums, 0U);
  for (std::size_t first = 0; first < row.size(); first += kFetchDegree) {
    std::copy_n(row.data() + first, kFetchDegree, digits.begin());
    for (std::size_t k = 0; k < queries.size(); ++k) {
      sums[k] += static_cast<std::uint32_t>(block_product(digits.data(), queries[k].low.data() + first));
      sums[k] += static_cast<std::uint32_t>(block_product(digits.data(), queries[k].high.data() + first)) << kHalfBits;
    }
  }
}

}  // namespace

std::vector<std::int8_t> digits_of(std::span<const std::uint8_t> record, std::size_t bytes) {
  std::vector<std::int8_t> digits((8 * bytes + kFetchDigitBits - 1) / kFetchDigitBits);
  std::uint32_t bits = 0;
  int ready = 0;
  std::size_t next = 0;
  for (std::int8_t& digit : digits) {
    while (ready < kFetchDigitBits) {
      bits |= static_cast<std::uint32_t>(next < record.size() ? record[next] : 0) << ready;
      ++next, ready += 8;
    }
    digit = static_cast<std::int8_t>(static_cast<int>(bits & (2 * kFetchHalfDigit - 1)) - kFetchHalfDigit);
    bits >>= kFetchDigitBits, ready -= kFetchDigitBits;
  }
  return digits;
}

std::vector<std::uint8_t> record_of(std::span<const std::int8_t> digits, std::size_t bytes) {
  std::vector<std::uint8_t> record(bytes, 0);
  for (std::size_t k = 0; k < digits.size(); ++k) {
    const auto value = static_cast<std::uint32_t>(digits[k] + kFetchHalfDigit);
    const std::size_t at = k * kFetchDigitBits / 8, shift = k * kFetchDigitBits % 8;
    if (at < bytes) record[at] |= static_cast<std::uint8_t>(value << shift);
    if (at + 1 < bytes) record[at + 1] |= static_cast<std::uint8_t>(value << shift >> 8);
  }
  return record;
}

std::uint32_t fetch_product(std::span<const std::int8_t> row, std::span<const std::uint32_t> query) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < row.size(); ++i) sum += static_cast<std::uint32_t>(row[i]) * query[i];
  return sum & kFetchMask;
}

FetchTable::FetchTable(const FetchShape& shape) : shape_(shape), digits_(shape.rows() * shape.columns(), 0) {}

std::vector<std::int8_t> FetchTable::checked_digits(std::size_t record, std::span<const std::uint8_t> bytes) const {
  if (record >= shape_.records) {
    throw ParameterError("there are " + std::to_string(shape_.records) + " records, none with number " +
                         std::to_string(record));
  }
  if (bytes.size() > shape_.record_bytes) {
    throw MismatchError("a record of " + std::to_string(bytes.size()) + " bytes where they have " +
                        std::to_string(shape_.record_bytes));
  }
  return digits_of(bytes, shape_.record_bytes);
}

void FetchTable::put(std::size_t record, std::span<const std::uint8_t> bytes) {
  const auto digits = checked_digits(record, bytes);
  std::int8_t* at = digits_.data() + shape_.row_of(record) * shape_.columns() + shape_.column_of(record);
  for (std::size_t i = 0; i < digits.size(); ++i) at[i * shape_.columns()] = digits[i];
}

void FetchTable::put_all(std::size_t first, std::span<const std::vector<std::uint8_t>> records) {
  // Rows are far apart: many columns of a row are written at a time.
  constexpr std::size_t kTogether = 128;
  for (std::size_t begin = 0; begin < records.size(); begin += kTogether) {
    const std::size_t end = std::min(begin + kTogether, records.size());
    std::vector<std::vector<std::int8_t>> digits;
    for (std::size_t i = begin; i < end; ++i) digits.push_back(checked_digits(first + i, records[i]));
    for (std::size_t i = 0; i < shape_.digits(); ++i) {
      for (std::size_t k = 0; k < digits.size(); ++k) {
        const std::size_t record = first + begin + k;
        digits_[(shape_.row_of(record) + i) * shape_.columns() + shape_.column_of(record)] = digits[k][i];
      }
    }
  }
}

std::vector<FetchAnswer> FetchTable::answer(std::span<const FetchQuery> queries, ThreadPool& pool) const {
  std::vector<Halves> halves;
  for (const FetchQuery& query : queries) {
    if (query.size() != shape_.columns()) {
      throw MismatchError("a fetch query of " + std::to_string(query.size()) + " words for a gallery of " +
                          std::to_string(shape_.columns()) + " columns");
    }
    halves.emplace_back(query);
  }
  std::vector<FetchAnswer> answers(queries.size(), FetchAnswer(shape_.rows()));
  constexpr std::size_t kRows = 64;  // at a time: neighbouring words of an answer are one thread's
  pool.parallel_for((shape_.rows() + kRows - 1) / kRows, [&](std::size_t part) {
    std::vector<std::uint32_t> sums(queries.size());
    for (std::size_t r = part * kRows; r < std::min((part + 1) * kRows, shape_.rows()); ++r) {
      row_products(row(r), halves, sums);
      for (std::size_t k = 0; k < sums.size(); ++k) answers[k][r] = sums[k] & kFetchMask;
    }
  });
  return answers;
}

}  // namespace obscura::search
