#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// What the planners of baby and giant steps share (linear_plan.cpp, block_plan.cpp).
namespace obscura::circuits {

inline std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/// An offset in [0, slots) as a signed number around zero, so that neighbours on both sides of slot 0 are neighbours
/// here too.
inline std::int64_t centred(std::int64_t offset, std::int64_t slots) {
  return offset > slots / 2 ? offset - slots : offset;
}

/// A window of baby steps [start, start + width): the giant steps are the multiples of the width.
struct BabyWindow {
  std::int64_t width = 1, start = 0;

  std::int64_t giant(std::int64_t offset) const { return floor_div(offset - start, width) * width; }
};

/// A set of signed numbers that is emptied in no time: one stamp a number.
class StampSet {
 public:
  /// For numbers in [-bound, bound).
  explicit StampSet(std::int64_t bound) : bound_(bound), stamps_(2 * static_cast<std::size_t>(bound)) {}

  void clear() { ++stamp_; }
  /// Whether it was not there.
  bool insert(std::int64_t value) {
    std::uint32_t& stamp = stamps_[static_cast<std::size_t>(value + bound_)];
    const bool fresh = stamp != stamp_;
    stamp = stamp_;
    return fresh;
  }

 private:
  std::int64_t bound_;
  std::uint32_t stamp_ = 1;
  std::vector<std::uint32_t> stamps_;
};

/// The steps that a plan needs keys of, but for those that are owned. Steps that are equal modulo the slots have one
/// key, and are told apart all the same, as long as they are new.
class KeySet {
 public:
  /// For steps in [-bound, bound).
  KeySet(std::int64_t bound, std::span<const std::int64_t> owned) : steps_(bound), bound_(bound) {
    if (owned.empty()) return;
    owned_.resize(2 * static_cast<std::size_t>(bound));
    for (const std::int64_t step : owned) {
      if (step >= -bound && step < bound) owned_[static_cast<std::size_t>(step + bound)] = true;
    }
  }

  void clear() { steps_.clear(); }
  /// Whether it takes another key.
  bool insert(std::int64_t step) {
    if (!owned_.empty() && owned_[static_cast<std::size_t>(step + bound_)]) return false;
    return steps_.insert(step);
  }

 private:
  StampSet steps_;
  std::int64_t bound_;
  std::vector<bool> owned_;
};

/// Whether a width is tried: wide windows of a wide set change little from one width to the next.
inline bool is_tried(std::int64_t width, std::int64_t span) {
  return width <= 512 || width % 16 == 0 || width == span;
}

/// Sorted, each value once.
inline void make_set(std::vector<std::int64_t>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

/// Where `value` stands in a sorted vector that holds it.
inline std::size_t index_in(const std::vector<std::int64_t>& sorted, std::int64_t value) {
  return static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin());
}

}  // namespace obscura::circuits
