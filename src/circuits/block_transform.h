#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "circuits/block_plan.h"
#include "ckks/evaluator.h"

namespace obscura::circuits {

/// y = M x on encrypted slots for a matrix of real blocks, from `inputs` ciphertexts to `outputs` ciphertexts, with far
/// more diagonals than fit in memory as transformed plaintexts: they are kept as small integer coefficients and
/// transformed on the fly, two at a time (circuits/block_kernels.h), but for as many as a budget of memory allows.
///
/// Baby steps are whole rotations, divided by P, which share one decomposition an input (hoisting: Halevi and Shoup,
/// 2018/244), so that plaintexts are wanted modulo the q only; giant steps follow Horner's rule from both sides: two
/// chains an output, that of the giants below zero and that of the others. In a chain only the second part is divided
/// by P at each step, which the next one decomposes; the first is added up times P and divided once. An output without
/// diagonals is zero. Consumes no level by itself. Immutable and thread-safe.
class BlockTransform {
 public:
  /// Fills the N/2 values of a diagonal, which are zero before; called from several threads at once.
  using Diagonal = std::function<void(const BlockOffset& diagonal, std::span<double> values)>;

  /// Encodes the diagonals for ciphertexts of `limbs` limbs, those of input i at scales[i]. At most
  /// `memory_budget` bytes go to plaintexts transformed ahead of time. Throws ParameterError for a plan that
  /// contradicts itself, another number of scales than inputs, or coefficients that do not fit, and MismatchError for
  /// an encoder of another context.
  BlockTransform(const ckks::Encoder& encoder, const ckks::Context& context, BlockPlan plan, const Diagonal& diagonal,
                 std::vector<double> scales, std::size_t limbs, std::size_t memory_budget, ThreadPool* pool = nullptr);

  /// images[k] are the inputs of image k: two parts, limbs() limbs, scale times scales()[i] the same for all i.
  /// result[k] are its outputs. Images that come together share every transformed plaintext. The bits do not depend on
  /// the pool, the budget or the company. Throws MismatchError for anything else, another context or missing keys.
  std::vector<std::vector<ckks::Ciphertext>> apply(const ckks::Evaluator& evaluator,
                                                   std::span<const std::vector<ckks::Ciphertext>> images,
                                                   ThreadPool* pool = nullptr) const;

  const BlockPlan& plan() const { return plan_; }
  std::size_t limbs() const { return basis_.limbs(); }
  const std::vector<double>& scales() const { return scales_; }
  /// Of coefficients and prepared plaintexts.
  std::size_t memory_bytes() const;

 private:
  friend class BlockRun;

  static constexpr std::size_t kCells = 4, kGiants = 8;  // shape of a tile
  static constexpr std::size_t kBlockPairs = 64;

  /// One input at one baby step: what all outputs share.
  struct Cell {
    std::size_t input = 0, baby = 0;
  };
  /// One diagonal in the order of work.
  struct Entry {
    std::size_t term = 0, cell = 0;
  };
  /// Diagonals of a few giants and a few cells: small enough that what is transformed for them stays in the cache,
  /// large enough that cells and sums are read for several of them. Its entries are sorted by giant; two neighbours
  /// share a transform.
  struct Tile {
    std::vector<std::size_t> begin;  ///< of the entries of each giant of its group, and their end
    std::size_t first_pair = 0;      ///< in coefficients_
    bool prepared = false;           ///< is in stream_, transformed
    std::size_t stream_begin = 0;    ///< bytes

    std::size_t first() const { return begin.front(); }
    std::size_t entries() const { return begin.back() - begin.front(); }
    std::size_t pairs() const { return (entries() + 1) / 2; }
  };
  /// Neighbouring giants of one chain of one output, from the outermost inwards, and their tiles.
  struct Group {
    std::size_t chain = 0;
    std::vector<std::size_t> giants;
    std::size_t first_tile = 0, last_tile = 0;
  };
  /// What is worked on before the chains go on: at most one group a chain.
  using Phase = std::vector<Group>;

  void check(const ckks::Context& context) const;
  void lay_out();
  void lay_out_group(Group& group, const std::vector<std::size_t>& cell_of_term);
  void choose_prepared(const ckks::Context& context, std::size_t memory_budget);
  /// False if a coefficient does not fit the narrow words.
  bool encode_tiles(const ckks::Encoder& encoder, const ckks::Context& context, const Diagonal& diagonal,
                    ThreadPool* pool);
  /// The largest coefficient of its pairs.
  std::uint64_t encode_tile(const ckks::Encoder& encoder, const ckks::Context& context, const Diagonal& diagonal,
                            const Tile& tile);
  std::uint64_t encode_pair(const ckks::Encoder& encoder, const ckks::Context& context, const Diagonal& diagonal,
                            std::span<const Entry> pair, std::int64_t* a, std::int64_t* b) const;
  std::uint64_t encode_entry(const ckks::Encoder& encoder, const ckks::Context& context, const Diagonal& diagonal,
                             const Entry& entry, std::int64_t* coefficients) const;
  void prepare_pair(const ckks::Context& context, const Tile& tile, std::size_t pair, const std::uint64_t* coefficients,
                    std::uint64_t largest);
  /// Where a prime's half streams of a prepared tile begin in stream_, in bytes.
  std::size_t stream_begin(const ckks::Context& context, const Tile& tile, std::size_t row) const;
  /// Half streams of a pair, in N words of scratch memory.
  void transform_pair(const ring::PrimeRing& q, const std::uint64_t* coefficients, std::uint64_t largest,
                      std::uint64_t* words, std::uint8_t* a, std::uint8_t* b) const;
  /// Words of a pair's coefficients.
  std::size_t pair_words(std::size_t degree) const { return narrow_ ? degree / 2 : degree; }
  std::uint64_t* pair_coefficients(std::size_t pair, std::size_t degree) {
    return coefficients_[pair / kBlockPairs].data() + pair % kBlockPairs * pair_words(degree);
  }
  const std::uint64_t* pair_coefficients(std::size_t pair, std::size_t degree) const {
    return coefficients_[pair / kBlockPairs].data() + pair % kBlockPairs * pair_words(degree);
  }

  BlockPlan plan_;
  std::vector<double> scales_;
  ckks::Digest context_;
  ring::RnsBasis basis_;  // of the level: plaintexts have no special primes here
  std::vector<Cell> cells_;
  std::vector<Entry> entries_;
  std::vector<Tile> tiles_;
  std::vector<Phase> phases_;
  bool narrow_ = true;                      // 32-bit coefficients, else 64
  std::uint64_t largest_ = 0;               // coefficient
  std::vector<AlignedWords> coefficients_;  // kBlockPairs of the pairs that are not prepared modulo every prime each
  AlignedWords stream_;                     // half streams: tile after tile, prime after prime, entry after entry
};

}  // namespace obscura::circuits
