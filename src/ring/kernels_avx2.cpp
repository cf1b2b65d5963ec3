#include "ring/avx2.h"
#include "ring/kernels_scalar.h"

namespace obscura::ring {

const Kernels& avx2_kernels() {
  static constexpr Kernels kernels{
      avx2::prepare,
      avx2::forward,
      avx2::inverse,
      avx2::add,
      avx2::sub,
      avx2::negate,
      avx2::mul,
      avx2::mul_add,
      avx2::mul_scalar,
      avx2::sub_mul_scalar,
      avx2::add_scalar,
      avx2::plaintext_product,
      avx2::key_product,
      avx2::reduce,
      avx2::reduce_centred,
      avx2::weighted_sum,
      scalar::permute,
  };
  return kernels;
}

}  // namespace obscura::ring
