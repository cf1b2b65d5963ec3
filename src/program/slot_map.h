#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/memory.h"
#include "circuits/block_plan.h"
#include "program/layout.h"
#include "program/map_pattern.h"
#include "program/stage.h"

namespace obscura::program {

/// Where a stage's terms come from and where its sums go: what makes sparse maps into matrices on slots.
///
/// The hybrid embedding of Juvekar, Vaikuntanathan, Chandrakasan (Gazelle, 2018) for any layout: where the output
/// repeats more often than an input, every repetition sums up the part of the input that is near, and the fold adds the
/// repetitions up. `copies` > 1 (a power of two) first adds that many shifted copies of a clean input into its empty
/// slots, which divides the number of diagonals.
///
/// An output with gaps sums up over the places of each value instead, from behind: an input of period P takes P / gap
/// diagonals (one where the gap is P or more), and as many sums as the gap has bits.
struct Placement {
  struct Input {
    const Layout* layout = nullptr;
    std::size_t copies = 1;
  };
  std::vector<Input> inputs;  ///< one a term
  const Layout* output = nullptr;
  bool unfolded = false;  ///< the fold is left to whoever averages over the period: the compact reply does it for free
  std::size_t slots = 0;
};

/// Of every term of a stage, where it is known (map_pattern.h).
using StagePatterns = std::vector<std::optional<MapPattern>>;
StagePatterns patterns_of(const Stage& stage);

/// A stage as blocks of diagonals: every ciphertext of every term to every ciphertext of the output.
class SlotMap {
 public:
  SlotMap(const Stage& stage, const Placement& placement);

  std::size_t inputs() const { return inputs_; }  ///< ciphertexts, term after term
  std::size_t outputs() const { return outputs_; }

  /// Whether copies can be made of every input that is to be copied.
  bool possible() const;

  /// The diagonals that are not zero. Stops and returns nothing when they are more than `most`. With the stage's
  /// patterns it takes a thousandth of the time where layouts split as they do, which a search asks for hundreds of
  /// them.
  std::vector<circuits::BlockOffset> offsets(std::size_t most, const StagePatterns* patterns = nullptr) const;

  /// The entries of every diagonal of offsets(), to be read diagonal by diagonal.
  struct Entries {
    std::vector<circuits::BlockOffset> offsets;
    std::vector<std::size_t> begin;  ///< of each offset's entries, and the end
    /// Value and slot of kBlock entries each: blocks of one size, which the next stage takes when this one is done.
    std::vector<AlignedWords> blocks;
    std::size_t repeat = 0;  ///< every entry stands this many slots on again
    static constexpr std::size_t kBlock = std::size_t{1} << 17;

    /// Writes the diagonal; throws ParameterError for one that is not there.
    void fill(const circuits::BlockOffset& offset, std::span<double> diagonal) const;
    void put(std::size_t at, std::uint32_t slot, double value) {
      AlignedWords& block = blocks[at / kBlock];
      block[at % kBlock] = std::bit_cast<std::uint64_t>(value);
      slots_of(block)[at % kBlock] = slot;
    }

   private:
    static std::uint32_t* slots_of(AlignedWords& block) {
      return reinterpret_cast<std::uint32_t*>(block.data() + kBlock);
    }
    static const std::uint32_t* slots_of(const AlignedWords& block) {
      return reinterpret_cast<const std::uint32_t*>(block.data() + kBlock);
    }
  };
  Entries entries() const;

  /// Doublings of x += rotate(x, step) before the matrix, of a term; and after it, of the sums.
  std::vector<std::int64_t> spread(std::size_t term) const;
  std::vector<std::int64_t> fold() const;
  /// The wanted value is this times what a reader of the whole period averages.
  double factor() const;
  /// One value a slot for every ciphertext of the output.
  std::vector<std::vector<double>> bias() const;

 private:
  struct Reach;
  Reach reach(std::size_t term) const;
  template <typename Visit, typename More>
  void for_entries(Visit&& visit, More&& more) const;
  /// How many entries each diagonal has, by block (output by output) and offset; empty for a block without any.
  using Counts = std::vector<std::vector<std::uint32_t>>;
  Counts counts() const;
  /// Diagonals that are there, a bit each, by block; empty for a block without any.
  struct Seen;
  void see_entries(std::size_t term, std::size_t first_input, std::size_t most, Seen& seen) const;
  bool see_pattern(std::size_t term, std::size_t first_input, const MapPattern& pattern, std::size_t most,
                   Seen& seen) const;
  template <typename Visit>
  void for_counts(Counts& counts, Visit&& visit) const;

  const Stage& stage_;
  Placement placement_;
  std::size_t inputs_ = 0, outputs_ = 0;
  std::size_t out_period_ = 0, fold_period_ = 0;  // within one ciphertext
};

}  // namespace obscura::program
