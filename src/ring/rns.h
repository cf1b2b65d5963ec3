#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/memory.h"
#include "ring/prime_ring.h"

namespace obscura::ring {

/// Rewrites numbers known modulo q_1 ... q_k as residues modulo other primes p_1 ... p_m:
/// x in (-Q/2, Q/2] with Q = q_1 ... q_k becomes x mod p_j. Exact but for x within about 2^-40 Q of +-Q/2, where the
/// result may be off by Q (Halevi, Polyakov, Shoup 2018/117: the overflow is found in floating point).
/// One prime, and two with q_1 q_2 < 2^63, are exact everywhere. Coefficient form on both sides. Immutable: share
/// freely; scratch comes from the pool.
class BaseConverter {
 public:
  /// The rings must outlive the converter; k <= 32, all of one degree.
  BaseConverter(std::vector<const PrimeRing*> from, std::vector<const PrimeRing*> to);

  /// What is the same for every p, once and in place: x are the k arrays of residues, and row i of them is prepared, in
  /// the order of i, while it is near. `overflow` has N words, which are complete with the last row.
  void prepare(std::size_t i, std::uint64_t* const* x, std::uint64_t* overflow) const;

  /// To p_first ... p_{first+count-1} from what was prepared; out: `count` arrays. No overlap.
  void convert(const std::uint64_t* const* x, const std::uint64_t* overflow, std::size_t first, std::size_t count,
               std::uint64_t* const* out, ScratchPool& pool) const;

 private:
  struct Tables;
  void convert_pair(const std::uint64_t* words, std::size_t first, std::size_t count, std::uint64_t* const* out) const;
  void convert_sum(const std::uint64_t* const* y, const std::uint64_t* overflow, std::size_t first, std::size_t count,
                   std::uint64_t* const* out, ScratchPool& pool) const;

  std::vector<const PrimeRing*> from_;
  std::vector<const PrimeRing*> to_;
  std::shared_ptr<const Tables> tables_;
};

/// round(x / P) for x known modulo q_1 ... q_l and P = p_1 ... p_k: the end of a key switch, and, with P = the last
/// prime of a chain, rescaling. NTT form on both sides; correct rounding (centred remainder).
class ModDown {
 public:
  /// The rings must outlive this; all of one degree; no prime in both lists.
  ModDown(std::vector<const PrimeRing*> q, std::vector<const PrimeRing*> p);

  /// xq: l arrays, xp: k arrays (spent); out: l arrays, may be the arrays of xq.
  /// Only the first `limbs` of the q are done (0: all), so that one object serves every level.
  void apply(const std::uint64_t* const* xq, std::uint64_t* const* xp, std::uint64_t* const* out, ScratchPool& pool,
             std::size_t limbs = 0) const;

  /// Row k of xp, in the order of k: from `row`, in NTT form, which may be xp[k]. `overflow`: N words.
  void prepare(std::size_t k, const std::uint64_t* row, std::uint64_t* const* xp, std::uint64_t* overflow) const;
  /// Rows first ... first + count - 1 of the result from what was prepared; xq and out hold only these.
  void apply_range(const std::uint64_t* const* xq, const std::uint64_t* const* xp, const std::uint64_t* overflow,
                   std::size_t first, std::size_t count, std::uint64_t* const* out, ScratchPool& pool) const;

 private:
  std::vector<const PrimeRing*> q_;
  std::vector<const PrimeRing*> p_;
  BaseConverter converter_;
  std::vector<std::uint64_t> inverse_;  // P^-1 mod q_i
};

}  // namespace obscura::ring
