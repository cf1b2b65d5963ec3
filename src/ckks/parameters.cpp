#include "ckks/parameters.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/error.h"
#include "ring/primes.h"

namespace obscura::ckks {
namespace {

constexpr int kFirstLogDegree = 10;
constexpr std::array<int, 3> kLevels{128, 192, 256};

/// Rows: log2 N = 10 ... 17; columns: 128, 192, 256 bits.
constexpr std::array<std::array<int, 3>, 8> kMaxLogQp{{
    {26, 0, 0},
    {53, 36, 27},
    {106, 73, 56},
    {214, 147, 114},
    {430, 297, 230},
    {868, 597, 462},
    {1747, 1199, 929},
    {3523, 2411, 0},
}};

const std::array<int, 3>& table_row(int log_degree) {
  if (log_degree < kFirstLogDegree || log_degree >= kFirstLogDegree + static_cast<int>(kMaxLogQp.size())) {
    throw ParameterError("ring degree 2^" + std::to_string(log_degree) +
                         " is outside the security table (2^10 to 2^17)");
  }
  return kMaxLogQp[static_cast<std::size_t>(log_degree - kFirstLogDegree)];
}

std::vector<std::uint64_t> pick_primes(int log_degree, const std::vector<int>& bits, std::vector<std::uint64_t>& used) {
  std::map<int, std::size_t> wanted;
  for (const int b : bits) ++wanted[b];
  std::map<int, std::vector<std::uint64_t>> found;
  for (const auto& [b, count] : wanted) {
    found[b] = ring::ntt_primes(b, std::size_t{1} << log_degree, count, used);
    used.insert(used.end(), found[b].begin(), found[b].end());
  }
  std::vector<std::uint64_t> result;
  std::map<int, std::size_t> next;
  for (const int b : bits) result.push_back(found[b][next[b]++]);
  return result;
}

}  // namespace

Parameters make_parameters(int log_degree, const std::vector<int>& q_bits, const std::vector<int>& p_bits,
                           std::size_t digit_size) {
  Parameters parameters;
  parameters.log_degree = log_degree;
  parameters.digit_size = digit_size;
  std::vector<std::uint64_t> used;
  parameters.p = pick_primes(log_degree, p_bits, used);
  parameters.q = pick_primes(log_degree, q_bits, used);
  return parameters;
}

std::size_t special_primes(const Parameters& parameters, std::size_t limbs) {
  const std::size_t digit = std::max<std::size_t>(parameters.digit_size, 1);  // nothing is checked yet
  double longest = 0;
  for (std::size_t at = 0; at < limbs; at += digit) {
    const auto first = parameters.q.begin() + static_cast<std::ptrdiff_t>(at);
    const auto last = parameters.q.begin() + static_cast<std::ptrdiff_t>(std::min(at + digit, limbs));
    longest = std::max(longest, log2_product({first, last}));
  }
  double bits = 0;
  for (std::size_t count = 0; count < parameters.p.size(); ++count) {
    if (bits >= longest + kSpareBits) return count;
    bits += std::log2(static_cast<double>(parameters.p[count]));
  }
  return parameters.p.size();
}

int max_log_qp(int log_degree, int security_bits) {
  const auto& row = table_row(log_degree);
  const auto it = std::find(kLevels.begin(), kLevels.end(), security_bits);
  if (it == kLevels.end()) {
    throw ParameterError("security level " + std::to_string(security_bits) + " is none of 128, 192, 256");
  }
  return row[static_cast<std::size_t>(it - kLevels.begin())];
}

int estimate_security_bits(int log_degree, double log_qp) {
  const auto& row = table_row(log_degree);
  // bits * log_qp is nearly constant along a row (it drifts by 5 %), so interpolate that product.
  const double first = 128.0 * row[0];
  if (log_qp >= row[0] || row[1] == 0) return static_cast<int>(first / log_qp);
  for (std::size_t i = 1; i < kLevels.size() && row[i] != 0; ++i) {
    if (log_qp < row[i] && i + 1 < kLevels.size() && row[i + 1] != 0) continue;
    const double a = static_cast<double>(kLevels[i - 1]) * row[i - 1];
    const double b = static_cast<double>(kLevels[i]) * row[i];
    if (log_qp <= row[i]) return static_cast<int>(b / log_qp);
    const double t = (row[i - 1] - log_qp) / (row[i - 1] - row[i]);
    return static_cast<int>((a + t * (b - a)) / log_qp);
  }
  return static_cast<int>(first / log_qp);
}

double log2_product(const std::vector<std::uint64_t>& primes) {
  double sum = 0;
  for (const std::uint64_t q : primes) sum += std::log2(static_cast<double>(q));
  return sum;
}

std::string describe(const Parameters& parameters) {
  const double log_q = log2_product(parameters.q);
  const double log_qp = log_q + log2_product(parameters.p);
  std::string text = "N = 2^" + std::to_string(parameters.log_degree) +
                     ", log Q = " + std::to_string(static_cast<int>(std::ceil(log_q))) + " in " +
                     std::to_string(parameters.q.size()) +
                     " primes, log QP = " + std::to_string(static_cast<int>(std::ceil(log_qp)));
  if (parameters.log_degree >= kFirstLogDegree) {
    text += ", about " + std::to_string(estimate_security_bits(parameters.log_degree, log_qp)) + "-bit";
  }
  return parameters.insecure ? text + " INSECURE" : text;
}

}  // namespace obscura::ckks
