#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/parallel.h"
#include "ckks/ciphertext.h"
#include "ckks/context.h"
#include "ring/packed_matrix.h"

namespace obscura::circuits {

/// One weight of a sparse integer matrix.
struct IntegerEntry {
  std::uint32_t column = 0;
  std::int32_t value = 0;
};

/// y = W x where x and y are vectors of whole ciphertexts and W is a sparse matrix of integers: the same sum in every
/// slot, so one modular product of W with the matrix of residues for each prime and part, instead of a chain of
/// ciphertext operations. Rows that read the same columns are done together; residues are copied block by block into
/// cache and reduced once a result. Immutable and thread-safe.
class BatchedProduct {
 public:
  /// Throws ParameterError for a column outside `columns`.
  BatchedProduct(std::size_t columns, const std::vector<std::vector<IntegerEntry>>& rows);

  /// All inputs must agree in level, parts and scale (MismatchError); the scale of the results is theirs times
  /// `weight_scale`. Inputs that no row reads may be anything.
  std::vector<ckks::Ciphertext> apply(const ckks::Context& context, const std::vector<ckks::Ciphertext>& inputs,
                                      double weight_scale, ThreadPool* pool = nullptr) const;

  std::size_t rows() const { return row_count_; }

 private:
  /// Rows with the same columns: a small dense matrix, cut between columns where it is too wide for one sum.
  struct Slab {
    std::vector<std::uint32_t> columns;
    ring::PackedMatrix matrix;
  };
  struct Group {
    std::vector<std::uint32_t> rows;
    std::vector<Slab> slabs;
  };
  void run_block(const ring::PrimeRing& q, const std::vector<const std::uint64_t*>& from,
                 const std::vector<std::uint64_t*>& to, std::size_t at, std::uint64_t* scratch) const;

  std::size_t columns_;
  std::size_t row_count_;
  std::size_t most_split_rows_ = 0;  // of a group of several slabs
  std::vector<Group> groups_;
};

}  // namespace obscura::circuits
