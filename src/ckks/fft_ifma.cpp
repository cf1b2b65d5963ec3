#include "ckks/fft_kernels.h"
namespace obscura::ckks {
const FftKernels& ifma_fft_kernels() {
  return scalar_fft_kernels();
}
}  // namespace obscura::ckks
