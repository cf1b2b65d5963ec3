// Compiled for WebAssembly alone (web/CMakeLists.txt), with SIMD.
#if defined(__wasm_simd128__)
#include "ring/kernels_scalar.h"
#include "ring/simd128.h"

namespace obscura::ring {

/// What only servers do stays scalar.
const Kernels& simd128_kernels() {
  static constexpr Kernels kernels{
      simd128::prepare,    simd128::forward,        simd128::inverse,       simd128::add,
      simd128::sub,        simd128::negate,         simd128::mul,           simd128::mul_add,
      simd128::mul_scalar, simd128::sub_mul_scalar, simd128::add_scalar,    scalar::plaintext_product,
      scalar::key_product, scalar::reduce,          scalar::reduce_centred, scalar::weighted_sum,
      scalar::permute,
  };
  return kernels;
}

}  // namespace obscura::ring
#endif
