#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "ckks/ciphertext.h"
#include "ckks/compact.h"
#include "ckks/encoder.h"
#include "ckks/fft.h"

/// How the error of a compact reply depends on the secret: everything in it is public but the secret. The reply is
/// c' = c 2^bits / q + r in both parts, with roundings r that whoever made it knows, and decrypts to the message and
/// r_0 + r_1 s.
namespace obscura::support {

/// c' - c 2^bits / q of every coefficient of a part of a ciphertext of one limb.
inline std::vector<double> roundings(const ckks::Context& context, const ckks::Ciphertext& ciphertext, std::size_t part,
                                     int bits) {
  __extension__ using Wide = unsigned __int128;
  const auto& ring = context.q(0);
  const std::uint64_t* limb = ciphertext.parts[part].limb(0);
  AlignedWords words(context.degree());
  std::copy(limb, limb + context.degree(), words.data());
  ring.inverse(words.data());
  std::vector<double> r(context.degree());
  for (std::size_t i = 0; i < r.size(); ++i) {
    const auto left = static_cast<std::uint64_t>(((Wide{words[i]} << bits) + ring.value() / 2) % ring.value());
    r[i] = (static_cast<double>(ring.value() / 2) - static_cast<double>(left)) / static_cast<double>(ring.value());
  }
  return r;
}

/// Coefficient k of r s as a row over the coefficients of s, modulo X^N + 1.
inline std::vector<double> product_row(const std::vector<double>& r, std::size_t k) {
  const std::size_t n = r.size();
  std::vector<double> row(n);
  for (std::size_t i = 0; i < n; ++i) row[i] = i <= k ? r[k - i] : -r[n + k - i];
  return row;
}

/// Real parts of slots as sums over coefficients: [slot][coefficient], for a subring of this degree.
inline std::vector<std::vector<double>> real_slots(const ckks::Encoder& encoder, std::size_t degree) {
  std::vector<std::vector<double>> matrix(degree / 2, std::vector<double>(degree));
  AlignedWords memory(3 * degree);
  auto* const in = reinterpret_cast<double*>(memory.data());
  for (std::size_t k = 0; k < degree; ++k) {
    std::fill_n(in, degree, 0.0);
    in[k] = 1;
    encoder.transform_of(degree).to_slots(in, in + degree, in + 2 * degree);
    for (std::size_t j = 0; j < degree / 2; ++j) matrix[j][k] = in[degree + j];
  }
  return matrix;
}

/// The error of the real part of a slot, in units of the reply: constant + row . s.
struct ErrorRow {
  double constant = 0;
  std::vector<double> row;
};

inline ErrorRow slot_error(const std::vector<double>& slot, const std::vector<double>& r0,
                           const std::vector<double>& r1) {
  ErrorRow error{0, std::vector<double>(r1.size())};
  const std::size_t gap = r1.size() / slot.size();
  for (std::size_t k = 0; k < slot.size(); ++k) {
    error.constant += slot[k] * r0[k * gap];
    const auto row = product_row(r1, k * gap);
    for (std::size_t i = 0; i < row.size(); ++i) error.row[i] += slot[k] * row[i];
  }
  return error;
}

}  // namespace obscura::support
