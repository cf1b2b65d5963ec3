#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ckks/context.h"

namespace obscura::ckks {

/// Row i of what is split into digits at a level, N words: the polynomial's, times the inverse of the special primes
/// that the level leaves out. Keys hold P of all special primes; modulo q[0..] that is P of the level's times those
/// left out, and modulo the level's it is 0, so that a key switches such a digit as one that was made for the level.
inline void digit_row(const Context& context, std::size_t limbs, std::size_t i, const std::uint64_t* from,
                      std::uint64_t* to) {
  const std::vector<std::uint64_t>& inverse = context.left_out_inverse(limbs);
  if (inverse.empty()) {
    std::copy_n(from, context.degree(), to);
  } else {
    context.q(i).mul_scalar(to, from, inverse[i]);
  }
}

}  // namespace obscura::ckks
