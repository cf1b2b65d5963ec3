#include "train/held_back.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "train/augmentation.h"

namespace obscura::train {
namespace {

constexpr std::size_t kFew = 3;
constexpr std::size_t kMostListed = 8;
/// What is drawn here has nothing to do with what an epoch of that number draws.
constexpr std::uint64_t kStream = 0x76616c6964617465ULL;

std::size_t held_of(std::size_t count, double share) {
  if (count < 2) return 0;
  if (count <= kFew) return 1;
  const auto wanted = static_cast<std::size_t>(std::llround(share * static_cast<double>(count)));
  // A share of a half is what was asked for; the third is for small classes only.
  return std::max(wanted, std::min(kFew, count / 3));
}

std::string listed(const std::vector<std::string>& names) {
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMostListed));
  std::string text = fmt::format("'{}'", fmt::join(names.begin(), end, "', '"));
  if (names.size() > kMostListed) text += fmt::format(" and {} more", names.size() - kMostListed);
  return text;
}

std::vector<std::string> without(const std::vector<std::string>& names, const std::vector<std::string>& others) {
  std::vector<std::string> out;
  std::ranges::copy_if(names, std::back_inserter(out),
                       [&](const std::string& name) { return std::ranges::find(others, name) == others.end(); });
  return out;
}

}  // namespace

HeldBack hold_back(const std::vector<std::int64_t>& labels, const std::vector<std::string>& classes, double share,
                   std::uint64_t seed) {
  std::vector<std::vector<std::int64_t>> members(classes.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    members.at(static_cast<std::size_t>(labels[i])).push_back(static_cast<std::int64_t>(i));
  }
  HeldBack out;
  std::vector<bool> held(labels.size(), false);
  std::vector<std::string> single;
  for (std::size_t c = 0; share > 0 && c < members.size(); ++c) {
    const auto order = shuffled(members[c].size(), mix(seed ^ kStream), c + 1);
    const std::size_t count = held_of(members[c].size(), share);
    for (std::size_t i = 0; i < count; ++i) {
      held[static_cast<std::size_t>(members[c][static_cast<std::size_t>(order[i])])] = true;
    }
    if (members[c].size() == 1) single.push_back(classes[c]);
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    (held[i] ? out.validate : out.learn).push_back(static_cast<std::int64_t>(i));
  }
  if (!single.empty()) {
    out.notes.push_back(
        fmt::format("too few pictures to hold any back for validation: {} with one each: they are all learnt from",
                    listed(single)));
  }
  return out;
}

std::vector<std::size_t> class_counts(const std::vector<std::int64_t>& labels, const std::vector<std::int64_t>& index,
                                      std::size_t classes) {
  std::vector<std::size_t> counts(classes, 0);
  for (const std::int64_t i : index) ++counts.at(static_cast<std::size_t>(labels.at(static_cast<std::size_t>(i))));
  return counts;
}

Weighting weighting_of(ClassWeights wish, const std::vector<std::size_t>& counts,
                       const std::vector<std::string>& classes) {
  std::size_t all = 0, present = 0, smallest = 0, largest = 0;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) continue;
    if (present == 0 || counts[c] < counts[smallest]) smallest = c;
    if (present == 0 || counts[c] > counts[largest]) largest = c;
    all += counts[c];
    ++present;
  }
  Weighting out;
  if (present == 0) return out;
  const double factor = static_cast<double>(counts[largest]) / static_cast<double>(counts[smallest]);
  const bool unbalanced = factor >= kImbalance;
  const bool balanced = wish == ClassWeights::balanced || (wish == ClassWeights::automatic && unbalanced);
  if (unbalanced) {
    out.notes.push_back(
        fmt::format("unbalanced classes: {} training pictures of '{}', {} of '{}'; {}", counts[largest],
                    classes[largest], counts[smallest], classes[smallest],
                    balanced ? "pictures count so that all classes weigh alike (--class-weights none turns it off)"
                             : "every picture counts alike (--class-weights balanced lets all classes weigh alike)"));
  }
  if (!balanced) return out;
  for (const std::size_t n : counts) {
    out.weights.push_back(n == 0 ? 1 : static_cast<double>(all) / static_cast<double>(present * n));
  }
  return out;
}

void check_same_classes(const std::vector<std::string>& training, const std::vector<std::string>& other,
                        const std::string& what, const std::string& of) {
  if (training == other) return;
  const auto fewer = without(training, other), more = without(other, training);
  std::string text = fmt::format("the {} pictures of {} are of other classes than the training pictures", what, of);
  if (!more.empty()) text += fmt::format("; only {}: {}", what, listed(more));
  if (!fewer.empty()) text += fmt::format("; only training: {}", listed(fewer));
  if (more.empty() && fewer.empty()) text += ": the same names in another order";
  throw MismatchError(text);
}

}  // namespace obscura::train
