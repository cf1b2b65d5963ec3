#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "image/dataset.h"

/// Cross validation of attackers that guess a class.
namespace obscura::audit {

/// Of every picture the number of the first picture that has the same pixels.
std::vector<std::size_t> duplicate_groups(const image::Dataset& set);

/// Of every picture the fold, 0 to folds - 1, that it is tested in. Every class is spread evenly (stratified), pictures
/// of one group are in one fold, and the seed decides the rest. Throws ParameterError unless every class that occurs
/// has as many groups as there are folds, two or more.
std::vector<std::size_t> stratified_folds(std::span<const std::int64_t> labels, std::span<const std::size_t> groups,
                                          std::size_t folds, std::uint64_t seed);

/// An attacker: learns from the pictures with these numbers and labels, and guesses the classes of others.
using Guesser = std::function<std::vector<std::int64_t>(
    std::span<const std::size_t> learn, std::span<const std::int64_t> labels, std::span<const std::size_t> guess)>;

/// How often a guess was right.
struct Guesses {
  std::size_t right = 0, tested = 0;
  double accuracy() const { return tested == 0 ? 0 : static_cast<double>(right) / static_cast<double>(tested); }
};

struct Validation {
  std::span<const std::int64_t> labels;
  std::span<const std::size_t> folds;  ///< stratified_folds
  std::size_t run = 1;                 ///< of the folds only the first so many are tested in
  std::uint64_t seed = 1;              ///< of shuffles
};

/// Learns from all folds but one and guesses in that, for every fold. `shuffled`: the labels that are learnt from are
/// shuffled, and the guesses judged by the true ones: what the same attacker gets of nothing. Folds run on the pool's
/// threads.
Guesses cross_validate(const Validation& validation, const Guesser& guesser, bool shuffled, ThreadPool& pool);

/// The share of the largest class: what naming it always gets right.
double largest_share(std::span<const std::int64_t> labels);

}  // namespace obscura::audit
