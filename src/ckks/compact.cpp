#include "ckks/compact.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include "base/error.h"

namespace obscura::ckks {
namespace {

void check(const Context& context, const Ciphertext& ciphertext, std::size_t gap, int bits) {
  check_ciphertext(context, ciphertext);
  if (ciphertext.parts.size() != 2 || ciphertext.limbs() != 1) {
    throw MismatchError("a compact reply is made of a ciphertext with two parts and one limb, not " +
                        std::to_string(ciphertext.parts.size()) + " parts and " + std::to_string(ciphertext.limbs()) +
                        " limbs");
  }
  if (!std::has_single_bit(gap) || gap > context.degree() / 2) {
    throw ParameterError("gap " + std::to_string(gap) + " is not a power of two up to " +
                         std::to_string(context.degree() / 2));
  }
  const int most = context.q(0).modulus().bits();
  if (bits < 1 || bits > most) {
    throw ParameterError("a compact reply of " + std::to_string(bits) + " bits; the base prime has " +
                         std::to_string(most));
  }
}

/// round(c 2^bits / q) mod 2^bits of every gap-th coefficient.
std::vector<std::uint64_t> switch_modulus(const std::uint64_t* coefficients, std::size_t degree, std::size_t gap,
                                          std::uint64_t q, int bits) {
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  std::vector<std::uint64_t> words(degree / gap);
  for (std::size_t k = 0; k < words.size(); ++k) {
    const ring::u128 scaled = (ring::u128{coefficients[k * gap]} << bits) + q / 2;
    words[k] = static_cast<std::uint64_t>(scaled / q) & mask;
  }
  return words;
}

}  // namespace

CompactCiphertext compact(const Context& context, const Ciphertext& ciphertext, std::size_t gap, int bits) {
  check(context, ciphertext, gap, bits);
  const std::size_t n = context.degree();
  const ring::PrimeRing& ring = context.q(0);
  CompactCiphertext result;
  result.context = ciphertext.context;
  result.degree = n;
  result.gap = gap;
  result.bits = bits;
  result.scale = std::ldexp(ciphertext.scale / static_cast<double>(ring.value()), bits);
  auto lease = context.scratch().take(n);
  for (std::size_t part = 0; part < 2; ++part) {
    std::memcpy(lease.data(), ciphertext.parts[part].limb(0), n * sizeof(std::uint64_t));
    ring.inverse(lease.data());
    (part == 0 ? result.c0 : result.c1) = switch_modulus(lease.data(), n, part == 0 ? gap : 1, ring.value(), bits);
  }
  return result;
}

}  // namespace obscura::ckks
