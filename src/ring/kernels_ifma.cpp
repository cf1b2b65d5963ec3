#include "ring/ifma.h"

namespace obscura::ring {

const Kernels& ifma_kernels() {
  static constexpr Kernels kernels{
      ifma::prepare,
      ifma::forward,
      ifma::inverse,
      ifma::add,
      ifma::sub,
      ifma::negate,
      ifma::mul,
      ifma::mul_add,
      ifma::mul_scalar,
      ifma::sub_mul_scalar,
      ifma::add_scalar,
      ifma::plaintext_product,
      ifma::key_product,
      ifma::reduce,
      ifma::reduce_centred,
      ifma::weighted_sum,
      ifma::permute,
  };
  return kernels;
}

}  // namespace obscura::ring
