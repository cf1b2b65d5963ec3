#pragma once

#include <cstddef>
#include <cstdint>

#include "ring/prime_ring.h"

namespace obscura::ckks {

/// N integer coefficients as residues modulo one prime, coefficient form, exact. Arrays are 64-byte aligned; `largest`
/// is at least every magnitude and chooses the fastest way.
void to_residues(const ring::PrimeRing& ring, const double* coefficients, double largest, std::uint64_t* out);
void to_residues(const ring::PrimeRing& ring, const std::int64_t* coefficients, std::uint64_t largest,
                 std::uint64_t* out);

std::uint64_t largest_magnitude(const std::int64_t* coefficients, std::size_t count);

}  // namespace obscura::ckks
