#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "image/image.h"

/// How alike pixels beside each other are: photographs are smooth, noise is not.
namespace obscura::audit {

/// To the right, below, below to the right.
enum class Neighbour { horizontal, vertical, diagonal };
inline constexpr std::array kNeighbours{Neighbour::horizontal, Neighbour::vertical, Neighbour::diagonal};

/// "horizontal", "vertical", "diagonal".
std::string to_string(Neighbour neighbour);

/// Pearson's correlation of a channel's samples with their neighbours, over all pairs that there are.
struct NeighbourCorrelation {
  std::size_t pairs = 0;
  std::optional<double> r;  ///< -1 to 1; nothing where there is no pair or one side is constant

  /// What independent samples exceed in size once in a hundred pictures: 2.576 / sqrt(pairs), for r of independent
  /// samples is about normal with variance 1 / pairs.
  double limit() const;
  bool beyond_chance() const;
};

/// Throws ParameterError for a channel that the picture does not have.
NeighbourCorrelation neighbour_correlation(const image::Image& image, std::size_t channel, Neighbour neighbour);

/// How often each pair of a sample (row) and its neighbour (column) occurs: 256 x 256 counts.
std::vector<std::uint32_t> neighbour_counts(const image::Image& image, std::size_t channel, Neighbour neighbour);

}  // namespace obscura::audit
