#include "audit/security/lwe.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/error.h"

namespace obscura::security {
namespace {

constexpr double kLeastDimension = 32;
constexpr double kMostDimension = 1 << 17;
constexpr double kMostLogQ = 1 << 16;

template <typename Number>
Number number_behind(const std::string& text, std::size_t colon) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + colon + 1, end, value);
  if (error != std::errc() || at != end || !(value > 0) || !std::isfinite(static_cast<double>(value))) {
    throw UsageError(fmt::format("secret '{}': what follows the colon must be a number above 0", text));
  }
  return value;
}

}  // namespace

Secret parse_secret(const std::string& text) {
  if (text == "ternary") return {};
  if (text == "gaussian") return {Secret::Kind::gaussian, 0, 0};
  const std::size_t colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  if (colon != std::string::npos && kind == "sparse") {
    return {Secret::Kind::sparse, number_behind<std::size_t>(text, colon), 0};
  }
  if (colon != std::string::npos && kind == "gaussian") {
    return {Secret::Kind::gaussian, 0, number_behind<double>(text, colon)};
  }
  throw UsageError(
      fmt::format("secret '{}' is none of ternary, sparse:WEIGHT (so many coefficients are not zero), gaussian and "
                  "gaussian:DEVIATION",
                  text));
}

std::string to_string(const Secret& secret) {
  if (secret.kind == Secret::Kind::ternary) return "ternary";
  if (secret.kind == Secret::Kind::sparse) return fmt::format("sparse:{}", secret.weight);
  return secret.deviation > 0 ? fmt::format("gaussian:{:g}", secret.deviation) : "gaussian";
}

void check(const Lwe& lwe) {
  const auto outside = [](double value, double least, double most) { return !(value >= least && value <= most); };
  if (outside(lwe.dimension, kLeastDimension, kMostDimension)) {
    throw ParameterError(fmt::format("dimension {:g} is outside what attacks are modelled for ({:g} to 2^17)",
                                     lwe.dimension, kLeastDimension));
  }
  if (outside(lwe.log_q, 2, kMostLogQ)) {
    throw ParameterError(fmt::format("a modulus of {:g} bits is outside what attacks are modelled for (2 to {:g} bits)",
                                     lwe.log_q, kMostLogQ));
  }
  if (!(lwe.error > 0) || std::log2(lwe.error) > lwe.log_q - 2) {
    throw ParameterError(
        fmt::format("an error of standard deviation {:g} must be above 0 and below a quarter of q "
                    "(2^{:g})",
                    lwe.error, lwe.log_q));
  }
  if (!(lwe.samples >= 1)) throw ParameterError(fmt::format("{:g} samples: an attacker has one at least", lwe.samples));
  if (lwe.secret.kind == Secret::Kind::sparse && outside(static_cast<double>(lwe.secret.weight), 1, lwe.dimension)) {
    throw ParameterError(fmt::format("a secret of {:g} coefficients cannot have {} that are not zero (1 to {:g})",
                                     lwe.dimension, lwe.secret.weight, lwe.dimension));
  }
}

double secret_deviation(const Lwe& lwe) {
  switch (lwe.secret.kind) {
    case Secret::Kind::ternary:
      return std::sqrt(2.0 / 3.0);
    case Secret::Kind::sparse:
      return std::sqrt(static_cast<double>(lwe.secret.weight) / lwe.dimension);
    case Secret::Kind::gaussian:
      break;
  }
  return lwe.secret.deviation > 0 ? lwe.secret.deviation : lwe.error;
}

Lwe normal_form(const Lwe& lwe) {
  if (secret_deviation(lwe) <= lwe.error || lwe.samples <= lwe.dimension) return lwe;
  Lwe normal = lwe;
  normal.secret = {Secret::Kind::gaussian, 0, lwe.error};
  normal.samples -= lwe.dimension;
  return normal;
}

}  // namespace obscura::security
