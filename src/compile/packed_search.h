#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "compile/compile.h"

namespace obscura::compile {

/// How one stage is done between given layouts, in places, and what that costs.
struct PricedStage {
  std::vector<std::size_t> copies;  ///< one a term
  std::shared_ptr<const Layout> output;
  bool unfolded = false;
  PackedStage::Method method = PackedStage::Method::hoisted;
  circuits::LinearPlan hoisted;
  circuits::BlockPlan blocks;
  std::vector<std::vector<std::vector<std::int64_t>>> spread;  ///< one a term
  std::vector<std::vector<std::int64_t>> fold;
  double factor = 1;
  double microseconds = 0;
  double key_megabytes = 0;
};

/// The layouts of a whole network.
struct PackedChoice {
  std::shared_ptr<const Layout> input;
  std::vector<PricedStage> stages;
};

struct SearchOptions {
  std::size_t slots = 0;                          ///< places of one image in a ciphertext
  bool last = true;                               ///< the network ends with these stages: their output is the reply
  bool gaps = true;                               ///< whether stages may leave sums between results
  bool windows = true;                            ///< whether the client may lay out windows
  std::shared_ptr<const Layout> input = nullptr;  ///< of value 0, where it is given
  std::size_t copies = 1;                         ///< of the picture in value 0, each with channels of its own
};

/// Beam search over the layouts of all values: each stage is tried with every layout that its inputs suggest, and the
/// cheapest few ways to come so far are kept, one for each set of layouts that later stages can still see.
PackedChoice search_layouts(std::span<const Stage> stages, std::span<const StageSchedule> schedule,
                            const ckks::Context& context, SearchOptions options);

}  // namespace obscura::compile
