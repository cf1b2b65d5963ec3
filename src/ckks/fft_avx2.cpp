#include "ckks/fft_kernels.h"
namespace obscura::ckks {
const FftKernels& avx2_fft_kernels() {
  return scalar_fft_kernels();
}
}  // namespace obscura::ckks
