#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/fetch_hint.h"

namespace obscura::search {

/// The side that fetches: makes queries that do not say for which records, and reads their answers. Holds the secret of
/// each query until its answer is read. Queries of one owner do not tell a server that they are one owner's. Not
/// thread-safe.
class FetchOwner {
 public:
  /// `seed` is the hint's. Throws ParameterError for a shape that fetch_shape would not give.
  FetchOwner(const FetchShape& shape, const ring::Seed& seed);
  ~FetchOwner();
  FetchOwner(const FetchOwner&) = delete;
  FetchOwner& operator=(const FetchOwner&) = delete;

  /// kFetchCount queries, for the records wanted and, where these are fewer, for one of them again. Every query has a
  /// secret and errors of its own. Throws UsageError for none, more than kFetchCount or a record that there is not.
  std::vector<FetchQuery> ask(std::span<const std::size_t> records);

  /// What has to be kept secret of the queries that were asked, so that another process reads their answers:
  ///   wanted:u32 (record:u64 s:words(2 bits, 0, 1, and 2 for -1))...          one a query
  /// The caller wipes the bytes. Throws MismatchError if nothing was asked for.
  std::vector<std::uint8_t> secrets() const;
  /// In the place of ask(). Throws FormatError for bytes that are no secrets of this shape.
  void resume(std::span<const std::uint8_t> secrets);

  /// The records asked for, in that order. Needs of the hint the rows that they lie in. Throws MismatchError for
  /// answers of another shape, or if nothing was asked for.
  std::vector<std::vector<std::uint8_t>> read(const FetchHint& hint, std::span<const FetchAnswer> answers);

  /// The largest distance of an answer's word from the multiple of kFetchScale that it was read as, in the last read():
  /// an answer is wrong from kFetchScale / 2 on.
  std::uint32_t largest_error() const { return largest_error_; }

 private:
  struct Secret;
  FetchQuery ask_one(std::size_t record);
  std::vector<std::uint8_t> read_one(const FetchHint& hint, const Secret& secret, const FetchAnswer& answer);
  void forget();

  FetchShape shape_;
  FetchRing ring_;
  std::vector<AlignedWords> polynomials_;  // of the blocks, transformed
  std::vector<Secret> secrets_;
  std::size_t wanted_ = 0;
  std::uint32_t largest_error_ = 0;
};

}  // namespace obscura::search
