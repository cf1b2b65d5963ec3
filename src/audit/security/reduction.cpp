#include "audit/security/reduction.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "audit/security/logs.h"

namespace obscura::security {
namespace {

using std::numbers::e;
using std::numbers::pi;

constexpr double kSieveConstant = 16.4;      // of BDGL's experiments; the tables use it for quantum sieving, too
constexpr double kVectorsExponent = 0.2075;  // a sieve of b dimensions ends with 2^(0.2075 b) vectors
constexpr double kProgressive = 5.46;        // 1 / (1 - 2^-0.292): all the sieves on the way to the last
constexpr double kGateSlope = 0.29613500308205365, kGateOffset = 20.387885985467914;
constexpr double kLeastModelled = 20;  // below, "dimensions for free" would be more than there are

struct Facts {
  const char* name;
  const char* formula;
  bool quantum;
  double slope;  // of log2 of one search, a dimension
};

const Facts& facts(Model model) {
  static constexpr std::array<Facts, 6> kFacts{{
      {"core-classical", "2^(0.292 b)", false, 0.292},
      {"core-quantum", "2^(0.265 b)", true, 0.265},
      {"core-walks", "2^(0.257 b)", true, 0.257},
      {"sieve-classical", "8 d 2^(0.292 b + 16.4)", false, 0.292},
      {"sieve-quantum", "8 d 2^(0.265 b + 16.4)", true, 0.265},
      {"matzov", "5.46^2 (d - b) 2^(0.296 (b - free) + 20.4)", false, kGateSlope},
  }};
  return kFacts.at(static_cast<std::size_t>(model));
}

double dimensions_for_free(double block) {
  return std::max(block * std::log(4.0 / 3.0) / std::log(block / (2 * pi * e)), 0.0);
}

/// Enumeration (Chen, Nguyen, ASIACRYPT 2011, in the fit of the estimators): for blocks too small to sieve.
double enumeration_bits(double block, double dimension) {
  const double calls = block < dimension ? 8 * dimension : 1;
  return 0.270188776350190 * block * std::log(block) - 1.0192050451318417 * block + 16.10253135200765 +
         std::log2(100.0) + std::log2(calls);
}

double gates_bits(double block, double dimension) {
  if (block < kLeastModelled) return enumeration_bits(block, dimension);
  const double calls = kProgressive * std::max(dimension - block, 1.0);
  return std::log2(calls * kProgressive) + kGateSlope * (block - dimensions_for_free(block)) + kGateOffset;
}

}  // namespace

const std::vector<Model>& all_models() {
  static const std::vector<Model> models{Model::core_classical,  Model::core_quantum,  Model::core_walks,
                                         Model::sieve_classical, Model::sieve_quantum, Model::matzov};
  return models;
}

std::string to_string(Model model) {
  return facts(model).name;
}

std::string formula(Model model) {
  return facts(model).formula;
}

bool is_quantum(Model model) {
  return facts(model).quantum;
}

double log2_root_hermite(double block) {
  static constexpr std::array<std::pair<double, double>, 8> kMeasured{{{2, 1.02190},
                                                                       {5, 1.01862},
                                                                       {10, 1.01616},
                                                                       {15, 1.01485},
                                                                       {20, 1.01420},
                                                                       {25, 1.01342},
                                                                       {28, 1.01331},
                                                                       {40, 1.01295}}};
  if (block <= kMeasured.back().first) {
    double factor = kMeasured.front().second;
    for (const auto& [size, value] : kMeasured) {
      if (size <= block) factor = value;
    }
    return std::log2(factor);
  }
  return (std::log2(block / (2 * pi * e)) + std::log2(pi * block) / block) / (2 * (block - 1));
}

double reduction_bits(Model model, double block, double dimension) {
  const double lll = 3 * std::log2(dimension);
  switch (model) {
    case Model::core_classical:
    case Model::core_quantum:
    case Model::core_walks:
      return facts(model).slope * block;
    case Model::sieve_classical:
    case Model::sieve_quantum: {
      const double calls = block < dimension ? 8 * dimension : 1;
      return log2_sum(lll, facts(model).slope * block + kSieveConstant + std::log2(calls));
    }
    case Model::matzov:
      break;
  }
  return log2_sum(lll, gates_bits(block, dimension));
}

ShortVectors short_vectors(Model model, double block, double dimension, double log2_count) {
  ShortVectors found;
  found.sieve = block;
  found.bits = reduction_bits(model, block, dimension);
  if (model == Model::matzov && block >= kLeastModelled) {
    const double left = block - std::floor(dimensions_for_free(block));
    found.sieve =
        block < dimension
            ? std::min(dimension, std::floor(left + std::log2((dimension - block) * kProgressive) / kGateSlope))
            : left;
    found.bits = log2_sum(found.bits, std::log2(kProgressive) + kGateSlope * found.sieve + kGateOffset);
  }
  found.log2_stretch =
      0.5 * std::log2(4.0 / 3.0) + (found.sieve - 1) * (log2_root_hermite(found.sieve) - log2_root_hermite(block));
  // As often as it takes.
  found.bits += log2_ceiling(log2_count - kVectorsExponent * found.sieve);
  return found;
}

}  // namespace obscura::security
