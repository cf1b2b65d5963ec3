#pragma once

#include "ring/kernels.h"

/// The scalar kernels by name, so that other tables can point to one where an instruction set brings nothing.
namespace obscura::ring::scalar {

using Word = std::uint64_t;

void prepare(NttTables& t);
void forward(const NttTables& t, Word* x);
void inverse(const NttTables& t, Word* r, const Word* x);
void add(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b);
void sub(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b);
void negate(const Modulus& q, std::size_t n, Word* r, const Word* a);
void mul(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b);
void mul_add(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b);
void mul_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, Word w);
void sub_mul_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b, Word w);
void add_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, Word w);
void plaintext_product(const Modulus& q, std::size_t n, Word* r0, Word* r1, const Word* const* a0,
                       const Word* const* a1, const Word* b, std::size_t count);
void key_product(const Modulus& q, std::size_t n, Word* r0, Word* r1, const Word* const* digits, std::size_t count,
                 const Word* key, std::size_t key_digits);
void reduce(const Modulus& q, std::size_t n, Word* r, const Word* a);
void reduce_centred(const Modulus& q, std::size_t n, Word* r, const Word* a, Word from);
void weighted_sum(const Modulus& q, std::size_t n, Word* r, const Word* const* a, const Word* w, std::size_t count);
void permute(std::size_t n, Word* r, const Word* a, const std::uint32_t* index);

}  // namespace obscura::ring::scalar
