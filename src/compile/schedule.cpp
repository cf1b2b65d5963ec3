#include "compile/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "compile/compile.h"
#include "compile/gate_model.h"
#include "compile/schedule_simulation.h"

namespace obscura::compile {
namespace {

/// Widest prime of batched mode whose product with an offset weight fits 52 bits.
constexpr int kOneProductBits = 41;

/// Rotations may cost so much more, as a share, where errors are smaller.
constexpr double kDearer = 0.1;

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
    // Their product may be a little shorter than a digit's (ckks::Context).
    const int shorter = digit == 1 ? 2 : 3 / static_cast<int>(digit);
    for (int bits = 49; bits >= std::max(widest, 30) - shorter; --bits) {
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

Largest largest_of(const std::vector<Stage>& stages) {
  Largest largest;
  for (const Stage& stage : stages) {
    largest.weight_bits.push_back(std::log2(std::max(stage.largest(), 1e-12)));
    double most = 0;
    for (const double b : stage.bias()) most = std::max(most, std::abs(b));
    largest.constant.push_back(most);
    const bool gated = stage.activation == Stage::Activation::gated;
    largest.gate_slopes.push_back(gated ? gate_slopes(stage, 1) : std::vector<double>{});
  }
  return largest;
}

/// What key switching with the special primes of a schedule is to a guess.
void set_digits(const Schedule& schedule, Guess& guess) {
  const auto digit = static_cast<double>(schedule.digit_size);
  guess.digits = std::ceil(static_cast<double>(schedule.limbs()) / digit);
  guess.digit_bits = digit * std::max(guess.base_bits, guess.prime_bits);
  guess.special_bits = digit * schedule.p_bits[0];
  // Short digits are divided by fewer primes (ckks::special_primes).
  if (schedule.digit_size > 1) guess.special_bits = std::min(guess.special_bits, guess.digit_bits + ckks::kSpareBits);
}

void take_errors(const Schedule& from, Schedule& to) {
  to.logit_error = from.logit_error;
  to.noise = from.noise;
  to.stage_errors = from.stage_errors;
}

/// The guess that a schedule came from.
Guess guess_of(const Schedule& schedule) {
  Guess guess{schedule.log_degree,
              double(schedule.q_bits.front()),
              double(schedule.q_bits.back()),
              schedule.input_bits,
              schedule.waterline,
              {}};
  for (const auto& s : schedule.stages) guess.weight_bits.push_back(s.weight_bits);
  set_digits(schedule, guess);
  return guess;
}

class Search {
 public:
  Search(const std::vector<Stage>& stages, const Magnitudes& magnitudes, const ScheduleOptions& options)
      : stages_(stages), magnitudes_(magnitudes), options_(options), largest_(largest_of(stages)) {
    const double largest = std::max(magnitudes.stages.back().activation_max, 1.0);
    target_ = options.relative_error * largest;
    shown_target_ = options.shown_error * largest;
    for (const Stage& stage : stages) has_gates_ = has_gates_ || stage.activation == Stage::Activation::gated;
  }

  double target() const { return target_; }
  /// The shortest chain, in bits of Q P, that any guess so far has had, and its primes.
  double least_bits() const { return least_bits_; }
  std::size_t least_primes() const { return least_primes_; }
  /// The error of the most precise guess that fitted, in those that were wanted.
  double closest() const { return closest_; }

  std::optional<Schedule> at(int log_degree) {
    best_.reset();
    if (options_.flooding > 0) {
      // Noise that is hidden twice over takes finer numbers all the way.
      const int finest = options_.finest ? 48 : 44;
      try_all(log_degree, {36, 49}, {44, 58}, {18, 46}, {32, std::max(finest, 46)}, {28, finest});
      try_steered(log_degree, {36, 49}, {44, 58}, {28, finest});
      return best_;
    }
    if (options_.mode == Mode::packed) {
      try_all(log_degree, {30, 49}, {30, 49}, {12, 26});
      // Deep networks may need finer numbers all the way.
      if (!best_ && stages_.size() > 3) try_all(log_degree, {38, 49}, {40, 49}, {24, 34}, {32, 46}, {32, 40});
      // Behind a gate weights take its range back, and are rescaled behind only if their scale is as wide as that.
      if (!best_ && has_gates_) try_all(log_degree, {36, 49}, {40, 49}, {26, 42}, {28, 34}, {24, 32});
      try_steered(log_degree, {30, 49}, {30, 49}, {20, 40});
      if (best_ && !guess_.steered) polish();
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

  /// Weights as wide as the waterline wants them, stage by stage: one prime a stage where that is precise enough.
  void try_steered(int log_degree, Range prime_range, Range base_range, Range waterline_range) {
    constexpr Range kInput{20, 56};
    // With fewer, what rounding does to the first maps leads, and all images and places share it: it does not average
    // out in later ones as the simulation has it (measured: 30 times as much with 10 bits).
    constexpr double kLeast = 18;
    for (int prime = prime_range.least; prime <= prime_range.most; ++prime) {
      for (int waterline = waterline_range.least; waterline <= waterline_range.most; ++waterline) {
        for (int input = kInput.least; input <= kInput.most; input += 2) {
          Guess guess{log_degree,    double(prime),     double(prime),
                      double(input), double(waterline), std::vector<double>(stages_.size(), kLeast)};
          guess.steered = true;
          const auto primes = Simulation(stages_, largest_, magnitudes_, options_.mode, guess).primes();
          if (!primes || (best_ && *primes > best_->limbs())) continue;
          for (int base = base_range.least; base <= base_range.most; ++base) {
            guess.base_bits = base;
            if (has_room(log_degree, prime, base, *primes)) consider(guess);
          }
        }
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

  /// Cheaper, or about as cheap and more precise.
  bool better(const Schedule& schedule) const {
    const auto a = cost_of(schedule, options_.mode), b = cost_of(*best_, options_.mode);
    if (a != b) return a < b;
    if (schedule.limbs() != best_->limbs()) return schedule.limbs() < best_->limbs();
    // Shorter primes leave room for more special ones.
    const double mine = rotation_cost(schedule.limbs(), schedule.digit_size),
                 theirs = rotation_cost(best_->limbs(), best_->digit_size);
    if (std::abs(mine - theirs) > kDearer * std::min(mine, theirs)) return mine < theirs;
    return schedule.logit_error < best_->logit_error;
  }

  bool consider(Guess guess) {
    // Once to count the primes, and again with the error of the key switching that is left room for.
    auto schedule = simulate(guess);
    if (!schedule || (best_ && cost_of(*schedule, options_.mode) > cost_of(*best_, options_.mode)) ||
        !add_special_primes(*schedule))
      return false;
    set_digits(*schedule, guess);
    take_errors(*simulate(guess), *schedule);
    schedule->waterline = guess.waterline;
    // Owners take twice the predicted noise for a bound on it.
    const double off =
        std::max(schedule->logit_error / target_, 2 * schedule->noise * options_.flooding / shown_target_);
    closest_ = std::min(closest_, off);
    if (off > 1) return false;
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
  double target_, shown_target_;
  bool has_gates_ = false;
  double least_bits_ = INFINITY, closest_ = INFINITY;
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

std::string activations_of(const std::vector<Stage>& stages) {
  const auto count = std::count_if(stages.begin(), stages.end(),
                                   [](const Stage& s) { return s.activation != Stage::Activation::none; });
  return std::to_string(count) + " activations";
}

constexpr const char* kShallower =
    "use polynomials of a smaller degree (--max-degree), squares in their place (obscura convert), or fewer "
    "activations";

[[noreturn]] void refuse_depth(const std::vector<Stage>& stages, std::size_t primes, double bits, int room,
                               const ScheduleOptions& options) {
  throw UnsupportedError(
      "the network is too deep: " + std::to_string(stages.size()) + " linear maps and " + activations_of(stages) +
      " take at least " + std::to_string(primes) + " primes, " + std::to_string(static_cast<long>(bits)) +
      " bits with the special prime, and the largest ring, 2^" + std::to_string(options.max_log_degree) +
      ", has room for " + std::to_string(room) + " at 128-bit security: " + kShallower);
}

/// Chains fit, or nearly, but none is precise enough. `closest` is the error of the best that fits, in those
/// that are wanted, of which `most_relaxed` would be taken.
[[noreturn]] void refuse_precision(const std::vector<Stage>& stages, const Magnitudes& magnitudes, double closest,
                                   double most_relaxed, const ScheduleOptions& options) {
  constexpr double kWide = 8;  // what training keeps values below
  const std::size_t widest = widest_stage(magnitudes);
  const double most = magnitudes.stages[widest].activation_max;
  std::string text = "no ring up to 2^" + std::to_string(options.max_log_degree) +
                     " holds this network with 128-bit security and the wanted precision: ";
  text += std::isfinite(closest)
              ? "the best that fits is off by " + format_error(closest) + " times as much as is wanted, where " +
                    format_error(most_relaxed) + " times would be taken"
              : "nothing that computes it fits";
  text += ", with " + activations_of(stages) + " and values up to " + format_error(most) + " (behind layer " +
          stages[widest].name + "): ";
  const double bits = std::floor(std::log2(most_relaxed / (closest * options.relative_error)));
  if (bits >= kLeastPrecisionBits) text += fmt::format("ask for less precision (--precision-bits {:g}), ", bits);
  if (most > kWide) text += "keep values to a few units (batch norm, smaller weights), or ";
  throw UnsupportedError(text + kShallower);
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
  double closest = INFINITY;
  constexpr double kMostRelaxed = 16;
  for (const double relaxed : {1.0, 4.0, kMostRelaxed}) {
    ScheduleOptions eased = options;
    eased.relative_error *= relaxed;
    Search search(stages, magnitudes, eased);
    for (int log_degree = options.min_log_degree; log_degree <= options.max_log_degree; ++log_degree) {
      auto schedule = search.at(log_degree);
      if (!schedule) continue;
      schedule->reasons = reasons_of(*schedule, options, search.target() / relaxed, relaxed);
      return *schedule;
    }
    closest = std::min(closest, search.closest() * relaxed);
    if (search.least_primes() > 0 && search.least_bits() > room)
      refuse_depth(stages, search.least_primes(), search.least_bits(), room, options);
  }
  refuse_precision(stages, magnitudes, closest, kMostRelaxed, options);
}

void predict_errors(const std::vector<Stage>& stages, const Magnitudes& magnitudes, Mode mode, Schedule& schedule) {
  const Largest largest = largest_of(stages);
  const Guess guess = guess_of(schedule);
  if (const auto again = Simulation(stages, largest, magnitudes, mode, guess).run()) take_errors(*again, schedule);
}

}  // namespace obscura::compile
