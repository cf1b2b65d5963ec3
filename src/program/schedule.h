#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace obscura::program {

/// Bits of the integers that batched weights become; where a scale asks for more, the sums are shifted up to it.
inline constexpr double kIntegerWeightBits = 28;

/// Level and scale of every value in a stage, fixed ahead of time. Scales are bits here; the program turns them into
/// exact numbers with the primes that were found.
struct StageSchedule {
  std::size_t limbs = 0;               ///< when the map is applied
  double weight_bits = 0;              ///< log2 of the scale of its matrix, whose largest entry is 1
  std::size_t rescales_after_map = 0;  ///< how many primes are divided away
  std::size_t activation_limbs = 0;    ///< when the activation is applied
  bool relinearize_after_rescale = false;
  std::size_t rescales_after_activation = 0;
};

struct Schedule {
  int log_degree = 0;
  std::vector<int> q_bits;
  std::vector<int> p_bits;
  std::size_t digit_size = 1;
  double input_bits = 0;  ///< log2 of the scale of a fresh ciphertext
  std::vector<StageSchedule> stages;
  std::size_t final_limbs = 1;
  double logit_error = 0;                 ///< predicted standard deviation
  double noise = 0;                       ///< the same of the part that the key and its noise make
  std::vector<std::string> reasons = {};  ///< why these, for people
  /// Of a fresh compilation, not in the file: predicted standard deviations of the errors of what every stage makes,
  /// and log2 of the scale that rescaling leaves at the least.
  std::vector<double> stage_errors = {};
  double waterline = 0;
  std::size_t limbs() const { return q_bits.size(); }
};

}  // namespace obscura::program
