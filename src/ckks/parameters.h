#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace obscura::ckks {

/// What defines a CKKS instance: the ring, the chain of primes and how key switching splits it.
///
/// Secrets are uniform ternary, errors centred binomial with sigma 3.24. A regular type; nothing is checked before a
/// Context is made of it.
struct Parameters {
  int log_degree = 0;            ///< log2 N
  std::vector<std::uint64_t> q;  ///< q[0] is the base prime that stays to the end, the last is dropped first
  std::vector<std::uint64_t> p;  ///< special primes of key switching
  std::size_t digit_size = 1;    ///< primes of q a key-switching digit (SEAL: 1 with one special prime)
  bool insecure = false;         ///< without it a Context refuses less than 128 bits; for tests, part of the digest

  friend bool operator==(const Parameters&, const Parameters&) = default;
};

/// Parameters by sizes: primes of exactly these bit lengths, all different, largest first within a length.
/// Throws ParameterError where there are not enough such primes.
Parameters make_parameters(int log_degree, const std::vector<int>& q_bits, const std::vector<int>& p_bits,
                           std::size_t digit_size = 1);

/// Special primes that key switching takes at a level: p[0] ... p[n-1], the fewest whose product is kSpareBits longer
/// than every digit there, or all. A value of few limbs is one short digit, and dividing by more than it needs is work
/// for nothing: KeySwitcher says how keys that were made for all of them serve. Never fewer at a higher level.
std::size_t special_primes(const Parameters& parameters, std::size_t limbs);
/// Errors of keys, times a digit and divided by a product so much longer, are a sixth of what the division rounds.
constexpr double kSpareBits = 4.5;

/// The largest log2(Q P) with at least 128, 192 or 256 bits of classical security for log2 N from 10 to 17, ternary
/// secrets and sigma about 3.2: Bossuat et al., "Security Guidelines for Implementing Homomorphic Encryption",
/// 2024/463. 0 where the table has no entry. Throws ParameterError for other levels.
int max_log_qp(int log_degree, int security_bits);

/// Estimated bits of classical security of a modulus of `log_qp` bits: the table above, between its rows by
/// interpolating bits * log_qp, and in proportion beyond them. Rounded down.
int estimate_security_bits(int log_degree, double log_qp);

/// log2 of the product of all primes.
double log2_product(const std::vector<std::uint64_t>& primes);

/// One line for people: "N = 2^13, log Q = 164, log QP = 214, 128-bit".
std::string describe(const Parameters& parameters);

}  // namespace obscura::ckks
