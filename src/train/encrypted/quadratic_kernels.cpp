#include "train/encrypted/quadratic_kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

// Inlined into functions for one instruction set each: a body that stayed a function of its own would be compiled for
// the oldest processor.
#define OBSCURA_BODY [[gnu::always_inline]] inline

namespace obscura::train {
namespace {

/// Rows that are summed in single precision before they go into doubles.
constexpr std::size_t kBlock = 64;
/// Columns handled together: their running sums stay in the first cache.
constexpr std::size_t kWidth = 64;

OBSCURA_BODY float load(float value) {
  return value;
}
OBSCURA_BODY float load(Bf16 value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16);
}
OBSCURA_BODY void store(float& to, float value) {
  to = value;
}
/// To nearest, ties to even. A number that is none stays none: only its payload may change.
OBSCURA_BODY void store(Bf16& to, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  to.bits = static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

OBSCURA_BODY float clamp(float value, float bound) {
  const float upper = value < bound ? value : bound;
  return upper > -bound ? upper : -bound;
}

/// Calls visit(row offset, first column, columns, first row, rows) a block at a time.
template <typename Visit>
OBSCURA_BODY void for_blocks(Columns size, Visit visit) {
  for (std::size_t c = 0; c < size.channels; c += kWidth) {
    const std::size_t width = std::min(kWidth, size.channels - c);
    for (std::size_t r = 0; r < size.rows; r += kBlock) visit(c, width, r, std::min(r + kBlock, size.rows));
  }
}

/// Adds `Count` numbers an element to the columns' sums; term(i, c, numbers) fills them for element i of column c.
template <int Count, typename Term>
OBSCURA_BODY void accumulate(Columns size, double* const (&sums)[Count], Term term) {
  for_blocks(size, [&](std::size_t c0, std::size_t width, std::size_t from, std::size_t to) {
    float part[Count][kWidth] = {};
    for (std::size_t r = from; r < to; ++r) {
      const std::size_t at = r * size.channels + c0;
      for (std::size_t c = 0; c < width; ++c) {
        float numbers[Count];
        term(at + c, c0 + c, numbers);
        for (int k = 0; k < Count; ++k) part[k][c] += numbers[k];
      }
    }
    for (int k = 0; k < Count; ++k) {
      for (std::size_t c = 0; c < width; ++c) sums[k][c0 + c] += static_cast<double>(part[k][c]);
    }
  });
}

OBSCURA_BODY float normalised(const ChannelValues& v, float x, std::size_t c) {
  return (x - v.mean[c]) * v.inverse[c];
}

/// dz of quadratic_kernels.h.
OBSCURA_BODY float derivative(const ChannelValues& v, const Derivative& by, float z, float g, std::size_t c) {
  const float inside = clamp(z, v.bound);
  const float through =
      g * (v.linear[c] + 2 * v.quadratic[c] * inside) - inside * (by.u[c] + by.v[c] * inside * inside);
  return (inside == z ? through : 0.0F) + by.pull * (z - clamp(z, by.limit));
}

template <typename T>
struct Body {
  OBSCURA_BODY static void moments(const T* x, Columns size, double* sums, double* squares) {
    accumulate<2>(size, {sums, squares}, [=](std::size_t i, std::size_t, float* out) {
      const float value = load(x[i]);
      out[0] = value;
      out[1] = value * value;
    });
  }
  OBSCURA_BODY static void square_moments(const T* x, Columns size, const ChannelValues& v, double* sums,
                                          double* squares) {
    accumulate<2>(size, {sums, squares}, [=](std::size_t i, std::size_t c, float* out) {
      const float z = clamp(normalised(v, load(x[i]), c), v.bound);
      out[0] = z * z;
      out[1] = z * z * z * z;
    });
  }
  OBSCURA_BODY static void forward(const T* x, Columns size, const ChannelValues& v, T* __restrict y) {
    for (std::size_t r = 0; r < size.rows; ++r) {
      const std::size_t at = r * size.channels;
      for (std::size_t c = 0; c < size.channels; ++c) {
        const float z = clamp(normalised(v, load(x[at + c]), c), v.bound);
        store(y[at + c], v.constant[c] + z * (v.linear[c] + z * v.quadratic[c]));
      }
    }
  }
  OBSCURA_BODY static void output_sums(const T* x, const T* g, Columns size, const ChannelValues& v, double* plain,
                                       double* linear, double* square) {
    accumulate<3>(size, {plain, linear, square}, [=](std::size_t i, std::size_t c, float* out) {
      const float z = clamp(normalised(v, load(x[i]), c), v.bound);
      out[0] = load(g[i]);
      out[1] = out[0] * z;
      out[2] = out[1] * z;
    });
  }
  OBSCURA_BODY static void input_sums(const T* x, const T* g, Columns size, const ChannelValues& v,
                                      const Derivative& by, double* plain, double* product) {
    accumulate<2>(size, {plain, product}, [=](std::size_t i, std::size_t c, float* out) {
      const float z = normalised(v, load(x[i]), c);
      out[0] = derivative(v, by, z, load(g[i]), c);
      out[1] = out[0] * z;
    });
  }
  OBSCURA_BODY static void backward(const T* x, const T* g, Columns size, const ChannelValues& v, const Derivative& by,
                                    const float* mean_dz, const float* mean_dz_z, T* __restrict dx) {
    for (std::size_t r = 0; r < size.rows; ++r) {
      const std::size_t at = r * size.channels;
      for (std::size_t c = 0; c < size.channels; ++c) {
        const float z = normalised(v, load(x[at + c]), c);
        const float dz = derivative(v, by, z, load(g[at + c]), c);
        store(dx[at + c], v.inverse[c] * (dz - mean_dz[c] - z * mean_dz_z[c]));
      }
    }
  }
};

// The same bodies, once for every processor and once for each that has wider registers.
#define OBSCURA_KERNELS(name, target)                                                                                 \
  template <typename T>                                                                                               \
  struct name {                                                                                                       \
    target static void moments(const T* x, Columns n, double* a, double* b) { Body<T>::moments(x, n, a, b); }         \
    target static void square_moments(const T* x, Columns n, const ChannelValues& v, double* a, double* b) {          \
      Body<T>::square_moments(x, n, v, a, b);                                                                         \
    }                                                                                                                 \
    target static void forward(const T* x, Columns n, const ChannelValues& v, T* y) { Body<T>::forward(x, n, v, y); } \
    target static void output_sums(const T* x, const T* g, Columns n, const ChannelValues& v, double* a, double* b,   \
                                   double* c) {                                                                       \
      Body<T>::output_sums(x, g, n, v, a, b, c);                                                                      \
    }                                                                                                                 \
    target static void input_sums(const T* x, const T* g, Columns n, const ChannelValues& v, const Derivative& by,    \
                                  double* a, double* b) {                                                             \
      Body<T>::input_sums(x, g, n, v, by, a, b);                                                                      \
    }                                                                                                                 \
    target static void backward(const T* x, const T* g, Columns n, const ChannelValues& v, const Derivative& by,      \
                                const float* a, const float* b, T* dx) {                                              \
      Body<T>::backward(x, g, n, v, by, a, b, dx);                                                                    \
    }                                                                                                                 \
    static QuadraticKernels<T> all() {                                                                                \
      return {&moments, &square_moments, &forward, &output_sums, &input_sums, &backward};                             \
    }                                                                                                                 \
  };

OBSCURA_KERNELS(Plain, )
OBSCURA_KERNELS(Avx2, __attribute__((target("avx2,fma"))))
OBSCURA_KERNELS(Avx512, __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,prefer-vector-width=512"))))

}  // namespace

template <typename T>
QuadraticKernels<T> quadratic_kernels() {
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
    return Avx512<T>::all();
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Avx2<T>::all();
  return Plain<T>::all();
}

template QuadraticKernels<float> quadratic_kernels<float>();
template QuadraticKernels<Bf16> quadratic_kernels<Bf16>();

}  // namespace obscura::train
