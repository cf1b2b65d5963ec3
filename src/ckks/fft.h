#pragma once

#include <complex>
#include <cstddef>
#include <memory>

namespace obscura::ckks {

/// The canonical embedding restricted to one conjugate of each pair: N real coefficients <-> N/2 complex slots,
/// slot i = m(zeta^(3^i)), zeta = exp(i pi / N). N a power of two from 4 to 2^17. Immutable, thread-safe.
class SlotFft {
 public:
  explicit SlotFft(std::size_t degree);
  ~SlotFft();
  std::size_t degree() const { return degree_; }

  /// In place: values[0..N/2) slots -> coefficients, value i = c_i + i c_{i + N/2} (unscaled real numbers).
  void to_coefficients(std::complex<double>* values) const;
  /// The inverse.
  void to_slots(std::complex<double>* values) const;

 private:
  struct Tables;
  std::size_t degree_;
  std::unique_ptr<Tables> tables_;
};

}  // namespace obscura::ckks
