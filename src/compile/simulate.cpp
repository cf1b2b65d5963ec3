#include "compile/simulate.h"

#include <cmath>
#include <random>

#include "compile/left_sums.h"
#include "compile/noise.h"

namespace obscura::compile {
namespace {

/// Of a gate within its interval, with room: values beyond it are worthless long before the modulus is full.
constexpr double kLargestGated = 4;

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

Simulator::Simulator(const Program& program, std::uint64_t seed)
    : merge_(program.merge), arrangement_(program.arrangement), client_(program.client), seed_(seed) {
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
    if (stages_[i].activation == Stage::Activation::gated) e.activation_limit = kLargestGated;
    errors_.push_back(e);
  }
  const StageScales& last = packed ? program.packed.back().scales : program.batched.back().scales;
  reply_ = program.client.logit_error > 0
               ? std::exp2(program.schedule.q_bits[0] - program.client.reply_bits) * units.rounding /
                     std::sqrt(static_cast<double>(program.client.reply_gap)) / last.after_activation
               : 0;
  reply_ *= program.client.output_factor;
  left_ = left_error(program, units.weight);
}

namespace {

void add_noise(std::vector<double>& values, double deviation, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  if (deviation <= 0) return;
  for (double& v : values) v += deviation * normal(random);
}

double rms_of(const std::vector<double>& values) {
  double squares = 0;
  for (const double v : values) squares += v * v;
  return std::sqrt(squares / static_cast<double>(values.size()));
}

}  // namespace

void Simulator::advance(Values& values, std::size_t first, std::size_t last, std::mt19937_64& random,
                        Result& result) const {
  const auto check = [&](const std::vector<double>& sums, double limit, std::size_t stage) {
    if (result.overflow < 0 && largest_of(sums) >= limit) result.overflow = static_cast<int>(stage);
  };
  for (std::size_t i = first; i < last; ++i) {
    std::vector<double> sums(stages_[i].output.size(), 0);
    for (const Term& term : stages_[i].terms) {
      const auto part = term.map.apply(values[term.value]);
      for (std::size_t r = 0; r < sums.size(); ++r) sums[r] += part[r];
    }
    check(sums, errors_[i].map_limit, i);
    add_noise(sums, errors_[i].after_map, random);
    apply_activation(stages_[i], sums);
    check(sums, errors_[i].activation_limit, i);
    if (stages_[i].activation != Stage::Activation::none) add_noise(sums, errors_[i].after_activation, random);
    values.push_back(std::move(sums));
  }
}

std::vector<double> Simulator::merge(const std::vector<float>& picture, std::mt19937_64& random, Result& result) const {
  const message::Chunked& chunks = *client_.chunks;
  const auto choice = message::choose_chunks(chunks, picture, client_.preprocessing);
  const bool sums = merge_->kind == program::Merge::Kind::sum;
  const std::size_t wide = sums && client_.mode == Mode::packed ? chunks.wide : 1;
  program::Parts made(sums ? wide : 0);
  const auto run_chunk = [&](std::size_t k, bool encrypted) {
    const auto pixels = cut_chunk(chunks.cut, picture, k);
    Values values{{pixels.begin(), pixels.end()}};
    // What travels in the clear has no noise, and little of it is what matters: it is run like the rest.
    if (encrypted) add_noise(values.front(), fresh_, random);
    advance(values, 0, merge_->value, random, result);
    return std::move(values.back());
  };
  std::size_t next = 0;
  for (const bool encrypted : {true, false}) {
    for (const std::size_t k : encrypted ? choice.encrypted : choice.plain) {
      auto values = run_chunk(k, encrypted);
      if (!sums) {
        made.push_back(std::move(values));
        continue;
      }
      auto& place = made[encrypted ? next++ % wide : 0];
      place.resize(values.size(), 0);
      for (std::size_t i = 0; i < values.size(); ++i) place[i] += values[i];
    }
  }
  std::size_t size = 0;
  for (const auto& part : made) size = std::max(size, part.size());
  std::vector<double> all;
  for (auto& part : made) {
    part.resize(size, 0);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

Simulator::Result Simulator::run(const std::vector<float>& pixels, std::uint64_t image) const {
  std::mt19937_64 random(seed_ * 0x9E3779B97F4A7C15U + image);
  Result result;
  Values values;
  std::size_t first = 0;
  if (merge_) {
    first = merge_->value;
    values.resize(first);
    values.push_back(merge(pixels, random, result));
  } else {
    values.emplace_back(pixels.begin(), pixels.end());
    if (arrangement_) values.front() = arrangement_->of(values.front());
    add_noise(values.front(), fresh_, random);
  }
  advance(values, first, stages_.size(), random, result);
  result.logits = std::move(values.back());
  add_noise(result.logits, reply_, random);
  if (left_ > 0) add_noise(result.logits, left_ * rms_of(values[stages_.back().terms.front().value]), random);
  return result;
}

}  // namespace obscura::compile
