#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/notes.h"
#include "nn/graph.h"

namespace obscura::study {

/// The network that a fitted one was made of, and what it says to the same images.
struct OriginalRun {
  std::string file;
  std::vector<std::vector<float>> logits;  ///< of every image
};

/// Reads the network that `fitted` is to be compared with. Throws MismatchError if images or classes are others, or if
/// `fitted` says that it was made of another file; says in a note where it does not say.
nn::Graph read_original(const std::filesystem::path& file, const nn::Graph& fitted, const Notes& note);

/// How the encrypted run does against the original network; all shares are 0 to 1.
struct OriginalScores {
  std::string file;
  double accuracy = 0;         ///< of the original, in the clear
  double agreement = 0;        ///< how often the encrypted run names its class
  double max_logit_error = 0;  ///< of the encrypted run against it
};
OriginalScores score_original(const OriginalRun& original, const std::vector<std::vector<double>>& encrypted,
                              std::span<const std::int64_t> labels);

/// What "plain" is: "network", or "fitted network" where the file holds polynomials that were fitted to another's
/// activations.
std::string plain_name(const nn::Origin& origin);

/// Null where nothing was fitted; else name, digest and error as the file states them.
nlohmann::ordered_json origin_json(const nn::Origin& origin);
/// Null where none was run.
nlohmann::ordered_json original_json(const std::optional<OriginalScores>& scores);

/// Lines for people: about the original where it was run, else that "plain" is not it. Nothing where
/// nothing was fitted.
std::string original_text(const nn::Origin& origin, const std::optional<OriginalScores>& scores);

}  // namespace obscura::study
