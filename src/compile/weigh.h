#pragma once

#include <string>

#include "ckks/context.h"
#include "compile/names.h"
#include "program/sizes.h"

/// Which plan of a network is taken: time, keys and memory weighed together.
namespace obscura::compile {

/// What a program may take at the most, in bytes as program::sizes() predicts them; 0: whatever it takes.
struct Budget {
  double keys = 0;    ///< evaluation keys as they are sent
  double memory = 0;  ///< of a server that answers one query of one owner at a time

  bool holds(const Sizes& sizes) const {
    return (keys == 0 || sizes.keys <= keys) && (memory == 0 || sizes.server <= memory);
  }
};

/// What is least: seconds x (keys + 64 MB)^(1/4) x (memory + 512 MB)^(1/8). Where keys are many, three times as many
/// are taken for a quarter less time, and not for a tenth; below 64 MB time decides.
double weight_of(double microseconds, const Sizes& sizes);

/// What came of weighing.
struct Weighed {
  bool fits = false;                        ///< some plan holds the budget, and the program has the best of those
  double weight = 0;                        ///< of it
  double least_keys = 0, least_memory = 0;  ///< bytes, of all plans that were tried; not of the same one
};

/// Tries prices of keys for the rotations of a packed program (replan_rotations), takes the best that the budget holds,
/// asks for its keys, and adds a line to the schedule's reasons that says what decided. Where none fits, the program
/// has the fewest keys.
Weighed weigh_rotations(const ckks::Context& context, const Budget& budget, Program& program);

/// Throws UnsupportedError that names the budget, the least that was found, and remedies.
[[noreturn]] void refuse_budget(const std::string& network, const Budget& budget, const Weighed& weighed);

}  // namespace obscura::compile
