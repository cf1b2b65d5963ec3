#include "program/slot_map.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

#include "base/error.h"

namespace obscura::program {
namespace {

using circuits::BlockOffset;

/// Whether shifting by multiples of `step` keeps all elements apart.
bool copies_fit(const Layout& input, std::size_t step, std::size_t copies) {
  std::vector<bool> taken(input.period, false);
  for (const std::uint32_t p : input.position) {
    for (std::size_t j = 0; j < copies; ++j) {
      const std::size_t at = (p + input.period * copies - j * step) % input.period;
      if (taken[at]) return false;
      taken[at] = true;
    }
  }
  return true;
}

}  // namespace

StagePatterns patterns_of(const Stage& stage) {
  StagePatterns patterns;
  for (const Term& term : stage.terms) patterns.push_back(pattern_of(term.map, term.input, stage.output));
  return patterns;
}

/// How the result at one place reads a value at another: which slot of the output does, and how far ahead it reads. All
/// sizes are powers of two.
struct SlotMap::Reach {
  std::size_t slots, window, step, gap, repeat;
  bool copied, repeats;

  std::size_t offset(std::size_t at, std::size_t to) const {
    // The element is `ahead` of one of the output's repetitions; a copy takes it part of the way.
    const std::size_t ahead = (at - to) & (window - 1);
    if (copied) return ahead & (step - 1);
    // The places behind the result's own go all of the way but for whole gaps.
    const std::size_t whole = ahead & ~(gap - 1);
    // Nearer from the other side: the repetition behind it reads it.
    return whole + (2 * whole > window ? slots - window : 0);
  }
  std::size_t slot(std::size_t at, std::size_t to) const {
    const std::size_t ahead = (at - to) & (window - 1);
    if (gap > 1) return to + (ahead & (gap - 1));
    // Where the input repeats more often, any repetition of the output will do.
    if (!repeats) return to;
    const bool behind = !copied && 2 * ahead > window;
    return (at - ahead + (behind ? window : 0)) & (repeat - 1);
  }
};

SlotMap::Reach SlotMap::reach(std::size_t term) const {
  const auto& input = placement_.inputs[term];
  const std::size_t window = std::min(out_period_, std::min(input.layout->period, placement_.slots));
  return {placement_.slots, window,           window / input.copies, placement_.output->gap,
          fold_period_,     input.copies > 1, window == out_period_};
}

SlotMap::SlotMap(const Stage& stage, const Placement& placement) : stage_(stage), placement_(placement) {
  const std::size_t slots = placement.slots;
  outputs_ = placement.output->ciphertexts(slots);
  out_period_ = std::min(placement.output->period, slots);
  fold_period_ = out_period_;
  for (const auto& input : placement.inputs) {
    inputs_ += input.layout->ciphertexts(slots);
    fold_period_ = std::max(fold_period_, std::min(input.layout->period, slots));
  }
}

bool SlotMap::possible() const {
  if (placement_.output->gap > 1) {
    if (placement_.unfolded || placement_.output->period != placement_.slots) return false;
    for (const auto& input : placement_.inputs) {
      if (input.copies > 1 || input.layout->period > placement_.slots) return false;
    }
  }
  for (const auto& input : placement_.inputs) {
    if (input.copies == 1) continue;
    if (input.layout->windows) return false;
    const std::size_t window = std::min(out_period_, input.layout->period);
    if (input.layout->period > placement_.slots || !input.layout->clean || window / input.copies == 0) return false;
    if (!copies_fit(*input.layout, window / input.copies, input.copies)) return false;
  }
  return true;
}

/// Calls visit(output, input, offset, slot, value) for every entry of every term: the output's slots slot, slot +
/// fold_period_, ... read the input `offset` slots ahead. Goes on from row to row while `more` says so.
template <typename Visit, typename More>
void SlotMap::for_entries(Visit&& visit, More&& more) const {
  const std::size_t slots = placement_.slots, mask = slots - 1;
  const int shift = std::countr_zero(slots);  // a power of two, like all periods
  std::size_t first_input = 0;
  for (std::size_t k = 0; k < stage_.terms.size(); ++k) {
    const Layout& from = *placement_.inputs[k].layout;
    const Reach reach = this->reach(k);
    const auto& rows = stage_.terms[k].map.rows;
    for (std::size_t r = 0; r < rows.size() && more(); ++r) {
      const std::size_t to = placement_.output->position[r], out = to >> shift;
      for (const auto& e : rows[r]) {
        const std::size_t at = from.windows ? from.windows->place_for(e.column, to) : from.position[e.column];
        visit(out, first_input + (at >> shift), reach.offset(at, to & mask), reach.slot(at, to & mask), e.value);
      }
    }
    first_input += from.ciphertexts(slots);
  }
}

SlotMap::Counts SlotMap::counts() const {
  Counts counts(outputs_ * inputs_);
  for_entries(
      [&](std::size_t out, std::size_t in, std::size_t offset, std::size_t, double) {
        auto& block = counts[out * inputs_ + in];
        if (block.empty()) block.resize(placement_.slots, 0);
        ++block[offset];
      },
      [] { return true; });
  return counts;
}

/// Calls visit(diagonal, count) for every diagonal that is not zero, in order.
template <typename Visit>
void SlotMap::for_counts(Counts& counts, Visit&& visit) const {
  for (std::size_t b = 0; b < counts.size(); ++b) {
    for (std::size_t offset = 0; offset < counts[b].size(); ++offset) {
      if (counts[b][offset] == 0) continue;
      visit(BlockOffset{b / inputs_, b % inputs_, static_cast<std::int64_t>(offset)}, counts[b][offset]);
    }
  }
}

/// Few enough bits to stay near.
struct SlotMap::Seen {
  std::vector<std::vector<std::uint64_t>> blocks;
  std::size_t words = 0, distinct = 0;

  void add(std::vector<std::uint64_t>& block, std::size_t offset) {
    if (block.empty()) block.resize(words, 0);
    std::uint64_t& word = block[offset / 64];
    const std::uint64_t bit = std::uint64_t{1} << (offset % 64);
    distinct += (word & bit) == 0 ? 1 : 0;
    word |= bit;
  }
};

/// Entry by entry, of matrices with tens of millions of them.
void SlotMap::see_entries(std::size_t term, std::size_t first_input, std::size_t most, Seen& seen) const {
  const std::size_t mask = placement_.slots - 1;
  const int shift = std::countr_zero(placement_.slots);
  const Layout& from = *placement_.inputs[term].layout;
  const Reach reach = this->reach(term);
  const std::uint32_t* const position = from.position.data();
  const Windows* const windows = from.windows ? &*from.windows : nullptr;
  const auto& rows = stage_.terms[term].map.rows;
  for (std::size_t r = 0; r < rows.size() && seen.distinct <= most; ++r) {
    const std::size_t to = placement_.output->position[r];
    auto* const blocks = seen.blocks.data() + (to >> shift) * inputs_ + first_input;
    for (const auto& e : rows[r]) {
      const std::size_t at = windows ? windows->place_for(e.column, to) : position[e.column];
      seen.add(blocks[at >> shift], reach.offset(at, to & mask));
    }
  }
}

/// How far an entry reads is how far its channels are apart and its pixels: all sums of the two, modulo the window.
bool SlotMap::see_pattern(std::size_t term, std::size_t first_input, const MapPattern& pattern, std::size_t most,
                          Seen& seen) const {
  const Shape& input = stage_.terms[term].input;
  const auto from = split_of(*placement_.inputs[term].layout, input, placement_.slots);
  const auto to = split_of(*placement_.output, stage_.output, placement_.slots);
  if (!from || !to) return false;
  const int shift = std::countr_zero(placement_.slots);
  const Reach reach = this->reach(term);
  const std::size_t window = reach.window;
  std::vector<std::uint8_t> taken(window, 0);
  std::vector<std::size_t> pixels;
  for (std::size_t q = 0; q < pattern.places.size(); ++q) {
    for (const std::uint32_t p : pattern.places[q]) {
      const std::size_t apart = (from->places[p] - to->places[q]) & (window - 1);
      if (taken[apart] == 0) taken[apart] = 1, pixels.push_back(apart);
    }
  }
  std::vector<std::vector<std::uint8_t>> done(seen.blocks.size());
  for (std::size_t o = 0; o < pattern.channels.size() && seen.distinct <= most; ++o) {
    const std::size_t out = (to->channels[o] + to->places[0]) >> shift;
    for (const std::uint32_t i : pattern.channels[o]) {
      const std::size_t block = out * inputs_ + first_input + ((from->channels[i] + from->places[0]) >> shift);
      if (done[block].empty()) done[block].resize(window, 0);
      const std::size_t apart = (from->channels[i] - to->channels[o]) & (window - 1);
      if (std::exchange(done[block][apart], 1) != 0) continue;
      for (const std::size_t pixel : pixels) {
        seen.add(seen.blocks[block], reach.offset((apart + pixel) & (window - 1), 0));
      }
    }
  }
  return true;
}

std::vector<BlockOffset> SlotMap::offsets(std::size_t most, const StagePatterns* patterns) const {
  Seen seen{std::vector<std::vector<std::uint64_t>>(outputs_ * inputs_), (placement_.slots + 63) / 64};
  std::size_t first_input = 0;
  for (std::size_t k = 0; k < stage_.terms.size() && seen.distinct <= most; ++k) {
    const bool known =
        patterns != nullptr && (*patterns)[k] && see_pattern(k, first_input, *(*patterns)[k], most, seen);
    if (!known) see_entries(k, first_input, most, seen);
    first_input += placement_.inputs[k].layout->ciphertexts(placement_.slots);
  }
  std::vector<BlockOffset> result;
  if (seen.distinct > most) return result;
  result.reserve(seen.distinct);
  for (std::size_t b = 0; b < seen.blocks.size(); ++b) {
    for (std::size_t w = 0; w < seen.blocks[b].size(); ++w) {
      for (std::uint64_t left = seen.blocks[b][w]; left != 0; left &= left - 1) {
        const std::size_t offset = w * 64 + static_cast<std::size_t>(std::countr_zero(left));
        result.push_back({b / inputs_, b % inputs_, static_cast<std::int64_t>(offset)});
      }
    }
  }
  return result;
}

SlotMap::Entries SlotMap::entries() const {
  Entries result;
  auto all = counts();
  std::size_t total = 0;
  // From here on the counts are places in the list of diagonals.
  for_counts(all, [&](const BlockOffset& diagonal, std::uint32_t& count) {
    result.offsets.push_back(diagonal);
    result.begin.push_back(total);
    total += count;
    count = static_cast<std::uint32_t>(result.begin.size() - 1);
  });
  result.begin.push_back(total);
  for (std::size_t at = 0; at < total; at += Entries::kBlock) result.blocks.emplace_back(Entries::kBlock / 2 * 3);
  std::vector<std::size_t> next(result.begin.begin(), result.begin.end() - 1);
  for_entries(
      [&](std::size_t out, std::size_t in, std::size_t offset, std::size_t slot, double value) {
        result.put(next[all[out * inputs_ + in][offset]]++, static_cast<std::uint32_t>(slot), value);
      },
      [] { return true; });
  result.repeat = fold_period_;
  return result;
}

void SlotMap::Entries::fill(const BlockOffset& offset, std::span<double> diagonal) const {
  std::fill(diagonal.begin(), diagonal.end(), 0);
  const auto less = [](const BlockOffset& a, const BlockOffset& b) {
    return std::tie(a.output, a.input, a.offset) < std::tie(b.output, b.input, b.offset);
  };
  const auto it = std::lower_bound(offsets.begin(), offsets.end(), offset, less);
  if (it == offsets.end() || less(offset, *it)) throw ParameterError("a diagonal that the matrix does not have");
  const auto i = static_cast<std::size_t>(it - offsets.begin());
  for (std::size_t e = begin[i]; e < begin[i + 1]; ++e) {
    const AlignedWords& block = blocks[e / kBlock];
    const auto value = std::bit_cast<double>(block[e % kBlock]);
    for (std::size_t s = slots_of(block)[e % kBlock]; s < diagonal.size(); s += repeat) diagonal[s] += value;
  }
}

std::vector<std::int64_t> SlotMap::spread(std::size_t term) const {
  const auto& input = placement_.inputs[term];
  const std::size_t step = std::min(out_period_, input.layout->period) / input.copies;
  std::vector<std::int64_t> steps;
  for (std::size_t c = 1; c < input.copies; c *= 2) steps.push_back(static_cast<std::int64_t>(c * step));
  return steps;
}

std::vector<std::int64_t> SlotMap::fold() const {
  std::vector<std::int64_t> steps;
  if (placement_.unfolded) return steps;
  if (const std::size_t gap = placement_.output->gap; gap > 1) {
    std::size_t most = 1;
    for (std::size_t k = 0; k < placement_.inputs.size(); ++k) most = std::max(most, reach(k).window);
    for (std::size_t s = 1; s < std::min(gap, most); s *= 2) steps.push_back(static_cast<std::int64_t>(s));
    return steps;
  }
  for (std::size_t s = out_period_; s < fold_period_; s *= 2) steps.push_back(static_cast<std::int64_t>(s));
  return steps;
}

double SlotMap::factor() const {
  return placement_.unfolded ? static_cast<double>(fold_period_ / out_period_) : 1;
}

std::vector<std::vector<double>> SlotMap::bias() const {
  const auto values = stage_.bias();
  std::vector<std::vector<double>> result(outputs_, std::vector<double>(placement_.slots, 0));
  for (std::size_t r = 0; r < values.size(); ++r) {
    const std::size_t to = placement_.output->position[r];
    for (std::size_t s = to % placement_.slots; s < placement_.slots; s += out_period_) {
      result[to / placement_.slots][s] = values[r] / factor();
    }
  }
  return result;
}

}  // namespace obscura::program
