#pragma once

#include <complex>
#include <cstddef>
#include <memory>

#include "ring/isa.h"

namespace obscura::ckks {

struct FftKernels;  // one table of function pointers an instruction set (ckks/fft_kernels.h)
struct FftTables;   // roots of unity in the layout that the kernels want

/// The canonical embedding restricted to one conjugate of each pair: N real coefficients <-> N/2 complex slots,
/// slot i = m(zeta^(3^i)), zeta = exp(i pi / N). N a power of two from 2 to 2^17. Immutable, thread-safe.
class SlotFft {
 public:
  /// Throws ParameterError for another degree or an instruction set that the processor lacks.
  explicit SlotFft(std::size_t degree, ring::Isa isa = ring::selected_isa());
  ~SlotFft();
  std::size_t degree() const { return degree_; }

  /// In place: values[0..N/2) slots -> coefficients, value i = c_i + i c_{i + N/2} (unscaled real numbers).
  void to_coefficients(std::complex<double>* values) const;
  /// The inverse.
  void to_slots(std::complex<double>* values) const;

  /// The fast form, without a division and without memory of its own: N/2 slots as separate real and imaginary parts
  /// (im = nullptr: real slots) -> N coefficients in natural order, times N/2. `coefficients` and `scratch` are N
  /// doubles each, 64-byte aligned; no overlap.
  void to_coefficients(const double* re, const double* im, double* coefficients, double* scratch) const;
  /// N coefficients -> N/2 real parts, then N/2 imaginary parts in `slots`. Same memory.
  void to_slots(const double* coefficients, double* slots, double* scratch) const;

 private:
  std::size_t degree_;
  const FftKernels* kernels_;
  std::unique_ptr<FftTables> tables_;
};

}  // namespace obscura::ckks
