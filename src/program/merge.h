#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "program/arrangement.h"
#include "program/stage.h"

namespace obscura::program {

/// Where a network of chunks becomes one of the picture. Stages before `value` are run on each chunk; what they made of
/// all is merged in the place of that value, and the stages from `value` on read nothing before it.
struct Merge {
  enum class Kind {
    sum,    ///< over the chunks: the division by their number is in the maps that read it
    concat  ///< one chunk's values behind the other's
  };
  Kind kind = Kind::sum;
  std::size_t value = 0;
  std::size_t count = 1;  ///< chunks
  friend bool operator==(const Merge&, const Merge&) = default;
};

/// A network as encryption sees it.
struct StagedNetwork {
  std::vector<Stage> stages;
  std::optional<Merge> merge = std::nullopt;              ///< nothing: it sees the picture as one
  std::optional<Arrangement> arrangement = std::nullopt;  ///< nothing: value 0 is what it sees of the picture
};

/// What a network sees of one picture: the picture, or each of its chunks.
using Parts = std::vector<std::vector<double>>;

/// The value that the chunks' values of that number become.
std::vector<double> merged(const Merge& merge, const Parts& values);

/// The stages in plain double arithmetic.
std::vector<double> run_network(const StagedNetwork& network, const Parts& parts);

}  // namespace obscura::program
