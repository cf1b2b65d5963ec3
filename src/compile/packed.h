#pragma once

#include <vector>

#include "compile/compile.h"

namespace obscura::compile {

struct PackedOptions {
  std::size_t width = 1;  ///< images, or chunks of a group, side by side; a power of two
  /// Whether stages may leave sums between results. The reply of a last stage behind one is an average over more slots,
  /// so that it takes more bits to be as precise.
  bool gaps = true;
  bool windows = true;  ///< see CompileOptions
};

/// Chooses the layout of every value by predicted time and fills in the packed part of the program and of its client.
/// Spends `network`. Throws UnsupportedError if so many images do not fit.
void plan_packed(program::StagedNetwork network, const ckks::Context& context, const PackedOptions& options,
                 Program& program);

/// Chunks side by side: what the policy of program.client.chunks asks for, and of several the fastest by prediction.
/// Throws UnsupportedError if no number fits.
std::size_t choose_width(const program::StagedNetwork& network, const ckks::Context& context, const Program& program);

/// The keys that the packed stages use, each at the highest level it is used at.
void request_packed_keys(const ckks::Context& context, Program& program);

}  // namespace obscura::compile
