#include "search/fetch_shape.h"

#include <cmath>
#include <string>

#include "base/error.h"

namespace obscura::search {
namespace {

constexpr double kErrorVariance = 10.5;
/// A normal variable is beyond it with probability 2^-84: a record of 2^20 digits fails once in 2^64 times.
constexpr double kMargin = 10.6;
constexpr std::size_t kMaxRecordBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxRecords = std::size_t{1} << 28;

/// Bytes over the life of a hint.
std::uint64_t cost_of(const FetchShape& shape) {
  return kHintSearches * kFetchCount * (shape.query_bytes() + shape.answer_bytes()) + shape.hint_bytes();
}

}  // namespace

std::size_t FetchShape::blocks() const {
  const std::size_t filled = (records + stacked - 1) / stacked;
  return (filled + kFetchDegree - 1) / kFetchDegree;
}

double fetch_margin(const FetchShape& shape) {
  const double deviation = kFetchHalfDigit * std::sqrt(kErrorVariance * static_cast<double>(shape.columns()));
  return kFetchScale / 2.0 / deviation;
}

FetchShape fetch_shape(std::size_t records, std::size_t record_bytes) {
  if (records == 0 || record_bytes == 0) throw ParameterError("nothing can be fetched from no records");
  if (records > kMaxRecords || record_bytes > kMaxRecordBytes) {
    throw ParameterError(std::to_string(records) + " records of " + std::to_string(record_bytes) +
                         " bytes are more than private fetching takes: 2^28 records, 2^20 bytes each");
  }
  FetchShape best{records, record_bytes, 1};
  for (std::size_t stacked = 1; stacked <= records; stacked *= 2) {
    for (const std::size_t s : {stacked, stacked + stacked / 2}) {
      const FetchShape shape{records, record_bytes, s};
      if (s > records || fetch_margin(shape) < kMargin) continue;
      if (fetch_margin(best) < kMargin || cost_of(shape) < cost_of(best)) best = shape;
    }
  }
  if (fetch_margin(best) < kMargin) {
    throw ParameterError(std::to_string(records) + " records are too many for private fetching");
  }
  return best;
}

}  // namespace obscura::search
