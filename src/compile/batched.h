#pragma once

#include <vector>

#include "compile/compile.h"

namespace obscura::compile {

/// One image a slot: every map is a matrix of integers over whole ciphertexts, no rotation at all. Fills in the batched
/// part of the program, its client and its keys. Spends `stages`.
void plan_batched(program::StagedNetwork network, const ckks::Context& context, Program& program);

}  // namespace obscura::compile
