#pragma once

#include <vector>

#include "compile/compile.h"

namespace obscura::compile {

/// Chooses the layout of every value by predicted time and fills in the packed part of the program and of its client,
/// for `images` (a power of two) side by side. Spends `stages`. Throws UnsupportedError if so many do not fit.
void plan_packed(std::vector<Stage> stages, const ckks::Context& context, std::size_t images, Program& program);

/// The keys that the packed stages use, each at the highest level it is used at.
void request_packed_keys(const ckks::Context& context, Program& program);

}  // namespace obscura::compile
