#include "audit/chunks/folds.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <string_view>
#include <unordered_map>

#include "base/error.h"

namespace obscura::audit {
namespace {

using Groups = std::vector<std::vector<std::size_t>>;

/// The pictures of every group, by the class of the first.
std::map<std::int64_t, Groups> groups_by_class(std::span<const std::int64_t> labels,
                                               std::span<const std::size_t> groups) {
  std::map<std::size_t, std::vector<std::size_t>> members;
  for (std::size_t n = 0; n < groups.size(); ++n) members[groups[n]].push_back(n);
  std::map<std::int64_t, Groups> classes;
  for (auto& [group, pictures] : members) classes[labels[pictures.front()]].push_back(std::move(pictures));
  return classes;
}

Guesses validate_fold(const Validation& v, const Guesser& guesser, bool shuffled, std::size_t fold) {
  std::vector<std::size_t> learn, guess;
  std::vector<std::int64_t> labels;
  for (std::size_t n = 0; n < v.folds.size(); ++n) {
    if (v.folds[n] == fold) {
      guess.push_back(n);
    } else {
      learn.push_back(n), labels.push_back(v.labels[n]);
    }
  }
  std::mt19937_64 random(v.seed * 1000003 + fold);
  if (shuffled) std::ranges::shuffle(labels, random);
  const auto guessed = guesser(learn, labels, guess);
  Guesses out{0, guess.size()};
  for (std::size_t i = 0; i < guess.size(); ++i) out.right += guessed.at(i) == v.labels[guess[i]] ? 1 : 0;
  return out;
}

}  // namespace

std::vector<std::size_t> duplicate_groups(const image::Dataset& set) {
  std::unordered_map<std::string_view, std::size_t> first;
  std::vector<std::size_t> groups;
  for (std::size_t n = 0; n < set.count; ++n) {
    const auto pixels = set.pixels(n);
    const std::string_view bytes(reinterpret_cast<const char*>(pixels.data()), pixels.size());
    groups.push_back(first.emplace(bytes, n).first->second);
  }
  return groups;
}

std::vector<std::size_t> stratified_folds(std::span<const std::int64_t> labels, std::span<const std::size_t> groups,
                                          std::size_t folds, std::uint64_t seed) {
  if (folds < 2) throw ParameterError("cross validation takes two folds or more");
  std::mt19937_64 random(seed);
  std::vector<std::size_t> fold_of(labels.size(), 0);
  std::size_t start = 0;
  for (auto& [label, members] : groups_by_class(labels, groups)) {
    if (members.size() < folds) {
      throw ParameterError(fmt::format("a class has {} different pictures, fewer than {} folds: take fewer folds",
                                       members.size(), folds));
    }
    std::ranges::shuffle(members, random);
    // Large groups first: single pictures then even out what they leave.
    std::ranges::stable_sort(members, std::ranges::greater(), [](const auto& group) { return group.size(); });
    std::vector<std::size_t> filled(folds, 0);
    for (const auto& pictures : members) {
      // The emptiest; of equal ones not always the first, so that folds are as large as each other over all classes.
      std::size_t best = start;
      for (std::size_t i = 1; i < folds; ++i) {
        const std::size_t fold = (start + i) % folds;
        if (filled[fold] < filled[best]) best = fold;
      }
      filled[best] += pictures.size();
      for (const std::size_t n : pictures) fold_of[n] = best;
    }
    start = (start + members.size()) % folds;
  }
  return fold_of;
}

Guesses cross_validate(const Validation& validation, const Guesser& guesser, bool shuffled, ThreadPool& pool) {
  std::vector<Guesses> of_fold(validation.run);
  pool.parallel_for(validation.run,
                    [&](std::size_t fold) { of_fold[fold] = validate_fold(validation, guesser, shuffled, fold); });
  Guesses all;
  for (const Guesses& one : of_fold) all.right += one.right, all.tested += one.tested;
  return all;
}

double largest_share(std::span<const std::int64_t> labels) {
  std::map<std::int64_t, std::size_t> counts;
  std::size_t most = 0;
  for (const std::int64_t label : labels) most = std::max(most, ++counts[label]);
  return labels.empty() ? 0 : static_cast<double>(most) / static_cast<double>(labels.size());
}

}  // namespace obscura::audit
