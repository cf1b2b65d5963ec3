#pragma once

#include <nlohmann/json_fwd.hpp>

#include "study/evaluate/prepare.h"

namespace obscura::study {

/// A classifier in the clear on the test images: {images, plain_accuracy, plain_accuracy_interval, f1_macro, classes,
/// confusion, per_class, seconds, vote}. `vote` is null unless the network is one of chunks whose logits are averaged
/// at the very end: then {accuracy, interval, ties, same_as_mean}, the class being the one that most chunks name by
/// themselves, of several such the one with the largest sum of logits; ties: pictures where there were several.
/// `prepared`: by prepare_plain.
nlohmann::ordered_json plain_run_json(const Prepared& prepared);

/// The class that most rows of logits name, and whether that was a tie (see above). Precondition: one row or more, all
/// as long.
struct Vote {
  std::size_t winner = 0;
  bool tie = false;
};
Vote vote_of(const std::vector<std::vector<float>>& logits);

}  // namespace obscura::study
