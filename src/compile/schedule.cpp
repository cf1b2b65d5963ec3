#include "compile/schedule.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"

namespace obscura::compile {
namespace {

/// Room above the largest value seen on samples: unseen images may be larger.
constexpr double kHeadroomBits = 3;
/// Relinearising after rescaling is cheaper, but the rounding of c_2 is multiplied by s^2: wanted this far above it.
constexpr double kThreePartRoomBits = 20;
/// Widest prime of batched mode whose product with an offset weight fits 52 bits.
constexpr int kOneProductBits = 41;

/// A batched weight is a 32-bit integer.
constexpr double kWidestWeightBits = 30;

/// Standard deviations in a slot, before division by the scale.
struct NoiseUnits {
  double fresh, rounding, rounding3, weight, key_switch;
  /// `digit_bits` over `special_bits` is what a key-switching digit exceeds the special modulus by.
  NoiseUnits(int log_degree, Mode mode, double digits, double digit_bits, double special_bits) {
    const double n = std::exp2(log_degree);
    fresh = 3.24 * std::sqrt(n);
    rounding = std::sqrt(n * (1 + 2 * n / 3) / 12);
    rounding3 = std::sqrt(n * (n * 4 * n / 9) / 12);
    // A plaintext polynomial rounds every coefficient; a scalar weight is one integer.
    weight = mode == Mode::packed ? std::sqrt(n / 12) : std::sqrt(1.0 / 12);
    key_switch = rounding + fresh * std::sqrt(digits * n / 12) * std::exp2(digit_bits - special_bits);
  }
};

struct Guess {
  int log_degree;
  double base_bits, prime_bits;  // q[0], and all others
  double input_bits, waterline;
  std::vector<double> weight_bits;
  // Key switching; set once the number of primes is known.
  double digits = 4, digit_bits = 0, special_bits = 50;
};

/// Follows one guess through the network; counts the primes it needs and adds up its errors.
class Simulation {
 public:
  Simulation(const std::vector<Stage>& stages, const std::vector<double>& largest_bits, const Magnitudes& magnitudes,
             Mode mode, const Guess& guess)
      : stages_(stages),
        largest_bits_(largest_bits),
        magnitudes_(magnitudes),
        guess_(guess),
        units_(guess.log_degree, mode, guess.digits, guess.digit_bits, guess.special_bits),
        mode_(mode) {}

  /// Fills in the schedule, or nothing if the values do not fit the modulus anywhere.
  std::optional<Schedule> run() {
    Schedule schedule;
    schedule.input_bits = scale_ = guess_.input_bits;
    variance_ = square(units_.fresh / std::exp2(scale_));
    for (std::size_t i = 0; i < stages_.size(); ++i) schedule.stages.push_back(stage(i));
    return number_levels(schedule) ? std::optional(schedule) : std::nullopt;
  }

 private:
  static double square(double x) { return x * x; }

  void need(double largest) { needs_.push_back({dropped_, scale_ + std::log2(largest) + 1 + kHeadroomBits}); }

  bool rescale_if_above_waterline() {
    if (scale_ - guess_.prime_bits < guess_.waterline) return false;
    scale_ -= guess_.prime_bits;
    ++dropped_;
    return true;
  }

  void add_noise(double unit) { variance_ += square(unit / std::exp2(scale_)); }

  /// As guessed; before a polynomial the least that is no less and brings the scale to a prime, with or without a
  /// rescaling.
  double weight_bits(std::size_t i) {
    if (stages_[i].activation != Stage::Activation::polynomial) return guess_.weight_bits[i];
    double bits = std::round(guess_.prime_bits - scale_ + largest_bits_[i]);
    if (bits < guess_.weight_bits[i]) bits += guess_.prime_bits;
    if (bits < guess_.weight_bits[i] || bits > kWidestWeightBits) fits_ = false;
    return bits;
  }

  StageSchedule stage(std::size_t i) {
    const auto& m = magnitudes_.stages[i];
    StageSchedule s;
    s.limbs = dropped_;  // turned into limbs at the end
    s.weight_bits = weight_bits(i);
    const double matrix_scale = s.weight_bits - largest_bits_[i];
    // A rotated input has the error of its key switch before it meets the matrix.
    if (mode_ == Mode::packed) add_noise(units_.key_switch);
    variance_ = variance_ * square(m.gain) + square(m.fan_in_rms * units_.weight / std::exp2(matrix_scale));
    scale_ += matrix_scale;
    if (mode_ == Mode::packed) add_noise(2 * units_.key_switch);
    need(m.map_max);
    s.rescale_after_map = rescale_if_above_waterline();
    if (s.rescale_after_map) add_noise(units_.rounding);
    // The sums that close a dense map: up to N / 2 rows come together, each doubling with its own error.
    if (mode_ == Mode::packed && i + 1 < stages_.size()) add_noise(8 * units_.key_switch);
    s.activation_limbs = dropped_;
    if (stages_[i].activation == Stage::Activation::square) square_stage(s, m);
    if (stages_[i].activation == Stage::Activation::polynomial) polynomial_stage(i, m);
    return s;
  }

  void square_stage(StageSchedule& s, const Magnitudes::PerStage& m) {
    variance_ *= square(2 * m.map_rms);
    scale_ *= 2;
    need(m.activation_max);
    const double after = scale_ - guess_.prime_bits;
    s.relinearize_after_rescale = after - std::log2(units_.rounding3) >= kThreePartRoomBits;
    s.rescale_after_activation = rescale_if_above_waterline();
    add_noise(units_.key_switch);
    if (s.rescale_after_activation && s.relinearize_after_rescale) add_noise(units_.rounding3);
  }

  /// Paterson-Stockmeyer: a level for each doubling of the degree, each brings the scale back to about itself.
  void polynomial_stage(std::size_t i, const Magnitudes::PerStage& m) {
    std::size_t degree = 1;
    for (const auto& row : stages_[i].coefficients) degree = std::max(degree, row.size() - 1);
    const auto depth = static_cast<std::size_t>(std::ceil(std::log2(static_cast<double>(degree + 1))));
    variance_ *= square(static_cast<double>(degree));
    for (std::size_t d = 0; d < depth; ++d) {
      need(m.activation_max * std::exp2(guess_.prime_bits));
      ++dropped_;
      add_noise(2 * units_.key_switch);
    }
    if (std::abs(scale_ - guess_.prime_bits) > 1.5) fits_ = false;
  }

  bool number_levels(Schedule& schedule) const {
    const std::size_t limbs = dropped_ + 1;
    for (auto& s : schedule.stages) {
      s.limbs = limbs - s.limbs;
      s.activation_limbs = limbs - s.activation_limbs;
    }
    for (const auto& [dropped, bits] : needs_) {
      const auto left = static_cast<double>(limbs - dropped - 1);
      if (bits > guess_.base_bits + left * guess_.prime_bits) return false;
    }
    // The reply is read at one limb: everything must have come down to q[0].
    if (scale_ + std::log2(magnitudes_.stages.back().activation_max) + 1 + kHeadroomBits > guess_.base_bits)
      return false;
    schedule.q_bits.assign(limbs, static_cast<int>(guess_.prime_bits));
    schedule.q_bits[0] = static_cast<int>(guess_.base_bits);
    schedule.log_degree = guess_.log_degree;
    schedule.logit_error = std::sqrt(variance_);
    return fits_;
  }

  const std::vector<Stage>& stages_;
  const std::vector<double>& largest_bits_;
  const Magnitudes& magnitudes_;
  const Guess& guess_;
  NoiseUnits units_;
  Mode mode_;
  double scale_ = 0, variance_ = 0;
  std::size_t dropped_ = 0;
  bool fits_ = true;
  std::vector<std::pair<std::size_t, double>> needs_;
};

/// Adds special primes: one prime of 50 bits for short chains, and as many as a digit has where the chain is long.
/// False if Q P is over the limit.
bool add_special_primes(Schedule& schedule) {
  const int most = ckks::max_log_qp(schedule.log_degree, 128);
  int q_total = 0, widest = 0;
  for (const int b : schedule.q_bits) q_total += b, widest = std::max(widest, b);
  for (std::size_t digit = schedule.q_bits.size() > 8 ? (schedule.q_bits.size() + 3) / 4 : 1; digit >= 1; --digit) {
    for (int bits = 49; bits >= std::max(widest, 30) - 2; --bits) {
      if (q_total + bits * static_cast<int>(digit) > most) continue;
      schedule.digit_size = digit;
      schedule.p_bits.assign(digit, bits);
      return true;
    }
  }
  return false;
}

/// Time and memory go with the primes; in batched mode those that need two multiply-adds a product count twice.
std::size_t cost_of(const Schedule& schedule, Mode mode) {
  std::size_t cost = schedule.limbs();
  if (mode == Mode::batched) {
    for (const int bits : schedule.q_bits) cost += bits > kOneProductBits ? 1 : 0;
  }
  return cost;
}

class Search {
 public:
  Search(const std::vector<Stage>& stages, const Magnitudes& magnitudes, const ScheduleOptions& options)
      : stages_(stages), magnitudes_(magnitudes), options_(options) {
    target_ = options.relative_error * std::max(magnitudes.stages.back().activation_max, 1.0);
    for (const Stage& stage : stages) largest_bits_.push_back(std::log2(std::max(stage.map.largest(), 1e-12)));
  }

  std::optional<Schedule> at(int log_degree) {
    best_.reset();
    if (options_.mode == Mode::packed) {
      try_all(log_degree, {30, 49}, {30, 49}, {12, 26});
      if (best_) polish();
      return best_;
    }
    // A product with an 11-bit weight and a prime of 41 bits is one multiply-add.
    for (const int weight : {10, 13, 16}) {
      if (!best_) try_all(log_degree, {34, 49}, {30, 49}, {weight, weight});
    }
    // A polynomial ties its prime to the scale, which takes weights wide enough to rescale behind them.
    if (!best_) try_all(log_degree, {30, 49}, {30, 49}, {17, 26});
    return best_;
  }

 private:
  struct Range {
    int least, most;
  };

  void try_all(int log_degree, Range prime_range, Range base_range, Range weight_range) {
    for (int prime = prime_range.least; prime <= prime_range.most; ++prime) {
      for (int base = base_range.least; base <= base_range.most; ++base) {
        for (int input = 20; input <= 34; input += 2) {
          for (int weight = weight_range.least; weight <= weight_range.most; ++weight) {
            for (int waterline = 24; waterline <= 32; waterline += 2) {
              consider({log_degree, double(base), double(prime), double(input), double(waterline),
                        std::vector<double>(stages_.size(), weight)});
            }
          }
        }
      }
    }
  }

  std::optional<Schedule> simulate(const Guess& guess) const {
    return Simulation(stages_, largest_bits_, magnitudes_, options_.mode, guess).run();
  }

  /// Cheaper, or as cheap and more precise.
  bool better(const Schedule& schedule) const {
    const auto a = cost_of(schedule, options_.mode), b = cost_of(*best_, options_.mode);
    if (a != b) return a < b;
    return schedule.limbs() != best_->limbs() ? schedule.limbs() < best_->limbs()
                                              : schedule.logit_error < best_->logit_error;
  }

  bool consider(Guess guess) {
    // Once to count the primes, and again with the error of the key switching that is left room for.
    auto schedule = simulate(guess);
    if (!schedule || (best_ && cost_of(*schedule, options_.mode) > cost_of(*best_, options_.mode)) ||
        !add_special_primes(*schedule))
      return false;
    const auto digit = static_cast<double>(schedule->digit_size);
    guess.digits = std::ceil(static_cast<double>(schedule->limbs()) / digit);
    guess.digit_bits = digit * std::max(guess.base_bits, guess.prime_bits);
    guess.special_bits = digit * schedule->p_bits[0];
    schedule->logit_error = simulate(guess)->logit_error;
    if (schedule->logit_error > target_) return false;
    if (best_ && !better(*schedule)) return false;
    best_ = std::move(schedule);
    guess_ = guess;
    return true;
  }

  /// One bit of one weight scale at a time while it helps.
  void polish() {
    for (bool improved = true; improved;) {
      improved = false;
      for (std::size_t i = 0; i < stages_.size(); ++i) {
        for (const double step : {1.0, -1.0}) {
          Guess next = guess_;
          next.weight_bits[i] += step;
          improved = consider(next) || improved;
        }
      }
    }
  }

  const std::vector<Stage>& stages_;
  const Magnitudes& magnitudes_;
  const ScheduleOptions& options_;
  std::vector<double> largest_bits_;
  double target_;
  std::optional<Schedule> best_;
  Guess guess_;
};

}  // namespace

Schedule find_schedule(const std::vector<Stage>& stages, const Magnitudes& magnitudes, const ScheduleOptions& options) {
  Search search(stages, magnitudes, options);
  for (int log_degree = options.min_log_degree; log_degree <= options.max_log_degree; ++log_degree) {
    if (auto schedule = search.at(log_degree)) return *schedule;
  }
  throw UnsupportedError("no ring up to 2^" + std::to_string(options.max_log_degree) +
                         " holds this network with 128-bit security and the wanted precision");
}

}  // namespace obscura::compile
