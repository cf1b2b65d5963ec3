#include "ring/automorphism.h"

#include <array>
#include <bit>
#include <string>

#include "base/error.h"

namespace obscura::ring {
namespace {

constexpr std::array<std::uint32_t, 8> kReverse3{0, 4, 2, 6, 1, 5, 3, 7};

std::uint32_t reverse_bits(std::uint32_t x, int bits) {
  if (bits == 0) return 0;
  x = ((x >> 1) & 0x55555555u) | ((x & 0x55555555u) << 1);
  x = ((x >> 2) & 0x33333333u) | ((x & 0x33333333u) << 2);
  x = ((x >> 4) & 0x0F0F0F0Fu) | ((x & 0x0F0F0F0Fu) << 4);
  return __builtin_bswap32(x) >> (32 - bits);
}

void check_degree(std::size_t degree) {
  if (!std::has_single_bit(degree) || degree < 8 || degree > (std::size_t{1} << 28)) {
    throw ParameterError("ring degree " + std::to_string(degree) + " is not a power of two between 8 and 2^28");
  }
}

void check_element(std::uint64_t element, std::size_t degree) {
  check_degree(degree);
  if (element % 2 == 0 || element >= 2 * degree) {
    throw ParameterError("Galois element " + std::to_string(element) + " is not an odd number below " +
                         std::to_string(2 * degree));
  }
}

}  // namespace

std::uint64_t galois_element(std::int64_t steps, std::size_t degree) {
  check_degree(degree);
  // 3 has order N/2 modulo 2N, a power of two, so a negative exponent is reduced by masking as well.
  std::uint64_t exponent = static_cast<std::uint64_t>(steps) & (degree / 2 - 1);
  const std::uint64_t mask = 2 * degree - 1;
  std::uint64_t element = 1;
  for (std::uint64_t power = 3; exponent != 0; exponent >>= 1, power = power * power & mask) {
    if (exponent & 1) element = element * power & mask;
  }
  return element;
}

std::uint64_t conjugation_element(std::size_t degree) {
  check_degree(degree);
  return 2 * degree - 1;
}

std::uint64_t inverse_element(std::uint64_t element, std::size_t degree) {
  check_element(element, degree);
  // Newton modulo 2^k: the number of right bits doubles; g itself is right in 3 bits since g^2 = 1 mod 8.
  std::uint64_t inverse = element;
  for (int bits = 3; bits < 64; bits *= 2) inverse *= 2 - element * inverse;
  return inverse & (2 * degree - 1);
}

std::vector<std::uint32_t> ntt_automorphism(std::uint64_t element, std::size_t degree) {
  check_element(element, degree);
  // Index j holds the value at psi^(2k+1), k = bitrev(j); a(X^g) at psi^(2k+1) is a at psi^(2k'+1) with
  // 2k'+1 = g (2k+1) mod 2N. For j = 8m + t: k = k0 + rev3(t) N/8 with k0 = bitrev(m) < N/8, so
  // k' = k0' + g rev3(t) N/8 mod N: the eight of a group stay together, and only their order depends on k0'.
  const int group_bits = std::countr_zero(degree) - 3;
  const std::uint32_t groups = std::uint32_t{1} << group_bits;
  const auto g = static_cast<std::uint32_t>(element);
  std::array<std::array<std::uint32_t, 8>, 8> order;  // by k0' / (N/8) and t
  for (std::uint32_t high = 0; high < 8; ++high) {
    for (std::uint32_t t = 0; t < 8; ++t) order[high][t] = kReverse3[(high + g * kReverse3[t]) % 8];
  }
  std::vector<std::uint32_t> index(degree);
  for (std::uint32_t k0 = 0; k0 < groups; ++k0) {
    const auto moved = static_cast<std::uint32_t>((element * (2 * std::uint64_t{k0} + 1) & (2 * degree - 1)) / 2);
    const std::uint32_t source = 8 * reverse_bits(moved % groups, group_bits);
    std::uint32_t* group = index.data() + 8 * std::size_t{reverse_bits(k0, group_bits)};
    for (std::uint32_t t = 0; t < 8; ++t) group[t] = source + order[moved / groups][t];
  }
  return index;
}

}  // namespace obscura::ring
