#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "ckks/encoder.h"
#include "ckks/evaluator.h"
#include "ckks/wire.h"

/// Encrypted vectors with levels and scales kept for their user: the half of obscura.ckks that cannot decrypt.
namespace obscura::python {

/// A ciphertext whose first `size` slots are meant, at the scale of its level.
struct Vector {
  ckks::Ciphertext ciphertext;
  std::size_t size = 0;
  bool clean = false;  ///< every other slot is zero
};

/// Parameters, and an owner's evaluation keys or none. Immutable and thread-safe. Operands at different levels meet at
/// the lower one, by a product with one that gives the exact scale of that level. All throw ParameterError where a
/// product finds no level left, and MismatchError for a key that is not there and for vectors of different sizes.
class Arithmetic {
 public:
  explicit Arithmetic(ckks::ContextPtr context);
  /// The file of evaluation keys.
  explicit Arithmetic(std::span<const std::uint8_t> keys);

  const ckks::ContextPtr& context() const { return context_; }
  bool has_keys() const { return keys_ != nullptr; }
  std::size_t slots() const { return context_->slots(); }

  /// Of a file of a ciphertext or a seeded one. Throws FormatError, MismatchError for other parameters or a scale that
  /// is not that of its level. size 0: all slots.
  Vector read(std::span<const std::uint8_t> bytes, std::size_t size) const;
  ckks::Bytes write(const Vector& a) const;

  Vector add(const Vector& a, const Vector& b) const;
  Vector sub(const Vector& a, const Vector& b) const;
  Vector negate(const Vector& a) const;
  Vector multiply(const Vector& a, const Vector& b) const;
  /// With numbers in the clear: as many as the vector has, or one for each of its slots.
  Vector add(const Vector& a, std::span<const double> b) const;
  Vector multiply(const Vector& a, std::span<const double> b) const;
  Vector multiply(const Vector& a, std::int64_t factor) const;  ///< takes no level

  /// Slot i of the result is slot i + steps. By the key for it, else by those of powers of two.
  Vector rotate(const Vector& a, std::int64_t steps) const;
  /// One number: the sum of all.
  Vector sum(const Vector& a) const;
  /// x M for a matrix of a.size rows of `columns` numbers: rotations by one for all of its diagonals.
  Vector times_matrix(const Vector& a, std::span<const double> matrix, std::size_t columns) const;
  /// Coefficients from the constant on; takes ceil(log2(degree)) + 1 levels.
  Vector polynomial(const Vector& a, std::span<const double> coefficients) const;

 private:
  Vector to_level(const Vector& a, std::size_t limbs) const;
  std::pair<Vector, Vector> aligned(const Vector& a, const Vector& b) const;
  void need_level(const Vector& a) const;
  void need_size(const Vector& a, std::size_t size) const;
  ckks::Plaintext encode(std::span<const double> values, std::size_t limbs, double scale) const;
  ckks::Ciphertext step(const ckks::Ciphertext& a, std::int64_t steps) const;
  Vector masked(const Vector& a) const;

  std::shared_ptr<const ckks::EvaluationKeys> keys_;
  std::set<std::uint64_t> elements_;  ///< of the rotations that there are keys for
  ckks::ContextPtr context_;          ///< behind both, which a file of keys fills in
  ckks::Encoder encoder_;
  ckks::Evaluator evaluator_;
  std::vector<double> scales_;
};

}  // namespace obscura::python
