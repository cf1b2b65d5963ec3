#pragma once

#include <cstdint>
#include <span>

#include "ckks/compact.h"
#include "secret/secret_key.h"

namespace obscura::ckks {

/// Throws MismatchError unless the reply belongs to the context and has the sizes that its gap and bits say.
void check_compact(const Context& context, const CompactCiphertext& ciphertext);

/// Adds every gap-th coefficient of c_1 s (modulo X^N + 1) to `sums`, modulo 2^bits; bits above are unspecified.
void add_products(const SecretKey& key, const CompactCiphertext& ciphertext, std::span<std::uint64_t> sums);

/// The two ways to do so; the first is exact for any reply, and quick for few coefficients.
void add_products_directly(const SecretKey& key, const CompactCiphertext& ciphertext, std::span<std::uint64_t> sums);
/// By transforms modulo as many primes as hold c_1 s, N 2^(bits-1) at most. False, and nothing done, where that is more
/// than a double or the context hold.
bool add_products_by_ntt(const SecretKey& key, const CompactCiphertext& ciphertext, std::span<std::uint64_t> sums);

}  // namespace obscura::ckks
