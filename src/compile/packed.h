#pragma once

#include <vector>

#include "compile/program.h"

namespace obscura::compile {

/// Chooses the layout of every stage by predicted time and fills in the packed part of the program and of its client.
/// Throws UnsupportedError where a tensor does not fit one ciphertext.
void plan_packed(const std::vector<Stage>& stages, const ckks::Context& context, Program& program);

/// The keys that the packed stages use, each at the highest level it is used at.
void request_packed_keys(const ckks::Context& context, Program& program);

}  // namespace obscura::compile
