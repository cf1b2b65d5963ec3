#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "compile/noise.h"
#include "compile/schedule.h"

/// For the search of schedules alone: what becomes of a network with one guess of its primes and scales.
namespace obscura::compile {

/// What a search tries.
struct Guess {
  int log_degree;
  double base_bits, prime_bits;  // q[0], and all others
  double input_bits, waterline;
  std::vector<double> weight_bits;
  /// Weights are as wide as brings the scale behind every map to the waterline, and no less than weight_bits.
  bool steered = false;
  // Key switching; set once the number of primes is known.
  double digits = 4, digit_bits = 0, special_bits = 50;
};

/// Of every stage.
struct Largest {
  std::vector<double> weight_bits;               ///< log2 of its largest weight
  std::vector<double> constant;                  ///< that is added to its sums
  std::vector<std::vector<double>> gate_slopes;  ///< of a gated activation (gate_model.h)
};

/// Follows one guess through the network; counts the primes it needs and adds up its errors. Good for one of run() and
/// primes(), once. What it was made from must outlive it.
class Simulation {
 public:
  Simulation(const std::vector<Stage>& stages, const Largest& largest, const Magnitudes& magnitudes, Mode mode,
             const Guess& guess);

  /// Fills in the schedule, or nothing if the values do not fit the modulus anywhere.
  std::optional<Schedule> run();
  /// How many primes the chain has, whatever values it must hold; nothing where scales do not meet.
  std::optional<std::size_t> primes();

 private:
  /// A value on its way: log2 of its scale, variance of its error, primes dropped so far.
  struct Value {
    double scale = 0, variance = 0;
    double noise = 0;   ///< the part of the variance that depends on the key
    double common = 0;  ///< the part of both that is the same for all chunks: what rounding did to the weights
    std::size_t dropped = 0;
  };

  static void add_noise(Value& v, double unit);
  static void amplify(Value& v, double factor);
  void need(const Value& v, double largest);
  std::size_t rescale_to_waterline(Value& v) const;
  double weight_bits(std::size_t i, double scale);
  double steered_bits(std::size_t i, double scale);
  double widest_reply() const;
  Value meet(const Stage& stage) const;
  double closing_sums(std::size_t i) const;
  StageSchedule stage(std::size_t i);
  void square_stage(StageSchedule& s, const Magnitudes::PerStage& m, Value& v);
  void polynomial_stage(std::size_t i, const Magnitudes::PerStage& m, Value& v);
  void gated_stage(std::size_t i, Value& v);
  bool number_levels(Schedule& schedule) const;

  const std::vector<Stage>& stages_;
  const Largest& largest_;
  const Magnitudes& magnitudes_;
  const Guess& guess_;
  NoiseUnits units_;
  Mode mode_;
  std::vector<Value> values_;
  bool fits_ = true;
  std::vector<std::pair<std::size_t, double>> needs_;
};

}  // namespace obscura::compile
