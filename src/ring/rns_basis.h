#pragma once

#include <cstddef>

namespace obscura::ring {

/// One prime of a modulus Q P by its place: q[index], or the special prime p[index].
struct RnsPrime {
  std::size_t index = 0;
  bool special = false;

  friend constexpr bool operator==(const RnsPrime&, const RnsPrime&) = default;
};

/// The primes that the rows of a residue number system stand for: q[0] ... q[limbs - 1], which is a level of the chain,
/// and behind them, where it is extended, the special primes p[0] ... p[special - 1]. It counts places and knows no
/// prime: whoever holds the primes is asked by place (ckks::Context::ring), and a basis is as cheap as two numbers.
/// A regular type.
class RnsBasis {
 public:
  constexpr RnsBasis() = default;
  /// Implicit, because a level as such is a basis: what takes a basis also takes a number of limbs.
  constexpr RnsBasis(std::size_t limbs, std::size_t special = 0) : limbs_(limbs), special_(special) {}

  /// Primes of the chain: the level.
  constexpr std::size_t limbs() const { return limbs_; }
  /// Special primes.
  constexpr std::size_t special() const { return special_; }
  constexpr std::size_t rows() const { return limbs_ + special_; }

  /// Whether a row stands for a special prime.
  constexpr bool is_special(std::size_t row) const { return row >= limbs_; }
  /// What a row stands for, row < rows().
  constexpr RnsPrime prime(std::size_t row) const {
    return row < limbs_ ? RnsPrime{row, false} : RnsPrime{row - limbs_, true};
  }
  /// The row of a prime that the basis has.
  constexpr std::size_t row(RnsPrime prime) const { return prime.special ? limbs_ + prime.index : prime.index; }
  constexpr bool has(RnsPrime prime) const { return prime.index < (prime.special ? special_ : limbs_); }
  /// Whether it has every prime of `other`.
  constexpr bool covers(const RnsBasis& other) const { return limbs_ >= other.limbs_ && special_ >= other.special_; }

  friend constexpr bool operator==(const RnsBasis&, const RnsBasis&) = default;

 private:
  std::size_t limbs_ = 0;
  std::size_t special_ = 0;
};

}  // namespace obscura::ring
