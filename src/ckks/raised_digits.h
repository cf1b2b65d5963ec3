#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "ckks/context.h"

namespace obscura::ckks {

/// The digits of a polynomial in coefficient form, prepared for conversion to all other primes: ModUp but for the
/// transforms.
class RaisedDigits {
 public:
  RaisedDigits(const Context& context, std::size_t limbs)
      : context_(context),
        limbs_(limbs),
        stride_(context.degree() + kOffStride),
        words_(context.scratch().take((limbs + context.digits(limbs)) * stride_)) {}

  /// Row i of the polynomial, in NTT form; one after the other.
  void prepare(std::size_t i, const std::uint64_t* row) {
    const std::size_t digit = i / digit_size();
    context_.q(i).inverse(words(i), row);
    context_.mod_up(limbs_, digit).prepare(i - digit * digit_size(), rows(digit).data(), words(limbs_ + digit));
  }
  /// A digit modulo `count` primes, of all but its own from number `first` on, coefficient form.
  void convert(std::size_t digit, std::size_t first, std::size_t count, std::uint64_t* const* out) const {
    context_.mod_up(limbs_, digit)
        .convert(rows(digit).data(), words(limbs_ + digit), first, count, out, context_.scratch());
  }

 private:
  std::size_t digit_size() const { return context_.parameters().digit_size; }
  std::uint64_t* words(std::size_t row) const { return begin_ + row * stride_; }
  std::array<std::uint64_t*, 32> rows(std::size_t digit) const {
    std::array<std::uint64_t*, 32> result{};
    const std::size_t begin = digit * digit_size(), end = std::min(begin + digit_size(), limbs_);
    for (std::size_t k = begin; k < end; ++k) result[k - begin] = words(k);
    return result;
  }

  const Context& context_;
  std::size_t limbs_, stride_;
  ScratchPool::Lease words_;  // the rows, then the overflow of each digit
  std::uint64_t* begin_ = words_.data();
};

}  // namespace obscura::ckks
