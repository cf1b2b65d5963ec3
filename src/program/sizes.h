#pragma once

#include "program/program.h"

namespace obscura::program {

/// Bytes, predicted.
struct Sizes {
  double query = 0, reply = 0;
  double keys = 0;  ///< evaluation keys as they travel
  /// What a server holds that answers one query of one owner at a time: the three below.
  double server = 0;
  double expanded_keys = 0, weights = 0;  ///< eight bytes a residue; machines with AVX-512 IFMA keep six or seven
  double working = 0;  ///< ciphertexts of the stage that has the most, and values that later ones read
};
Sizes sizes(const Program& program);

}  // namespace obscura::program
