#pragma once

#include <vector>

#include "compile/compile.h"

namespace obscura::compile {

/// Chooses the layout of every value by predicted time and fills in the packed part of the program and of its client,
/// for `width` (a power of two) images, or chunks of a group, side by side. Spends `network`. Throws UnsupportedError
/// if so many do not fit.
void plan_packed(program::StagedNetwork network, const ckks::Context& context, std::size_t width, Program& program);

/// Chunks side by side: what the policy of program.client.chunks asks for, and of several the fastest by prediction.
/// Throws UnsupportedError if no number fits.
std::size_t choose_width(const program::StagedNetwork& network, const ckks::Context& context, const Program& program);

/// The keys that the packed stages use, each at the highest level it is used at.
void request_packed_keys(const ckks::Context& context, Program& program);

}  // namespace obscura::compile
