#include "compile/simulate.h"

#include <cmath>
#include <random>

#include "compile/noise.h"

namespace obscura::compile {
namespace {

NoiseUnits units_of(const Program& program) {
  const Schedule& s = program.schedule;
  double widest = 0;
  for (const int bits : s.q_bits) widest = std::max(widest, static_cast<double>(bits));
  const auto digit = static_cast<double>(s.digit_size);
  return {s.log_degree, program.client.mode, std::ceil(static_cast<double>(s.limbs()) / digit), digit * widest,
          digit * s.p_bits.at(0)};
}

/// Weights as their encoding leaves them: rounded to integers, or with the slot error of a rounded polynomial.
void perturb(Stage& stage, const StageScales& scales, Mode mode, double unit, std::mt19937_64& random) {
  std::normal_distribution<double> normal(0, unit);
  for (std::size_t k = 0; k < stage.terms.size(); ++k) {
    const double scale = scales.weights[k];
    const double exact = std::min(scale, std::exp2(kIntegerWeightBits) / std::max(stage.largest(), 1e-12));
    for (auto& row : stage.terms[k].map.rows) {
      row.change_values([&](double value) {
        return mode == Mode::batched ? std::round(value * exact) / exact : value + normal(random) / scale;
      });
    }
  }
}

/// Values below half the modulus of the first `limbs` primes, at this scale.
double limit_of(const Schedule& schedule, std::size_t limbs, double scale) {
  double bits = -1;
  for (std::size_t i = 0; i < limbs; ++i) bits += schedule.q_bits[i];
  return std::exp2(bits) / scale;
}

double largest_of(const std::vector<double>& values) {
  double most = 0;
  for (const double v : values) most = std::isfinite(v) ? std::max(most, std::abs(v)) : INFINITY;
  return most;
}

}  // namespace

Simulator::Simulator(const Program& program, std::uint64_t seed) : seed_(seed) {
  const NoiseUnits units = units_of(program);
  std::mt19937_64 random(seed);
  for (const auto& stage : program.packed) {
    stages_.push_back(stage.stage);
    perturb(stages_.back(), stage.scales, Mode::packed, units.weight, random);
  }
  for (const auto& stage : program.batched) {
    stages_.push_back(stage.stage);
    perturb(stages_.back(), stage.scales, Mode::batched, units.weight, random);
  }
  measure(program);
}

void Simulator::measure(const Program& program) {
  const NoiseUnits units = units_of(program);
  const bool packed = program.client.mode == Mode::packed;
  fresh_ = units.fresh / program.client.input_scale;
  double before_map = 1;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const StageSchedule& s = program.schedule.stages[i];
    const StageScales& scales = packed ? program.packed[i].scales : program.batched[i].scales;
    before_map = scales.after_map;
    for (std::size_t r = 0; r < s.rescales_after_map; ++r) {
      before_map *= std::exp2(program.schedule.q_bits[s.limbs - 1 - r]);
    }
    StageErrors e;
    e.after_map = packed ? 2 * units.key_switch / before_map : 0;
    if (s.rescales_after_map > 0) e.after_map = std::hypot(e.after_map, units.rounding / scales.after_map);
    e.after_activation = units.key_switch / scales.after_activation;
    e.map_limit = limit_of(program.schedule, s.limbs, before_map);
    const bool square = stages_[i].activation == Stage::Activation::square;
    e.activation_limit =
        square ? limit_of(program.schedule, s.activation_limbs, scales.after_map * scales.after_map) : e.map_limit;
    errors_.push_back(e);
  }
  const StageScales& last = packed ? program.packed.back().scales : program.batched.back().scales;
  reply_ = program.client.logit_error > 0
               ? std::exp2(program.schedule.q_bits[0] - program.client.reply_bits) * units.rounding /
                     std::sqrt(static_cast<double>(program.client.reply_gap)) / last.after_activation
               : 0;
}

Simulator::Result Simulator::run(const std::vector<float>& pixels, std::uint64_t image) const {
  std::mt19937_64 random(seed_ * 0x9E3779B97F4A7C15U + image);
  std::normal_distribution<double> normal;
  const auto add_noise = [&](std::vector<double>& values, double deviation) {
    if (deviation <= 0) return;
    for (double& v : values) v += deviation * normal(random);
  };
  Result result;
  const auto check = [&](const std::vector<double>& values, double limit, std::size_t stage) {
    if (result.overflow < 0 && largest_of(values) >= limit) result.overflow = static_cast<int>(stage);
  };
  std::vector<std::vector<double>> values{{pixels.begin(), pixels.end()}};
  add_noise(values.front(), fresh_);
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    std::vector<double> sums(stages_[i].output.size(), 0);
    for (const Term& term : stages_[i].terms) {
      const auto part = term.map.apply(values[term.value]);
      for (std::size_t r = 0; r < sums.size(); ++r) sums[r] += part[r];
    }
    check(sums, errors_[i].map_limit, i);
    add_noise(sums, errors_[i].after_map);
    apply_activation(stages_[i], sums);
    check(sums, errors_[i].activation_limit, i);
    if (stages_[i].activation != Stage::Activation::none) add_noise(sums, errors_[i].after_activation);
    values.push_back(std::move(sums));
  }
  result.logits = std::move(values.back());
  add_noise(result.logits, reply_);
  return result;
}

}  // namespace obscura::compile
