#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/parallel.h"
#include "circuits/linear_plan.h"
#include "ckks/evaluator.h"

namespace obscura::circuits {

/// A sparse square matrix over the slots by its diagonals: y[i] = sum_d diagonals[d][i] x[(i + d) mod slots], offsets d
/// in [0, slots). Diagonals that are not there are zero and cost nothing.
using Diagonals = std::map<std::int64_t, std::vector<double>>;

/// y = M x on encrypted slots by baby and giant steps with double hoisting (Bossuat, Mouchet, Troncoso-Pastoriza,
/// Hubaux, 2020/1203): one decomposition serves all baby steps, the inner sums stay modulo Q P, and each giant step
/// costs one division by P. Giant steps follow Horner's rule, so that evenly spaced ones share a single key. Consumes
/// no level by itself: the scale is multiplied by that of the matrix, rescale when it suits. Immutable and thread-safe.
class LinearTransform {
 public:
  /// Encodes the diagonals at `scale` for ciphertexts of `limbs` limbs, split as `plan` says. Throws ParameterError,
  /// and MismatchError for an encoder of another context.
  LinearTransform(const ckks::Encoder& encoder, const ckks::Context& context, const Diagonals& diagonals,
                  LinearPlan plan, double scale, std::size_t limbs, ThreadPool* pool = nullptr);

  /// Two parts in, two parts out, same limbs. Throws MismatchError for another context or level, or missing keys.
  ckks::Ciphertext apply(const ckks::Evaluator& evaluator, const ckks::Ciphertext& x, ThreadPool* pool = nullptr) const;

  const LinearPlan& plan() const { return plan_; }
  std::size_t limbs() const { return basis_.limbs(); }
  double scale() const { return scale_; }
  std::size_t memory_bytes() const;

 private:
  /// A ciphertext times P over the basis, NTT form.
  struct ExtendedCiphertext {
    ring::Polynomial c0;
    ring::Polynomial c1;
  };

  void check(const ckks::Context& context, const ckks::Ciphertext& x) const;
  void encode_giant(const ckks::Encoder& encoder, const ckks::Context& context, const Diagonals& diagonals,
                    std::size_t first, std::size_t last);
  using Extended = std::vector<ExtendedCiphertext>;
  void baby_row(const ckks::Evaluator& evaluator, const ckks::Ciphertext& x, const ckks::Decomposition& digits,
                std::size_t row, Extended& sums) const;
  void giant_step(const ckks::Evaluator& evaluator, std::int64_t step, ExtendedCiphertext& total,
                  const ExtendedCiphertext* next) const;

  LinearPlan plan_;
  double scale_;
  ckks::Digest context_;
  ring::RnsBasis basis_;  ///< the level and its special primes
  /// The plaintexts: row after row of primes, in it giant after giant, each a stream of ring::plaintext_product.
  AlignedWords stream_;
  std::vector<std::size_t> row_begin_;  // bytes
};

/// The rotations that a plan needs, at its level.
void request_keys(const LinearPlan& plan, std::size_t limbs, std::size_t degree, ckks::KeyRequest& request);

}  // namespace obscura::circuits
