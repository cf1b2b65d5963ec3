#include "ring/prime_ring.h"

#include <bit>
#include <string>

#include "base/error.h"
#include "ring/kernels.h"
#include "ring/primes.h"

namespace obscura::ring {
namespace {

Modulus checked(std::size_t degree, std::uint64_t q) {
  if (!std::has_single_bit(degree) || degree < 8 || degree > (std::size_t{1} << 17)) {
    throw ParameterError("ring degree " + std::to_string(degree) + " is not a power of two from 8 to 131072");
  }
  if (q >> 60 != 0 || q % (2 * degree) != 1 || !is_prime(q)) {
    throw ParameterError(std::to_string(q) + " is not a prime below 2^60 that is 1 modulo " +
                         std::to_string(2 * degree));
  }
  return Modulus(q);
}

// The vector kernels need products of 52 bits with two to spare, and the blocks that their transforms are made of.
Isa usable(std::size_t degree, std::uint64_t q, Isa isa) {
  if (!has_isa(isa)) {
    throw ParameterError("this processor has no " + std::string(isa_name(isa)) + " instructions");
  }
  return q >> 50 == 0 && q >> 13 != 0 && degree >= 128 ? isa : Isa::scalar;
}

const Kernels* kernels_of([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  return isa == Isa::ifma ? &ifma_kernels() : isa == Isa::avx2 ? &avx2_kernels() : &scalar_kernels();
#elif defined(__wasm__)
  return isa == Isa::simd128 ? &simd128_kernels() : &scalar_kernels();
#else
  return &scalar_kernels();
#endif
}

}  // namespace

PrimeRing::PrimeRing(std::size_t degree, std::uint64_t q, Isa isa)
    : degree_(degree), q_(checked(degree, q)), isa_(usable(degree, q, isa)), kernels_(kernels_of(isa_)) {
  tables_ = std::make_unique<NttTables>(
      NttTables{degree, q_, smallest_primitive_root(q, degree), q_.inverse(degree), {}, {}});
  kernels_->prepare(*tables_);
}

PrimeRing::~PrimeRing() = default;
PrimeRing::PrimeRing(PrimeRing&&) noexcept = default;
PrimeRing& PrimeRing::operator=(PrimeRing&&) noexcept = default;

using Word = std::uint64_t;

Word PrimeRing::root() const {
  return tables_->root;
}

void PrimeRing::forward(Word* x) const {
  kernels_->forward(*tables_, x);
}
void PrimeRing::inverse(Word* r, const Word* x) const {
  kernels_->inverse(*tables_, r, x);
}

void PrimeRing::add(Word* r, const Word* a, const Word* b) const {
  kernels_->add(q_, degree_, r, a, b);
}
void PrimeRing::sub(Word* r, const Word* a, const Word* b) const {
  kernels_->sub(q_, degree_, r, a, b);
}
void PrimeRing::negate(Word* r, const Word* a) const {
  kernels_->negate(q_, degree_, r, a);
}
void PrimeRing::mul(Word* r, const Word* a, const Word* b) const {
  kernels_->mul(q_, degree_, r, a, b);
}
void PrimeRing::mul_add(Word* r, const Word* a, const Word* b) const {
  kernels_->mul_add(q_, degree_, r, a, b);
}

void PrimeRing::mul_scalar(Word* r, const Word* a, Word w) const {
  kernels_->mul_scalar(q_, degree_, r, a, w);
}
void PrimeRing::sub_mul_scalar(Word* r, const Word* a, const Word* b, Word w) const {
  kernels_->sub_mul_scalar(q_, degree_, r, a, b, w);
}
void PrimeRing::add_scalar(Word* r, const Word* a, Word w) const {
  kernels_->add_scalar(q_, degree_, r, a, w);
}

void PrimeRing::plaintext_product(std::size_t words, Word* r0, Word* r1, const Word* const* a0, const Word* const* a1,
                                  const Word* b, std::size_t count) const {
  kernels_->plaintext_product(q_, words, r0, r1, a0, a1, b, count);
}

void PrimeRing::key_product(Word* r0, Word* r1, const Word* const* digits, std::size_t count, const Word* key,
                            std::size_t key_digits) const {
  kernels_->key_product(q_, degree_, r0, r1, digits, count, key, key_digits);
}

void PrimeRing::reduce(Word* r, const Word* a) const {
  kernels_->reduce(q_, degree_, r, a);
}
void PrimeRing::reduce_centred(Word* r, const Word* a, Word from) const {
  kernels_->reduce_centred(q_, degree_, r, a, from);
}
void PrimeRing::weighted_sum(Word* r, const Word* const* a, const Word* w, std::size_t count) const {
  kernels_->weighted_sum(q_, degree_, r, a, w, count);
}
void PrimeRing::permute(Word* r, const Word* a, const std::uint32_t* index) const {
  kernels_->permute(degree_, r, a, index);
}

}  // namespace obscura::ring
