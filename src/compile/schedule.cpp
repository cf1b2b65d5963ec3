#include "compile/schedule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "compile/noise.h"

namespace obscura::compile {
namespace {

/// Room above the largest value seen on samples: unseen images may be larger.
constexpr double kHeadroomBits = 3;
/// Relinearising after rescaling is cheaper, but the rounding of c_2 is multiplied by s^2: wanted this far above it.
constexpr double kThreePartRoomBits = 20;
/// Widest prime of batched mode whose product with an offset weight fits 52 bits.
constexpr int kOneProductBits = 41;

/// Scales go up to 2^60, and so do encoded constants.
constexpr double kWidestConstantBits = 60;
/// Batched weights of terms of one stage may differ by so many bits before those of the largest scale lose theirs.
constexpr double kWidestWeightSpread = 14;

struct Guess {
  int log_degree;
  double base_bits, prime_bits;  // q[0], and all others
  double input_bits, waterline;
  std::vector<double> weight_bits;
  // Key switching; set once the number of primes is known.
  double digits = 4, digit_bits = 0, special_bits = 50;
};

/// Of every stage.
struct Largest {
  std::vector<double> weight_bits;  ///< log2 of its largest weight
  std::vector<double> constant;     ///< that is added to its sums
};

/// Follows one guess through the network; counts the primes it needs and adds up its errors.
class Simulation {
 public:
  Simulation(const std::vector<Stage>& stages, const Largest& largest, const Magnitudes& magnitudes, Mode mode,
             const Guess& guess)
      : stages_(stages),
        largest_(largest),
        magnitudes_(magnitudes),
        guess_(guess),
        units_(guess.log_degree, mode, guess.digits, guess.digit_bits, guess.special_bits),
        mode_(mode) {}

  /// Fills in the schedule, or nothing if the values do not fit the modulus anywhere.
  std::optional<Schedule> run() {
    Schedule schedule;
    schedule.input_bits = guess_.input_bits;
    values_.push_back({guess_.input_bits, square(units_.fresh / std::exp2(guess_.input_bits)),
                       square(units_.fresh / std::exp2(guess_.input_bits)), 0});
    for (std::size_t i = 0; i < stages_.size(); ++i) schedule.stages.push_back(stage(i));
    return number_levels(schedule) ? std::optional(schedule) : std::nullopt;
  }

  /// How many primes the chain has, whatever values it must hold; nothing where scales do not meet.
  std::optional<std::size_t> primes() {
    values_.push_back({guess_.input_bits, 0, 0});
    for (std::size_t i = 0; i < stages_.size(); ++i) stage(i);
    return fits_ ? std::optional(values_.back().dropped + 1) : std::nullopt;
  }

 private:
  /// A value on its way: log2 of its scale, variance of its error, primes dropped so far.
  struct Value {
    double scale = 0, variance = 0;
    double noise = 0;  ///< the part of the variance that depends on the key
    std::size_t dropped = 0;
  };

  static double square(double x) { return x * x; }

  void need(const Value& v, double largest) {
    needs_.push_back({v.dropped, v.scale + std::log2(largest) + 1 + kHeadroomBits});
  }

  std::size_t rescale_to_waterline(Value& v) const {
    std::size_t count = 0;
    for (; v.scale - guess_.prime_bits >= guess_.waterline; ++count) {
      v.scale -= guess_.prime_bits;
      ++v.dropped;
    }
    return count;
  }

  static void add_noise(Value& v, double unit) {
    v.variance += square(unit / std::exp2(v.scale));
    v.noise += square(unit / std::exp2(v.scale));
  }

  static void amplify(Value& v, double factor) {
    v.variance *= square(factor);
    v.noise *= square(factor);
  }

  /// As guessed; before a polynomial the least that is no less and brings the scale to a prime, with or without a
  /// rescaling.
  double weight_bits(std::size_t i, double scale) {
    if (stages_[i].activation != Stage::Activation::polynomial) return guess_.weight_bits[i];
    double bits = std::round(guess_.prime_bits - scale + largest_.weight_bits[i]);
    if (bits < guess_.weight_bits[i]) bits += guess_.prime_bits;
    if (bits < guess_.weight_bits[i] || bits > kWidestConstantBits) fits_ = false;
    return bits;
  }

  /// What the terms of a stage have in common: the lowest level, the largest scale, the worst error. The matrix of a
  /// term of a smaller scale is scaled up by the difference.
  Value meet(const Stage& stage) const {
    Value met = values_[stage.terms.front().value];
    for (const Term& term : stage.terms) {
      const Value& v = values_[term.value];
      met.scale = std::max(met.scale, v.scale);
      met.variance = std::max(met.variance, v.variance);
      met.noise = std::max(met.noise, v.noise);
      met.dropped = std::max(met.dropped, v.dropped);
    }
    return met;
  }

  StageSchedule stage(std::size_t i) {
    const auto& m = magnitudes_.stages[i];
    Value v = meet(stages_[i]);
    StageSchedule s;
    s.limbs = v.dropped;  // turned into limbs at the end
    s.weight_bits = weight_bits(i, v.scale);
    const double matrix_scale = s.weight_bits - largest_.weight_bits[i];
    // The term of the smallest scale has the widest weights: integers that share their 32 bits, or plaintexts.
    for (const Term& term : stages_[i].terms) {
      const double more = v.scale - values_[term.value].scale;
      const bool fits = mode_ == Mode::batched ? more <= kWidestWeightSpread
                                               : std::max(matrix_scale, s.weight_bits) + more < kWidestConstantBits;
      if (!fits) fits_ = false;
    }
    // The encoder takes no scale below one.
    if (mode_ == Mode::packed && matrix_scale < 0) fits_ = false;
    // A rotated input has the error of its key switch before it meets the matrix.
    if (mode_ == Mode::packed) add_noise(v, units_.key_switch);
    const double exact =
        mode_ == Mode::batched ? std::min(s.weight_bits, kIntegerWeightBits) - largest_.weight_bits[i] : matrix_scale;
    amplify(v, m.gain);
    const double rounding = square(m.fan_in_rms * units_.weight / std::exp2(exact));
    v.variance += rounding;
    // A rounded plaintext has complex slots, so its error is seen beside that of the key; a rounded integer is not.
    if (mode_ == Mode::packed) v.noise += rounding;
    v.scale += matrix_scale;
    if (mode_ == Mode::packed) add_noise(v, 2 * units_.key_switch);
    need(v, m.map_max);
    s.rescales_after_map = rescale_to_waterline(v);
    if (s.rescales_after_map > 0) add_noise(v, units_.rounding);
    // The constants are encoded in words. They may be larger than the modulus: only the sum has to fit it.
    const double widest = std::max(m.map_max, largest_.constant[i]);
    if (v.scale + std::max(std::log2(widest), 0.0) + 2 > kWidestConstantBits) fits_ = false;
    // The sums that close a dense map: up to N / 2 rows come together, each doubling with its own error.
    if (mode_ == Mode::packed && i + 1 < stages_.size()) add_noise(v, 8 * units_.key_switch);
    s.activation_limbs = v.dropped;
    if (stages_[i].activation == Stage::Activation::square) square_stage(s, m, v);
    if (stages_[i].activation == Stage::Activation::polynomial) polynomial_stage(i, m, v);
    values_.push_back(v);
    return s;
  }

  void square_stage(StageSchedule& s, const Magnitudes::PerStage& m, Value& v) {
    amplify(v, 2 * m.map_rms);
    v.scale *= 2;
    need(v, m.activation_max);
    s.rescales_after_activation = rescale_to_waterline(v);
    s.relinearize_after_rescale = v.scale - std::log2(units_.rounding3) >= kThreePartRoomBits;
    add_noise(v, units_.key_switch);
    if (s.rescales_after_activation > 0 && s.relinearize_after_rescale) add_noise(v, units_.rounding3);
  }

  /// Paterson-Stockmeyer: a level for each doubling of the degree, each brings the scale back to about itself.
  void polynomial_stage(std::size_t i, const Magnitudes::PerStage& m, Value& v) {
    std::size_t degree = 1;
    for (const auto& row : stages_[i].coefficients) degree = std::max(degree, row.size() - 1);
    const auto depth = static_cast<std::size_t>(std::ceil(std::log2(static_cast<double>(degree + 1))));
    amplify(v, static_cast<double>(degree));
    for (std::size_t d = 0; d < depth; ++d) {
      need(v, m.activation_max * std::exp2(guess_.prime_bits));
      ++v.dropped;
      add_noise(v, 2 * units_.key_switch);
    }
    if (std::abs(v.scale - guess_.prime_bits) > 1.5) fits_ = false;
  }

  bool number_levels(Schedule& schedule) const {
    const Value& last = values_.back();
    const std::size_t limbs = last.dropped + 1;
    for (auto& s : schedule.stages) {
      s.limbs = limbs - s.limbs;
      s.activation_limbs = limbs - s.activation_limbs;
    }
    for (const auto& [dropped, bits] : needs_) {
      const auto left = static_cast<double>(limbs - dropped - 1);
      if (bits > guess_.base_bits + left * guess_.prime_bits) return false;
    }
    // The reply is read at one limb: everything must have come down to q[0].
    if (last.scale + std::log2(magnitudes_.stages.back().activation_max) + 1 + kHeadroomBits > guess_.base_bits)
      return false;
    schedule.q_bits.assign(limbs, static_cast<int>(guess_.prime_bits));
    schedule.q_bits[0] = static_cast<int>(guess_.base_bits);
    schedule.log_degree = guess_.log_degree;
    schedule.logit_error = std::sqrt(last.variance);
    schedule.noise = std::sqrt(last.noise);
    return fits_;
  }

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

/// What rotations cost with digits of this many primes, in transforms of one prime, a little below the top of the
/// chain: two hoisted ones and one of its own.
double rotation_cost(std::size_t limbs, std::size_t digit) {
  const double l = std::max(1.0, std::round(0.6 * static_cast<double>(limbs))), k = static_cast<double>(digit);
  const double digits = std::ceil(l / k);
  constexpr double product = 0.27;  // of one residue polynomial with a key read from memory
  return (l + k) * (3 * (2 * digits * product + 2) + digits);
}

/// Adds as many special primes as a digit has primes, for the cheapest rotations that Q P has room for.
/// False if Q P is over the limit.
bool add_special_primes(Schedule& schedule) {
  const int most = ckks::max_log_qp(schedule.log_degree, 128);
  int q_total = 0, widest = 0;
  for (const int b : schedule.q_bits) q_total += b, widest = std::max(widest, b);
  double cheapest = INFINITY;
  for (std::size_t digit = 1; digit <= schedule.q_bits.size(); ++digit) {
    const double cost = rotation_cost(schedule.q_bits.size(), digit);
    if (cost >= cheapest) continue;
    for (int bits = 49; bits >= std::max(widest, 30) - 2; --bits) {
      if (q_total + bits * static_cast<int>(digit) > most) continue;
      schedule.digit_size = digit;
      schedule.p_bits.assign(digit, bits);
      cheapest = cost;
      break;
    }
  }
  return cheapest < INFINITY;
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
    for (const Stage& stage : stages) {
      largest_.weight_bits.push_back(std::log2(std::max(stage.largest(), 1e-12)));
      double most = 0;
      for (const double b : stage.bias()) most = std::max(most, std::abs(b));
      largest_.constant.push_back(most);
    }
  }

  double target() const { return target_; }
  /// The shortest chain, in bits of Q P, that any guess so far has had, and its primes.
  double least_bits() const { return least_bits_; }
  std::size_t least_primes() const { return least_primes_; }

  std::optional<Schedule> at(int log_degree) {
    best_.reset();
    if (options_.mode == Mode::packed) {
      try_all(log_degree, {30, 49}, {30, 49}, {12, 26});
      // Deep networks may need finer numbers all the way.
      if (!best_ && stages_.size() > 3) try_all(log_degree, {38, 49}, {40, 49}, {24, 34}, {32, 46}, {32, 40});
      if (best_) polish();
      return best_;
    }
    // A product with an 11-bit weight and a prime of 41 bits is one multiply-add.
    for (const int weight : {kLeastWeightBits, 13, 16}) {
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

  void try_all(int log_degree, Range prime_range, Range base_range, Range weight_range, Range input_range = {20, 34},
               Range waterline_range = {kLeastWaterlineBits, 32}) {
    for (int prime = prime_range.least; prime <= prime_range.most; ++prime) {
      const auto primes = fewest_primes(prime, weight_range, input_range, waterline_range);
      if (!primes) continue;
      for (int base = base_range.least; base <= base_range.most; ++base) {
        // Most guesses for a ring that is too small fail by the length of their chain alone.
        if (!has_room(log_degree, prime, base, *primes)) continue;
        for_guesses(prime, weight_range, input_range, waterline_range, [&](Guess guess) {
          guess.log_degree = log_degree;
          guess.base_bits = base;
          consider(std::move(guess));
        });
      }
    }
  }

  template <typename Visit>
  void for_guesses(int prime, Range weight_range, Range input_range, Range waterline_range, Visit&& visit) const {
    for (int input = input_range.least; input <= input_range.most; input += 2) {
      for (int weight = weight_range.least; weight <= weight_range.most; ++weight) {
        for (int waterline = waterline_range.least; waterline <= waterline_range.most; waterline += 2) {
          visit(Guess{options_.min_log_degree, double(prime), double(prime), double(input), double(waterline),
                      std::vector<double>(stages_.size(), weight)});
        }
      }
    }
  }

  /// Over all guesses with primes of this width: neither ring nor first prime changes it.
  std::optional<std::size_t> fewest_primes(int prime, Range weight_range, Range input_range, Range waterline_range) {
    const std::array<int, 4> key{prime, weight_range.least, input_range.least, waterline_range.least};
    const auto [it, fresh] = fewest_primes_.try_emplace(key);
    if (!fresh) return it->second;
    std::optional<std::size_t>& fewest = it->second;
    for_guesses(prime, weight_range, input_range, waterline_range, [&](const Guess& guess) {
      const auto primes = Simulation(stages_, largest_, magnitudes_, options_.mode, guess).primes();
      if (primes && (!fewest || *primes < *fewest)) fewest = primes;
    });
    return fewest;
  }

  /// For the chain and the smallest special prime that goes with it.
  bool has_room(int log_degree, int prime, int base, std::size_t primes) {
    const double bits = base + static_cast<double>(primes - 1) * prime + std::max({prime, base, kLeastPrimeBits}) - 2;
    if (bits < least_bits_) least_bits_ = bits, least_primes_ = primes;
    return bits <= ckks::max_log_qp(log_degree, 128);
  }

  std::optional<Schedule> simulate(const Guess& guess) const {
    return Simulation(stages_, largest_, magnitudes_, options_.mode, guess).run();
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
    const auto again = simulate(guess);
    schedule->logit_error = again->logit_error;
    schedule->noise = again->noise;
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
  Largest largest_;
  double target_;
  double least_bits_ = INFINITY;
  std::size_t least_primes_ = 0;
  std::map<std::array<int, 4>, std::optional<std::size_t>> fewest_primes_;
  std::optional<Schedule> best_;
  Guess guess_;
};

/// Two digits are enough.
std::string format_error(double error) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", error);
  return text;
}

std::size_t widest_stage(const Magnitudes& magnitudes) {
  const auto& s = magnitudes.stages;
  const auto it = std::max_element(s.begin(), s.end(),
                                   [](const auto& a, const auto& b) { return a.activation_max < b.activation_max; });
  return static_cast<std::size_t>(it - s.begin());
}

/// Values that run away have no scale.
void check_finite(const std::vector<Stage>& stages, const Magnitudes& magnitudes) {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const auto& m = magnitudes.stages[i];
    bool finite = true;
    for (const double v : {m.map_max, m.map_rms, m.activation_max, m.activation_rms, m.gain, m.fan_in_rms}) {
      finite = finite && std::isfinite(v);
    }
    if (finite) continue;
    throw UnsupportedError("layer " + stages[i].name +
                           " gets values that are not finite on sample images: a polynomial ran away; fit activations "
                           "with a larger degree, or train the network with the polynomials in it");
  }
}

[[noreturn]] void refuse_depth(const std::vector<Stage>& stages, std::size_t primes, double bits, int room,
                               const ScheduleOptions& options) {
  const auto activations = std::count_if(stages.begin(), stages.end(),
                                         [](const Stage& s) { return s.activation != Stage::Activation::none; });
  throw UnsupportedError("the network is too deep: " + std::to_string(stages.size()) + " linear maps and " +
                         std::to_string(activations) + " activations take at least " + std::to_string(primes) +
                         " primes, " + std::to_string(static_cast<long>(bits)) +
                         " bits with the special prime, and the largest ring, 2^" +
                         std::to_string(options.max_log_degree) + ", has room for " + std::to_string(room) +
                         " at 128-bit security: use fewer activations, polynomials of a smaller degree or squares");
}

/// Why the chain is as it is, for people.
std::vector<std::string> reasons_of(const Schedule& schedule, const ScheduleOptions& options, double target,
                                    double relaxed) {
  std::vector<std::string> reasons;
  std::string ring = "N = 2^" + std::to_string(schedule.log_degree) + ": ";
  ring += schedule.log_degree > options.min_log_degree
              ? "2^" + std::to_string(schedule.log_degree - 1) + " has room for " +
                    std::to_string(ckks::max_log_qp(schedule.log_degree - 1, 128)) +
                    " bits of Q P at 128-bit security, in which no chain reaches the wanted precision"
              : "the smallest ring that is tried";
  reasons.push_back(std::move(ring));
  reasons.push_back(std::to_string(schedule.limbs()) + " primes of " + std::to_string(schedule.q_bits.back()) +
                    " bits: the fewest that reach an error of " + format_error(target * relaxed) + " a logit" +
                    (relaxed > 1 ? ", which is more than was wanted: no ring reaches that" : ""));
  reasons.push_back(std::to_string(schedule.p_bits.size()) +
                    " special prime(s): the cheapest rotations that the limit "
                    "leaves room for");
  return reasons;
}

}  // namespace

Schedule find_schedule(const std::vector<Stage>& stages, const Magnitudes& magnitudes, const ScheduleOptions& options) {
  check_finite(stages, magnitudes);
  const int room = ckks::max_log_qp(options.max_log_degree, 128);
  // A deep network may not reach what is wanted at any size; its prediction then says what it reaches.
  for (const double relaxed : {1.0, 4.0, 16.0}) {
    ScheduleOptions eased = options;
    eased.relative_error *= relaxed;
    Search search(stages, magnitudes, eased);
    for (int log_degree = options.min_log_degree; log_degree <= options.max_log_degree; ++log_degree) {
      auto schedule = search.at(log_degree);
      if (!schedule) continue;
      schedule->reasons = reasons_of(*schedule, options, search.target() / relaxed, relaxed);
      return *schedule;
    }
    if (search.least_primes() > 0 && search.least_bits() > room)
      refuse_depth(stages, search.least_primes(), search.least_bits(), room, options);
  }
  const std::size_t widest = widest_stage(magnitudes);
  throw UnsupportedError("no ring up to 2^" + std::to_string(options.max_log_degree) +
                         " holds this network with 128-bit security and the wanted precision: its values reach " +
                         format_error(magnitudes.stages[widest].activation_max) + " behind layer " +
                         stages[widest].name +
                         "; keep them to a few units (batch norm, smaller weights), or use fewer activations");
}

}  // namespace obscura::compile
