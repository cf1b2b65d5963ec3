#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ckks/context.h"
#include "compile/stages.h"

namespace obscura::compile {

/// How a network is laid out: one image in one ciphertext (lowest latency), or one image a slot (highest throughput).
enum class Mode { packed, batched };

/// How large values get, from running the stages on sample inputs in the clear.
struct Magnitudes {
  double input_rms = 1;
  struct PerStage {
    double map_max = 1, map_rms = 1;                ///< after the map, before the activation
    double activation_max = 1, activation_rms = 1;  ///< after it
    double gain = 1;        ///< sqrt of the mean over rows of sum w^2: what independent errors grow by
    double fan_in_rms = 1;  ///< sqrt of the mean over rows of sum x^2 over the row's inputs
  };
  std::vector<PerStage> stages;
};

/// Runs the stages on `samples` (one flat input each; made up from noise and blobs in the pixel range where empty).
Magnitudes measure_magnitudes(const std::vector<Stage>& stages, const std::vector<std::vector<double>>& samples);

/// As numbers that a network's file can carry (nn::Graph::calibration), and back; gains follow from the maps. Numbers
/// of another network, by their count, are nothing.
std::vector<double> to_numbers(const Magnitudes& magnitudes);
std::optional<Magnitudes> from_numbers(const std::vector<Stage>& stages, const std::vector<double>& numbers);

/// Bits of the integers that batched weights become; where a scale asks for more, the sums are shifted up to it.
inline constexpr double kIntegerWeightBits = 28;

/// The least that any schedule takes: bits of a prime, of a scale behind a rescaling, of a matrix whose largest entry
/// is one.
inline constexpr int kLeastPrimeBits = 30, kLeastWaterlineBits = 24, kLeastWeightBits = 10;

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
  std::size_t limbs() const { return q_bits.size(); }
};

struct ScheduleOptions {
  Mode mode = Mode::packed;
  double relative_error = 0x1p-11;  ///< wanted error of a logit over the largest logit
  int min_log_degree = 13;
  int max_log_degree = 16;
  /// What flooding makes of the noise where answers are shown to others (ckks/flooding.h); 0: they are not.
  double flooding = 0;
  double shown_error = 0x1p-6;  ///< what that may be over the largest logit
};

/// Searches chain, input scale and weight scales together: the smallest ring and the fewest primes that reach the
/// wanted error with 128-bit security, and among those the most precise. Rescaling follows the waterline rule
/// (Dathathri et al., EVA, 2020): only where the scale stays above the noise. Where no ring reaches the wanted error,
/// up to 16 times as much is taken. Throws UnsupportedError if no ring is large enough.
Schedule find_schedule(const std::vector<Stage>& stages, const Magnitudes& magnitudes, const ScheduleOptions& options);

}  // namespace obscura::compile
