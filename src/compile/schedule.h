#pragma once

#include <cstddef>
#include <vector>

#include "compile/magnitudes.h"

namespace obscura::compile {

/// The least that any schedule takes: bits of a prime, of a scale behind a rescaling, of a matrix whose largest entry
/// is one.
inline constexpr int kLeastPrimeBits = 30, kLeastWaterlineBits = 24, kLeastWeightBits = 10;

struct ScheduleOptions {
  Mode mode = Mode::packed;
  double relative_error = 0x1p-11;  ///< wanted error of a logit over the largest logit
  int min_log_degree = 13;
  int max_log_degree = 16;
  /// What flooding makes of the noise where answers are shown to others (ckks/flooding.h); 0: they are not.
  double flooding = 0;
  bool finest = false;          ///< with flooding: also scales that take long to search
  double shown_error = 0x1p-6;  ///< what that may be over the largest logit
};

/// Searches chain, input scale and weight scales together: the smallest ring and the fewest primes that reach the
/// wanted error with 128-bit security, and among those the most precise. Rescaling follows the waterline rule
/// (Dathathri et al., EVA, 2020): only where the scale stays above the noise. Where no ring reaches the wanted error,
/// up to 16 times as much is taken. Throws UnsupportedError if no ring is large enough.
Schedule find_schedule(const std::vector<Stage>& stages, const Magnitudes& magnitudes, const ScheduleOptions& options);

/// What the errors of a schedule that was found come to with other fan-ins: sets its logit_error, noise and
/// stage_errors.
void predict_errors(const std::vector<Stage>& stages, const Magnitudes& magnitudes, Mode mode, Schedule& schedule);

}  // namespace obscura::compile
