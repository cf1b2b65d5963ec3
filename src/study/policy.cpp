#include "study/policy.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"

namespace obscura::study {
namespace {

using message::Policy;

void refuse_for_pictures(const PolicyWishes& wishes, const nn::Graph& graph) {
  if (!wishes.any() ||
      (wishes.policy == "whole" && !wishes.threshold && wishes.score.empty() && !wishes.hidden_chunks)) {
    return;
  }
  throw UsageError("the network " + graph.name +
                   " takes the picture as one: it has no chunks to choose from (--policy whole, or none); a classifier "
                   "of chunks becomes one with --picture WIDTHxHEIGHT");
}

/// Options that another policy would not look at.
void refuse_others(const PolicyWishes& wishes, Policy policy) {
  const auto refuse = [&](const char* option, const char* of) {
    throw UsageError(fmt::format("{} is of policy {}, and this is policy {}", option, of, message::to_string(policy)));
  };
  if (policy != Policy::features && wishes.threshold) refuse("--threshold", "features");
  if (policy != Policy::features && !wishes.score.empty()) refuse("--score", "features");
  if (policy != Policy::hidden && wishes.hidden_chunks) refuse("--hidden-chunks", "hidden");
}

}  // namespace

std::size_t usual_hidden_chunks(const Chunking& cut) {
  return (3 * cut.count() + 3) / 4;
}

void apply_policy(const PolicyWishes& wishes, nn::Graph& graph, compile::CompileOptions& options, const Notes& note) {
  if (!graph.chunks) return refuse_for_pictures(wishes, graph);
  Chunking& cut = *graph.chunks;
  options.policy = cut.kept != 0 ? Policy::hidden : Policy::all;
  if (!wishes.policy.empty()) options.policy = message::parse_policy(wishes.policy);
  refuse_others(wishes, options.policy);
  if (wishes.threshold) options.threshold = *wishes.threshold;
  if (!wishes.score.empty()) options.score = parse_chunk_score(wishes.score);
  if (options.policy == Policy::hidden) {
    const std::size_t kept = wishes.hidden_chunks.value_or(cut.kept != 0 ? cut.kept : usual_hidden_chunks(cut));
    if (kept == 0 || kept > cut.count()) {
      throw UsageError(
          fmt::format("--hidden-chunks is {}, expected 1 to {}, the chunks of a picture", kept, cut.count()));
    }
    cut.kept = kept;
  } else {
    cut.kept = 0;
  }
  compile::check_policy(graph, options);
  note(fmt::format("pictures of {}x{} in {}; encrypted by {}", cut.picture.width, cut.picture.height,
                   chunking_text(cut),
                   message::policy_text({cut, options.policy, 1, options.score, options.threshold})));
  if (const auto shown = message::disclosure(options.policy); !shown.empty()) note(shown);
}

}  // namespace obscura::study
