#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "ring/random.h"
#include "search/fetch_shape.h"

namespace obscura::search {

/// A query for one record: a word modulo 2^26 a column.
using FetchQuery = std::vector<std::uint32_t>;
/// Its answer: a word modulo 2^26 a row.
using FetchAnswer = std::vector<std::uint32_t>;

/// Records as a matrix of centred digits, rows() x columns(), what lies in no record zero. What the server of a gallery
/// holds: rows() * columns() bytes. Answering is thread-safe.
class FetchTable {
 public:
  /// Empty records.
  explicit FetchTable(const FetchShape& shape);

  const FetchShape& shape() const { return shape_; }
  std::span<const std::int8_t> row(std::size_t r) const {
    return std::span(digits_).subspan(r * shape_.columns(), shape_.columns());
  }

  /// Puts a record in its place, padded with zero bytes. Throws ParameterError for one that there is not, MismatchError
  /// for one that is longer than record_bytes.
  void put(std::size_t record, std::span<const std::uint8_t> bytes);
  /// The same for records from `first` on: much faster than one by one.
  void put_all(std::size_t first, std::span<const std::vector<std::uint8_t>> records);

  /// For each query the products with every row. Throws MismatchError for a query that is not a word a column.
  std::vector<FetchAnswer> answer(std::span<const FetchQuery> queries, ThreadPool& pool) const;

 private:
  std::vector<std::int8_t> checked_digits(std::size_t record, std::span<const std::uint8_t> bytes) const;

  FetchShape shape_;
  std::vector<std::int8_t> digits_;
};

/// The digits of a record, padded to `bytes`, from -32 to 31: bits 6k to 6k + 5, little-endian, less 32; and back.
std::vector<std::int8_t> digits_of(std::span<const std::uint8_t> record, std::size_t bytes);
std::vector<std::uint8_t> record_of(std::span<const std::int8_t> digits, std::size_t bytes);

/// The product of one row with a query modulo 2^26, word by word: what the fast loop in answer() computes.
std::uint32_t fetch_product(std::span<const std::int8_t> row, std::span<const std::uint32_t> query);

}  // namespace obscura::search
