#include "train/blas.h"

#include <dlfcn.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>

namespace obscura::train {

void set_math_threads(std::size_t threads) {
  torch::set_num_threads(static_cast<int>(std::max<std::size_t>(threads, 1)));
  // OpenBLAS has a pool of its own that LibTorch does not know; it is there only if that BLAS was chosen.
  using SetThreads = void (*)(int);
  if (auto* set = reinterpret_cast<SetThreads>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) {
    set(static_cast<int>(std::max<std::size_t>(threads, 1)));
  }
}

double measure_gemm_gflops() {
  constexpr int kSize = 384;
  const torch::NoGradGuard no_grad;
  const auto a = torch::full({kSize, kSize}, 0.5F);
  auto c = torch::mm(a, a);
  double best = 0;
  for (int i = 0; i < 4; ++i) {
    const auto start = std::chrono::steady_clock::now();
    torch::mm_out(c, a, a);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, 2.0 * kSize * kSize * kSize / seconds.count() / 1e9);
  }
  return best;
}

bool has_fast_bfloat16() {
  // What oneDNN asks for, too.
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

}  // namespace obscura::train
