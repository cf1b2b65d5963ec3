#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace obscura::randomness {

/// What one variant of a test says of a sequence: a p-value, or why there is none. A test that does not apply has not
/// failed.
struct Outcome {
  std::string variant;      ///< "" where a test has one
  std::optional<double> p;  ///< in [0, 1]
  std::string reason = {};  ///< why there is no p
};

inline Outcome with_p(double p, std::string variant = {}) {
  return {std::move(variant), p, {}};
}
inline Outcome not_applicable(std::string reason, std::string variant = {}) {
  return {std::move(variant), std::nullopt, std::move(reason)};
}

/// Of all variants.
using Outcomes = std::vector<Outcome>;

}  // namespace obscura::randomness
