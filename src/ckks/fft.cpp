#include "ckks/fft.h"

#include <bit>
#include <cmath>
#include <numbers>
#include <string>

#include "base/error.h"
#include "ckks/fft_kernels.h"

namespace obscura::ckks {
namespace {

double* doubles(AlignedWords& words) {
  return reinterpret_cast<double*>(words.data());
}

std::size_t checked_degree(std::size_t degree, ring::Isa isa) {
  if (!std::has_single_bit(degree) || degree < 2 || degree > (std::size_t{1} << 17)) {
    throw ParameterError("slot transform of degree " + std::to_string(degree) +
                         " is not a power of two from 2 to 131072");
  }
  if (!ring::has_isa(isa)) {
    throw ParameterError("this processor has no " + std::string(ring::isa_name(isa)) + " instructions");
  }
  return degree;
}

const FftKernels* kernels_for(std::size_t slots, ring::Isa isa) {
  const FftKernels& wanted = fft_kernels(isa);
  return slots < wanted.smallest ? &scalar_fft_kernels() : &wanted;
}

}  // namespace

RootTable::RootTable(std::size_t n) : slots(n), cosine(n + 1), power(n) {
  // Angles of a quarter turn: half of them by the cosine and half by the sine, where each is well conditioned.
  const long double step = std::numbers::pi_v<long double> / (2 * static_cast<long double>(n));
  for (std::size_t k = 0; k <= n; ++k) {
    const auto angle = static_cast<long double>(2 * k <= n ? k : n - k) * step;
    cosine[k] = static_cast<double>(2 * k <= n ? std::cos(angle) : std::sin(angle));
  }
  const std::size_t mask = 4 * n - 1;
  std::size_t g = 1;
  for (std::size_t i = 0; i < n; ++i, g = (g * (mask + 1 - 3)) & mask) power[i] = static_cast<std::uint32_t>(g);
}

Root RootTable::at(std::size_t size, std::size_t index, std::size_t exponent) const {
  const std::size_t e = (exponent * power[index] * (slots / size)) & (4 * slots - 1);
  const std::size_t r = e % slots;
  const double c = cosine[r], s = cosine[slots - r];
  switch (e / slots) {
    case 0:
      return {c, s};
    case 1:
      return {-s, c};
    case 2:
      return {-c, -s};
    default:
      return {s, -c};
  }
}

const FftKernels& fft_kernels(ring::Isa isa) {
#if defined(__x86_64__)
  if (isa == ring::Isa::ifma) return ifma_fft_kernels();
  if (isa == ring::Isa::avx2) return avx2_fft_kernels();
#endif
  (void)isa;
  return scalar_fft_kernels();
}

SlotFft::SlotFft(std::size_t degree, ring::Isa isa)
    : degree_(checked_degree(degree, isa)),
      kernels_(kernels_for(degree / 2, isa)),
      tables_(std::make_unique<FftTables>(FftTables{degree / 2, AlignedWords(kernels_->table_size(degree / 2))})) {
  kernels_->prepare(doubles(tables_->roots), RootTable(degree / 2));
}

SlotFft::~SlotFft() = default;

void SlotFft::to_coefficients(const double* re, const double* im, double* coefficients, double* scratch) const {
  kernels_->to_coefficients(*tables_, re, im, coefficients, scratch);
}

void SlotFft::to_slots(const double* coefficients, double* slots, double* scratch) const {
  kernels_->to_slots(*tables_, coefficients, slots, scratch);
}

void SlotFft::to_coefficients(std::complex<double>* values) const {
  const std::size_t n = degree_ / 2;
  AlignedWords in(degree_), out(degree_), scratch(degree_);
  for (std::size_t i = 0; i < n; ++i) {
    doubles(in)[i] = values[i].real();
    doubles(in)[n + i] = values[i].imag();
  }
  to_coefficients(doubles(in), doubles(in) + n, doubles(out), doubles(scratch));
  const double inverse = 1 / static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = {doubles(out)[i] * inverse, doubles(out)[n + i] * inverse};
}

void SlotFft::to_slots(std::complex<double>* values) const {
  const std::size_t n = degree_ / 2;
  AlignedWords in(degree_), out(degree_), scratch(degree_);
  for (std::size_t i = 0; i < n; ++i) {
    doubles(in)[i] = values[i].real();
    doubles(in)[n + i] = values[i].imag();
  }
  to_slots(doubles(in), doubles(out), doubles(scratch));
  for (std::size_t i = 0; i < n; ++i) values[i] = {doubles(out)[i], doubles(out)[n + i]};
}

}  // namespace obscura::ckks
