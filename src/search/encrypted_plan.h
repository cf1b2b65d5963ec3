#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ckks/keys.h"
#include "ckks/parameters.h"
#include "search/score_plan.h"

namespace obscura::search {

/// How an encrypted vector is compared with every vector of a gallery that is encrypted under the same key: one ring,
/// one level, no rescaling, and one relinearisation for every degree() vectors.
///
/// Everything is in coefficients, nothing in slots. A block of the gallery are degree() vectors, and number i of all of
/// them is one ciphertext: g_i(X) = sum_r x_r[i] X^r. If c_i encrypts the constant q[i], then sum_i c_i g_i has the
/// score of vector r in coefficient r. The query packs `spread` numbers in a ciphertext, sum_i q[i] X^i, and the server
/// makes a ciphertext of each by a tree of automorphisms X -> X^(N / 2^l + 1), a level l of it for each factor of two
/// (Angel, Chen, Laine, Setty, "PIR with compressed queries and amortized query processing", IEEE S&P 2018). Owner and
/// server derive the same plan from the kind and length of the vectors; all plans have the same parameters, so that one
/// key serves galleries of any vectors. Derived in docs/search.md.
struct EncryptedScorePlan {
  VectorKind kind = VectorKind::unit;
  std::size_t dimension = 1;
  ckks::Parameters parameters;
  std::size_t levels = 0;  ///< of the tree; spread() is two to their number
  int query_bits = 0;      ///< log2 of the query's scale
  int gallery_bits = 0;    ///< of the gallery's
  int reply_bits = 0;      ///< of the modulus of replies

  std::size_t degree() const { return std::size_t{1} << parameters.log_degree; }
  /// Vectors of a block; a reply has a ciphertext a block.
  std::size_t block_rows() const { return degree(); }
  std::size_t blocks(std::size_t rows) const { return (rows + block_rows() - 1) / block_rows(); }
  /// Numbers of a query's ciphertext.
  std::size_t spread() const { return std::size_t{1} << levels; }
  /// Ciphertexts of a query.
  std::size_t pieces() const { return (dimension + spread() - 1) / spread(); }
  /// The numbers in a ciphertext of a query: spread(), but for the last.
  std::size_t numbers(std::size_t piece) const;
  /// The rotation of slots (Evaluator::rotate) that is the automorphism of each level.
  std::vector<std::int64_t> steps() const;
  /// What the server needs once: a key a level, and one to relinearise.
  ckks::KeyRequest keys() const;
  friend bool operator==(const EncryptedScorePlan&, const EncryptedScorePlan&) = default;
};

/// Throws UnsupportedError for vectors of more than 2,048 numbers, and for codes so long that they would not be read
/// exactly; ParameterError for empty ones.
EncryptedScorePlan plan_encrypted_scores(VectorKind kind, std::size_t dimension);

/// The standard deviation of the error of a score, as this plan's arithmetic makes it: the noise of the query and of
/// its tree, of the gallery, their product, the relinearisation's and the reply's. Derived in docs/search.md.
double score_error(const EncryptedScorePlan& plan);

/// What no error of a score exceeds, but for one in 10^14: 24 standard deviations. Most errors are nearly normal; but
/// where all vectors of a gallery are alike and have few numbers, they are rounding times the secret's value at few
/// places of the transform, which has the tails of Laplace's distribution, exp(-sqrt(2) t).
double score_bound(const EncryptedScorePlan& plan);

}  // namespace obscura::search
