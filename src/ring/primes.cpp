#include "ring/primes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "base/error.h"
#include "ring/modulus.h"

namespace obscura::ring {
namespace {

// The first twelve primes decide every n < 3.18e23 (Sorenson, Webster, "Strong pseudoprimes to twelve prime
// bases", Math. Comp. 86, 2017), so every 64-bit n.
constexpr std::array<std::uint64_t, 12> kWitnesses{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};

constexpr std::uint64_t kPrimeLimit = std::uint64_t{1} << 60;  // what PrimeRing takes

// Plain 128-bit division: Modulus stops at 61 bits and this is no hot loop.
std::uint64_t mul_mod(std::uint64_t a, std::uint64_t b, std::uint64_t n) {
  return static_cast<std::uint64_t>(u128{a} * b % n);
}

std::uint64_t pow_mod(std::uint64_t base, std::uint64_t exponent, std::uint64_t n) {
  std::uint64_t result = 1;
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result = mul_mod(result, base, n);
    base = mul_mod(base, base, n);
  }
  return result;
}

// Whether the odd n passes as a prime to base a: a^d = 1 or a^(d 2^r) = -1 for some r < s, n - 1 = d 2^s.
bool passes(std::uint64_t a, std::uint64_t n) {
  const int s = std::countr_zero(n - 1);
  std::uint64_t x = pow_mod(a, (n - 1) >> s, n);
  if (x == 1 || x == n - 1) return true;
  for (int r = 1; r < s; ++r) {
    x = mul_mod(x, x, n);
    if (x == n - 1) return true;
  }
  return false;
}

void check_degree(std::size_t degree) {
  if (!std::has_single_bit(degree) || degree < 2 || degree > (std::size_t{1} << 20)) {
    throw ParameterError("ring degree " + std::to_string(degree) + " is not a power of two between 2 and 2^20");
  }
}

bool wanted(std::uint64_t p, const std::vector<std::uint64_t>& exclude) {
  return std::find(exclude.begin(), exclude.end(), p) == exclude.end() && is_prime(p);
}

}  // namespace

bool is_prime(std::uint64_t n) {
  if (n < 2) return false;
  for (const std::uint64_t p : kWitnesses) {
    if (n % p == 0) return n == p;
  }
  return std::all_of(kWitnesses.begin(), kWitnesses.end(), [n](std::uint64_t a) { return passes(a, n); });
}

std::vector<std::uint64_t> ntt_primes(int bits, std::size_t degree, std::size_t count,
                                      const std::vector<std::uint64_t>& exclude) {
  check_degree(degree);
  if (bits < 2 || bits > 60) {
    throw ParameterError("primes of " + std::to_string(bits) + " bits: between 2 and 60 are possible");
  }
  const std::uint64_t step = 2 * std::uint64_t{degree};
  const std::uint64_t low = std::uint64_t{1} << (bits - 1), high = (std::uint64_t{1} << bits) - 1;
  std::vector<std::uint64_t> primes;
  for (std::uint64_t p = (high - 1) / step * step + 1; p >= low && p > 1 && primes.size() < count; p -= step) {
    if (wanted(p, exclude)) primes.push_back(p);
  }
  if (primes.size() < count) {
    throw ParameterError("only " + std::to_string(primes.size()) + " of " + std::to_string(count) + " primes of " +
                         std::to_string(bits) + " bits are 1 modulo " + std::to_string(step));
  }
  return primes;
}

std::uint64_t smallest_primitive_root(std::uint64_t q, std::size_t degree) {
  check_degree(degree);
  const std::uint64_t order = 2 * std::uint64_t{degree};
  if (q >= kPrimeLimit || q % order != 1 || !is_prime(q)) {
    throw ParameterError(std::to_string(q) + " is not a prime below 2^60 that is 1 modulo " + std::to_string(order));
  }
  const Modulus modulus(q);
  // x^((q-1)/2N) has order dividing 2N; it is primitive if its N-th power is -1, which is so for every second
  // x.
  std::uint64_t root = 0;
  for (std::uint64_t x = 2;; ++x) {
    root = modulus.pow(x, (q - 1) / order);
    if (modulus.pow(root, degree) == q - 1) break;
  }
  // The primitive roots are the odd powers of one of them, and root^(k + N) = -root^k: N/2 steps see them
  // all.
  const std::uint64_t square = modulus.mul(root, root), shoup = modulus.shoup64(square);
  std::uint64_t smallest = root;
  for (std::size_t k = 0; k < degree / 2; ++k) {
    smallest = std::min({smallest, root, q - root});
    const auto quotient = static_cast<std::uint64_t>((u128{root} * shoup) >> 64);
    root = root * square - quotient * q;
    if (root >= q) root -= q;
  }
  return smallest;
}

}  // namespace obscura::ring
