#include "ring/ifma.h"
#include "ring/kernels_scalar.h"

namespace obscura::ring {

const Kernels& ifma_kernels() {
  static constexpr Kernels kernels{
      ifma::prepare,
      ifma::forward,
      ifma::inverse,
      scalar::add,
      scalar::sub,
      scalar::negate,
      scalar::mul,
      scalar::mul_add,
      scalar::mul_scalar,
      scalar::sub_mul_scalar,
      scalar::add_scalar,
      scalar::inner_product,
      scalar::key_product,
      scalar::reduce,
      scalar::reduce_centred,
      scalar::weighted_sum,
      scalar::matrix_product,
      scalar::permute,
  };
  return kernels;
}

}  // namespace obscura::ring
