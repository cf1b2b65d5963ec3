#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "ckks/keys.h"
#include "ckks/parameters.h"

namespace obscura::search {

/// What the vectors of a gallery are.
enum class VectorKind : std::uint8_t {
  code,  ///< of +1 and -1: the score is bits - 2 x the Hamming distance, exact after rounding
  unit   ///< of length 1: the score is the cosine
};

/// "code", "unit"; the inverse throws UsageError.
std::string to_string(VectorKind kind);
VectorKind parse_vector_kind(const std::string& text);

/// How an encrypted vector is compared with every vector of a gallery: one ring, one level, no rescaling. The query
/// repeats over the slots with this period, a power of two; the gallery's vectors lie in slots, one a slot, as
/// generalised diagonals: score_j = sum_k rot_k(q)[j] x_j[(j + k) mod period] (Halevi and Shoup 2014). Of the rotations
/// `baby` are of the query and shared by all blocks; the rest are of partial sums, `baby` at a time (Horner). Owner and
/// server derive the same plan from the kind and length of the vectors.
struct ScorePlan {
  VectorKind kind = VectorKind::unit;
  std::size_t dimension = 1;
  ckks::Parameters parameters;
  std::size_t period = 1;
  std::size_t baby = 1;
  int query_bits = 0;    ///< log2 of the query's scale
  int gallery_bits = 0;  ///< of the gallery's
  int reply_bits = 0;    ///< of the modulus of replies

  std::size_t degree() const { return std::size_t{1} << parameters.log_degree; }
  std::size_t slots() const { return degree() / 2; }  ///< vectors of a block
  std::size_t giants() const { return period / baby; }
  std::size_t blocks(std::size_t rows) const { return (rows + slots() - 1) / slots(); }
  ckks::KeyRequest keys() const;
};

/// Throws UnsupportedError for vectors of more than 2,048 numbers, and for codes so long that they would not be read
/// exactly; ParameterError for empty ones.
ScorePlan plan_scores(VectorKind kind, std::size_t dimension);

/// The standard deviation of the error of a score, as this plan's arithmetic makes it: the query's noise and that of
/// its rotations, the gallery's rounding, and the reply's. Derived in docs/search.md.
double score_error(const ScorePlan& plan);

/// What no error of a score exceeds, but for one in 10^14: 24 standard deviations. Most of the error is rounding times
/// the secret's value at a slot, both about normal, and such a product has the tails of Laplace's distribution,
/// exp(-sqrt(2) t), not of the normal one.
double score_bound(const ScorePlan& plan);

}  // namespace obscura::search
