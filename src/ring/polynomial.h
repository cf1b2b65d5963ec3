#pragma once

#include <cstddef>
#include <cstdint>

#include "base/memory.h"

namespace obscura::ring {

/// Residues of one polynomial modulo several primes: `limbs` rows of `degree` words, row after row, 64-byte aligned.
/// Which primes they are and whether the form is coefficient or NTT is the owner's to know. A regular type.
class Polynomial {
 public:
  Polynomial() = default;
  Polynomial(std::size_t degree, std::size_t limbs) : words_(degree * limbs), degree_(degree), limbs_(limbs) {}

  std::size_t degree() const { return degree_; }
  std::size_t limbs() const { return limbs_; }
  std::uint64_t* limb(std::size_t i) { return words_.data() + i * degree_; }
  const std::uint64_t* limb(std::size_t i) const { return words_.data() + i * degree_; }

  /// Forgets the last limbs; the memory stays.
  void shrink(std::size_t limbs) {
    if (limbs < limbs_) limbs_ = limbs;
  }
  friend bool operator==(const Polynomial& a, const Polynomial& b) {
    if (a.degree_ != b.degree_ || a.limbs_ != b.limbs_) return false;
    for (std::size_t i = 0; i < a.degree_ * a.limbs_; ++i) {
      if (a.words_[i] != b.words_[i]) return false;
    }
    return true;
  }

 private:
  AlignedWords words_;
  std::size_t degree_ = 0;
  std::size_t limbs_ = 0;
};

}  // namespace obscura::ring
