#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ring/isa.h"
#include "ring/modulus.h"

namespace obscura::ring {

struct Kernels;    // one table of function pointers an instruction set (ring/kernels.h)
struct NttTables;  // twiddle factors in the layouts that the kernels want

/// Z_q[X] / (X^N + 1) for one prime q = 1 mod 2N: the number-theoretic transform and the loops over N residues.
///
/// Every array has N words, 64-byte aligned, every residue is < q on the way in and on the way out unless said
/// otherwise; results may be written over an operand. All instruction sets give the same bits: the scalar kernels are
/// the specification. Primes of 50 bits and more always take the scalar kernels. Immutable after construction: share
/// freely between threads.
class PrimeRing {
 public:
  /// degree N: a power of two from 2^3 to 2^17; q prime, q = 1 mod 2N, q < 2^60. Throws ParameterError.
  PrimeRing(std::size_t degree, std::uint64_t q, Isa isa = selected_isa());
  ~PrimeRing();
  PrimeRing(PrimeRing&&) noexcept;
  PrimeRing& operator=(PrimeRing&&) noexcept;

  std::size_t degree() const { return degree_; }
  const Modulus& modulus() const { return q_; }
  std::uint64_t value() const { return q_.value(); }
  /// psi, the smallest primitive 2N-th root of unity modulo q.
  std::uint64_t root() const;
  /// The set that the kernels of this prime really use (scalar for large primes).
  Isa isa() const { return isa_; }

  /// Negacyclic NTT in place: natural order in, bit-reversed order out; index j holds the value at psi^(2 bitrev(j) +
  /// 1) (the order of Microsoft SEAL).
  void forward(std::uint64_t* x) const;
  /// The inverse, including the division by N.
  void inverse(std::uint64_t* x) const { inverse(x, x); }
  /// r = the inverse of x, which may be the same array.
  void inverse(std::uint64_t* r, const std::uint64_t* x) const;

  void add(std::uint64_t* r, const std::uint64_t* a, const std::uint64_t* b) const;
  void sub(std::uint64_t* r, const std::uint64_t* a, const std::uint64_t* b) const;
  void negate(std::uint64_t* r, const std::uint64_t* a) const;
  /// r = a b
  void mul(std::uint64_t* r, const std::uint64_t* a, const std::uint64_t* b) const;
  /// r = r + a b
  void mul_add(std::uint64_t* r, const std::uint64_t* a, const std::uint64_t* b) const;
  /// r = a w
  void mul_scalar(std::uint64_t* r, const std::uint64_t* a, std::uint64_t w) const;
  /// r = (a - b) w; b may be any words < 2^52 (fast kernels) congruent to the wanted residue.
  void sub_mul_scalar(std::uint64_t* r, const std::uint64_t* a, const std::uint64_t* b, std::uint64_t w) const;
  /// r = a + w
  void add_scalar(std::uint64_t* r, const std::uint64_t* a, std::uint64_t w) const;

  /// Both parts of ciphertexts times plaintexts: r0 = sum_j a0_j b_j, r1 = sum_j a1_j b_j, count <= 4096. The
  /// plaintexts come from far away and are one linear stream: word i of b_j stands at (i / 8 * count + j) * 8 + i % 8.
  /// Works on the first `words` (a multiple of 16) of each array, so that callers can keep a_j in the cache.
  void plaintext_product(std::size_t words, std::uint64_t* r0, std::uint64_t* r1, const std::uint64_t* const* a0,
                         const std::uint64_t* const* a1, const std::uint64_t* b, std::size_t count) const;

  /// The two sums of a key switch at once: r0 = sum_j d_j k_j0, r1 = sum_j d_j k_j1, j < count <= key_digits.
  /// `key` holds this prime's part of a key in blocks of 8 words: word i of component c of digit j stands at
  /// ((i / 8 * key_digits + j) * 2 + c) * 8 + i % 8, so that the key is one linear stream.
  void key_product(std::uint64_t* r0, std::uint64_t* r1, const std::uint64_t* const* digits, std::size_t count,
                   const std::uint64_t* key, std::size_t key_digits) const;

  /// r = a mod q for words of another prime: any a < 2^63.
  void reduce(std::uint64_t* r, const std::uint64_t* a) const;
  /// r = (a - from if a > from / 2 else a) mod q: the centred lift of a residue modulo `from` (< 2^60).
  void reduce_centred(std::uint64_t* r, const std::uint64_t* a, std::uint64_t from) const;

  /// r = sum_j a_j w_j mod q, the inner loop of base conversion: any words a_j < 2^52 (fast) or < 2^61 (scalar),
  /// w_j < q, count <= 64.
  void weighted_sum(std::uint64_t* r, const std::uint64_t* const* a, const std::uint64_t* w, std::size_t count) const;

  /// r[i] = a[index[i]], where `index` comes from ntt_automorphism() and so maps aligned groups of 8 to aligned groups
  /// of 8. r must not overlap a.
  void permute(std::uint64_t* r, const std::uint64_t* a, const std::uint32_t* index) const;

 private:
  std::size_t degree_;
  Modulus q_;
  Isa isa_;
  const Kernels* kernels_;
  std::unique_ptr<NttTables> tables_;
};

}  // namespace obscura::ring
