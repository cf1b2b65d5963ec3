#include "compile/schedule_simulation.h"

#include <algorithm>
#include <cmath>

namespace obscura::compile {
namespace {

/// Room above the largest value seen on samples: unseen images may be larger.
constexpr double kHeadroomBits = 3;
/// Relinearising after rescaling is cheaper, but the rounding of c_2 is multiplied by s^2: wanted this far above it.
constexpr double kThreePartRoomBits = 20;
/// Scales go up to 2^60, and so do encoded constants.
constexpr double kWidestConstantBits = 60;
/// Batched weights of terms of one stage may differ by so many bits before those of the largest scale lose theirs.
constexpr double kWidestWeightSpread = 14;

/// Of sums of bits.
constexpr double kRounding = 1e-6;

/// Of gates: the largest value of a sum on the way, and the noise of a level over that of a key switch.
constexpr double kGateValue = 8, kGateNoise = 2;

double square(double x) {
  return x * x;
}

}  // namespace

Simulation::Simulation(const std::vector<Stage>& stages, const Largest& largest, const Magnitudes& magnitudes,
                       Mode mode, const Guess& guess)
    : stages_(stages),
      largest_(largest),
      magnitudes_(magnitudes),
      guess_(guess),
      units_(guess.log_degree, mode, guess.digits, guess.digit_bits, guess.special_bits),
      mode_(mode) {}

std::optional<Schedule> Simulation::run() {
  Schedule schedule;
  schedule.input_bits = guess_.input_bits;
  values_.push_back({guess_.input_bits, square(units_.fresh / std::exp2(guess_.input_bits)),
                     square(units_.fresh / std::exp2(guess_.input_bits)), 0});
  for (std::size_t i = 0; i < stages_.size(); ++i) schedule.stages.push_back(stage(i));
  // The reply is switched to a modulus of half the prime that is left, or a larger part of it.
  if (mode_ == Mode::packed) add_noise(values_.back(), 2 * units_.rounding);
  return number_levels(schedule) ? std::optional(schedule) : std::nullopt;
}

std::optional<std::size_t> Simulation::primes() {
  values_.push_back({guess_.input_bits, 0, 0});
  for (std::size_t i = 0; i < stages_.size(); ++i) stage(i);
  return fits_ ? std::optional(values_.back().dropped + 1) : std::nullopt;
}

void Simulation::need(const Value& v, double largest) {
  needs_.push_back({v.dropped, v.scale + std::log2(largest) + 1 + kHeadroomBits});
}

std::size_t Simulation::rescale_to_waterline(Value& v) const {
  std::size_t count = 0;
  for (; v.scale - guess_.prime_bits >= guess_.waterline - kRounding; ++count) {
    v.scale -= guess_.prime_bits;
    ++v.dropped;
  }
  return count;
}

void Simulation::add_noise(Value& v, double unit) {
  v.variance += square(unit / std::exp2(v.scale));
  v.noise += square(unit / std::exp2(v.scale));
}

void Simulation::amplify(Value& v, double factor) {
  v.variance *= square(factor);
  v.noise *= square(factor);
  v.common *= square(factor);
}

/// As guessed; before a polynomial the least that is no less and brings the scale to a prime, with or without a
/// rescaling.
double Simulation::weight_bits(std::size_t i, double scale) {
  if (program::activation_depth(stages_[i]) == 0) {
    return guess_.steered ? steered_bits(i, scale) : guess_.weight_bits[i];
  }
  double bits = std::round(guess_.prime_bits - scale + largest_.weight_bits[i]);
  if (bits < guess_.weight_bits[i]) bits += guess_.prime_bits;
  if (bits < guess_.weight_bits[i] || bits > kWidestConstantBits) fits_ = false;
  return bits;
}

/// The largest scale that answers may have in the one prime that is left at the end.
double Simulation::widest_reply() const {
  return guess_.base_bits - std::log2(magnitudes_.stages.back().activation_max) - 1 - kHeadroomBits;
}

/// The least that is no less than guessed and brings the scale behind the map to the waterline. A square doubles the
/// scale, so that with W bits behind a map and primes of p the next map's weights take p - W: a prime a stage.
double Simulation::steered_bits(std::size_t i, double scale) {
  const double least = i + 1 < stages_.size() ? guess_.waterline : std::max(guess_.waterline, widest_reply());
  double bits = least - scale + largest_.weight_bits[i];
  while (bits < guess_.weight_bits[i]) bits += guess_.prime_bits;
  if (bits > kWidestConstantBits) fits_ = false;
  return bits;
}

/// What the terms of a stage have in common: the lowest level, the largest scale, the worst error. The matrix of a
/// term of a smaller scale is scaled up by the difference.
Simulation::Value Simulation::meet(const Stage& stage) const {
  Value met = values_[stage.terms.front().value];
  for (const Term& term : stage.terms) {
    const Value& v = values_[term.value];
    // The errors of chunks are independent, but for those of the weights that all of them share.
    const auto& summed = magnitudes_.summed;
    const double together = summed && summed->value == term.value ? static_cast<double>(summed->count) : 1;
    const double common = together * together * v.common;
    // Of the noise it is a part where it was counted there: see stage().
    const double noise = mode_ == Mode::packed ? together * (v.noise - v.common) + common : together * v.noise;
    met.scale = std::max(met.scale, v.scale);
    met.common = std::max(met.common, common);
    met.variance = std::max(met.variance, together * (v.variance - v.common) + common);
    met.noise = std::max(met.noise, noise);
    met.dropped = std::max(met.dropped, v.dropped);
  }
  return met;
}

/// What the sums that close a map add, in errors of a key switch: each doubling has its own, and doubles the variance
/// of those before it. Where the layout is not known, a dense map has six, and one of images none: its diagonals reach
/// all.
double Simulation::closing_sums(std::size_t i) const {
  const Shape& output = stages_[i].output;
  const std::size_t usual = i + 1 == stages_.size() || output.height * output.width > 1 ? 0 : 6;
  const std::size_t doublings = magnitudes_.stages[i].doublings.value_or(usual);
  return doublings == 0 ? 0 : std::exp2(static_cast<double>(doublings) / 2);
}

StageSchedule Simulation::stage(std::size_t i) {
  const auto& m = magnitudes_.stages[i];
  Value v = meet(stages_[i]);
  if (magnitudes_.summed && magnitudes_.summed->value == i) need(v, magnitudes_.summed->most);
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
  v.common += rounding;
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
  if (mode_ == Mode::packed) add_noise(v, closing_sums(i) * units_.key_switch);
  // Batched, the sum over a picture's chunks is one of rotations here: each doubles what came before, with its error.
  if (mode_ == Mode::batched && magnitudes_.summed && magnitudes_.summed->value == i) {
    add_noise(v, std::sqrt(2.0 * static_cast<double>(magnitudes_.summed->count)) * units_.key_switch);
  }
  s.activation_limbs = v.dropped;
  if (stages_[i].activation == Stage::Activation::square) square_stage(s, m, v);
  if (stages_[i].activation == Stage::Activation::polynomial) polynomial_stage(i, m, v);
  if (stages_[i].activation == Stage::Activation::gated) gated_stage(i, v);
  values_.push_back(v);
  return s;
}

void Simulation::square_stage(StageSchedule& s, const Magnitudes::PerStage& m, Value& v) {
  amplify(v, 2 * m.map_rms);
  v.scale *= 2;
  need(v, m.activation_max);
  s.rescales_after_activation = rescale_to_waterline(v);
  s.relinearize_after_rescale = v.scale - std::log2(units_.rounding3) >= kThreePartRoomBits;
  add_noise(v, units_.key_switch);
  if (s.rescales_after_activation > 0 && s.relinearize_after_rescale) add_noise(v, units_.rounding3);
}

/// Paterson-Stockmeyer: a level for each doubling of the degree, each brings the scale back to about itself.
void Simulation::polynomial_stage(std::size_t i, const Magnitudes::PerStage& m, Value& v) {
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

/// Each polynomial as above; what its errors come to behind the gate is measured (gate_model.h).
void Simulation::gated_stage(std::size_t i, Value& v) {
  const auto& slopes = largest_.gate_slopes[i];
  amplify(v, slopes.front());
  const Stage& stage = stages_[i];
  for (std::size_t p = 0; p <= stage.coefficients.size(); ++p) {
    const bool product = p == stage.coefficients.size();
    const std::size_t degree = product ? 1 : stage.coefficients[p].size() - 1;
    const auto depth = static_cast<std::size_t>(std::ceil(std::log2(static_cast<double>(degree + 1))));
    for (std::size_t d = 0; d < depth; ++d) {
      need(v, kGateValue * std::exp2(guess_.prime_bits));
      ++v.dropped;
      // An error on the way to T_n is doubled by every doubling of n.
      const double behind = product ? 1 : slopes[p + 1] * std::exp2(static_cast<double>(depth - 1 - d));
      add_noise(v, kGateNoise * behind * units_.key_switch);
    }
  }
  if (std::abs(v.scale - guess_.prime_bits) > 1.5) fits_ = false;
}

bool Simulation::number_levels(Schedule& schedule) const {
  const Value& last = values_.back();
  const std::size_t limbs = last.dropped + 1;
  for (auto& s : schedule.stages) {
    s.limbs = limbs - s.limbs;
    s.activation_limbs = limbs - s.activation_limbs;
  }
  for (const auto& [dropped, bits] : needs_) {
    const auto left = static_cast<double>(limbs - dropped - 1);
    if (bits > guess_.base_bits + left * guess_.prime_bits + kRounding) return false;
  }
  // The reply is read at one limb: everything must have come down to q[0].
  if (last.scale > widest_reply() + kRounding) return false;
  schedule.q_bits.assign(limbs, static_cast<int>(guess_.prime_bits));
  schedule.q_bits[0] = static_cast<int>(guess_.base_bits);
  schedule.log_degree = guess_.log_degree;
  schedule.logit_error = std::sqrt(last.variance);
  schedule.noise = std::sqrt(last.noise);
  for (std::size_t i = 0; i < stages_.size(); ++i) schedule.stage_errors.push_back(std::sqrt(values_[i + 1].variance));
  return fits_;
}

}  // namespace obscura::compile
