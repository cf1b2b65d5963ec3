#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

/// How good rankings are. Relevant is a row of the query's class; flags are in the order of the ranking.
namespace obscura::search {

/// The mean, over the relevant rows, of the precision at each one's rank, over the whole ranking (the usual AP, of
/// which mAP is the mean over queries). 0 where nothing is relevant.
double average_precision(std::span<const std::uint8_t> relevant);

/// The same in expectation, rows of equal distance coming in any order (McSherry and Najork 2008). `distances`:
/// ascending, as many as there are flags. Throws MismatchError for another number.
double tied_average_precision(std::span<const std::uint8_t> relevant, std::span<const float> distances);

/// Share of relevant rows among the first k. Throws UsageError for a k that is not 1 to the number of rows.
double precision_at(std::span<const std::uint8_t> relevant, std::size_t k);

/// The same in expectation, rows of equal distance coming in any order.
double tied_precision_at(std::span<const std::uint8_t> relevant, std::span<const float> distances, std::size_t k);

}  // namespace obscura::search
