#include <immintrin.h>

#include "ring/sampling.h"
#include "ring/sampling_loops.h"

namespace obscura::ring {
namespace {

// Spreads eight groups of `width` bytes over eight words, zeros above.
class Spread {
 public:
  explicit Spread(std::size_t width) {
    alignas(64) std::uint8_t order[64];
    for (std::size_t i = 0; i < 64; ++i) order[i] = static_cast<std::uint8_t>(i / 8 * width + i % 8);
    order_ = _mm512_load_si512(order);
    kept_ = (std::uint64_t{0xFF} >> (8 - width)) * 0x0101010101010101;
  }
  __m512i operator()(const std::uint8_t* bytes) const {
    return _mm512_maskz_permutexvar_epi8(kept_, order_, _mm512_loadu_si512(bytes));
  }

 private:
  __m512i order_;
  __mmask64 kept_;
};

std::size_t accept(const std::uint8_t* bytes, std::size_t draws, std::size_t width, std::uint64_t mask, std::uint64_t q,
                   std::uint64_t* out, std::size_t room) {
  const Spread spread(width);
  const __m512i low = _mm512_set1_epi64(static_cast<long long>(mask)),
                limit = _mm512_set1_epi64(static_cast<long long>(q));
  std::size_t taken = 0, i = 0;
  for (; i + 8 <= draws && taken + 8 <= room; i += 8) {
    const __m512i x = _mm512_and_si512(spread(bytes + width * i), low);
    const __mmask8 good = _mm512_cmplt_epu64_mask(x, limit);
    _mm512_storeu_si512(out + taken, _mm512_maskz_compress_epi64(good, x));
    taken += static_cast<std::size_t>(_mm_popcnt_u32(good));
  }
  return taken + accept_loop(bytes + width * i, draws - i, width, mask, q, out + taken, room - taken);
}

void binomial(const std::uint8_t* bytes, std::size_t n, std::int8_t* out) {
  const Spread spread(6);
  const __m512i half = _mm512_set1_epi64(kBinomialHalf);
  for (std::size_t i = 0; i < n / 8 * 8; i += 8) {
    const __m512i x = spread(bytes + 6 * i);
    const __m512i plus = _mm512_popcnt_epi64(_mm512_and_si512(x, half));
    const __m512i minus = _mm512_popcnt_epi64(_mm512_and_si512(_mm512_srli_epi64(x, 21), half));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + i), _mm512_cvtepi64_epi8(_mm512_sub_epi64(plus, minus)));
  }
  binomial_loop(bytes + 6 * (n / 8 * 8), n % 8, out + n / 8 * 8);
}

void lift(const std::int8_t* small, std::size_t n, std::uint64_t q, std::uint64_t* out) {
  const __m512i modulus = _mm512_set1_epi64(static_cast<long long>(q));
  for (std::size_t i = 0; i < n / 8 * 8; i += 8) {
    const __m512i x = _mm512_cvtepi8_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(small + i)));
    _mm512_storeu_si512(out + i, _mm512_mask_add_epi64(x, _mm512_movepi64_mask(x), x, modulus));
  }
  lift_loop(small + n / 8 * 8, n % 8, q, out + n / 8 * 8);
}

}  // namespace

const SamplingKernels& sampling_ifma() {
  static constexpr SamplingKernels kKernels{&accept, &binomial, &lift};
  return kKernels;
}

}  // namespace obscura::ring
