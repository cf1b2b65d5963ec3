#pragma once

#include <cstddef>
#include <cstdint>

namespace obscura::search {

/// Private fetching by the ring variant of SimplePIR (Henzinger et al., USENIX Security 2023; over rings as in Apple's
/// swift-homomorphic-encryption): secrets are ternary polynomials of this degree, modulo 2^26, with errors of the
/// centred binomial distribution of variance 10.5. That is the largest modulus with 128-bit security of the 2024 table
/// (ckks::max_log_qp). The published parameters of SimplePIR itself (n = 1024, q = 2^32) have about 104 bits by it.
inline constexpr int kFetchLogDegree = 10;
inline constexpr std::size_t kFetchDegree = std::size_t{1} << kFetchLogDegree;
inline constexpr int kFetchModulusBits = 26;
inline constexpr std::uint32_t kFetchMask = (std::uint32_t{1} << kFetchModulusBits) - 1;
/// Of records: what is fetched are digits of so many bits, centred to [-32, 31].
inline constexpr int kFetchDigitBits = 6;
inline constexpr int kFetchHalfDigit = 1 << (kFetchDigitBits - 1);
/// An answer holds this times a digit.
inline constexpr std::uint32_t kFetchScale = std::uint32_t{1} << (kFetchModulusBits - kFetchDigitBits);

/// How records lie in a matrix of digits: column after column, `stacked` records in each, one above the other. Owner
/// and server derive the same from what both know.
struct FetchShape {
  std::size_t records = 0;
  std::size_t record_bytes = 0;  ///< every record, padded to one length
  std::size_t stacked = 1;

  std::size_t digits() const { return (8 * record_bytes + kFetchDigitBits - 1) / kFetchDigitBits; }  ///< of a record
  std::size_t rows() const { return digits() * stacked; }
  std::size_t blocks() const;                                      ///< of kFetchDegree columns
  std::size_t columns() const { return blocks() * kFetchDegree; }  ///< the last ones may be empty
  std::size_t column_of(std::size_t record) const { return record / stacked; }
  std::size_t row_of(std::size_t record) const { return record % stacked * digits(); }  ///< its first digit

  // Counted in 64 bits also where memory is not: the shape is the same everywhere.
  std::uint64_t query_bytes() const { return std::uint64_t{columns()} * kFetchModulusBits / 8; }  ///< of one wanted
  std::uint64_t answer_bytes() const { return (all_digits() * kFetchModulusBits + 7) / 8; }
  std::uint64_t hint_bytes() const { return all_digits() * kFetchDegree * kFetchModulusBits / 8; }
  std::uint64_t all_digits() const { return std::uint64_t{digits()} * stacked; }  ///< rows(), which may not fit
  friend bool operator==(const FetchShape&, const FetchShape&) = default;
};

/// The shape with the fewest bytes over kHintSearches searches of kFetchCount records each. Throws ParameterError for
/// no records, empty ones, or so many that fetching would fail more often than once in 2^64 records (see fetch_margin).
FetchShape fetch_shape(std::size_t records, std::size_t record_bytes);

/// Records that are fetched at a time, always: how many were wanted is not told.
inline constexpr std::size_t kFetchCount = 5;
/// Searches that a hint is thought to serve, for choosing a shape.
inline constexpr std::size_t kHintSearches = 64;

/// How many standard deviations of the error of an answer lie between it and a wrong digit, whatever the records are:
/// the error is a sum over the columns of digits (32 at most) times independent errors of variance 10.5, and a digit is
/// right while it stays below half of kFetchScale.
double fetch_margin(const FetchShape& shape);

}  // namespace obscura::search
