#include "compile/failure_walk.h"
#include "compile/diagonals.h"

#include <algorithm>
#include <cmath>

#include "circuits/polynomial.h"
#include "compile/gate_model.h"

namespace obscura::compile {
namespace {

using program::PackedStage;
using program::Stage;

double square(double x) {
  return x * x;
}

/// Rotations of a sum of them: the copies' errors are in other slots, and so uncorrelated.
double copies_of(const std::vector<std::int64_t>& group) {
  return static_cast<double>(group.size() + 1);
}

/// What is added at a scale.
void add(Variance& v, double unit, double scale) {
  v.all += unit / square(scale);
  v.key += unit / square(scale);
}

void amplify(Variance& v, double factor) {
  v.all *= factor;
  v.key *= factor;
}

/// The largest sizes of a polynomial's derivative on [-x, x], and of what an error in a power (or a T_k) on the way
/// becomes: T_k is k sinh(k t) / sinh(t) at cosh(t), k^2 at 1.
double steepest(const Stage& stage, double x) {
  const bool chebyshev = stage.basis == circuits::Basis::chebyshev;
  const double angle = std::acosh(std::max(x, 1.0));
  double most = 0;
  for (const auto& row : stage.coefficients) {
    double sum = 0;
    for (std::size_t k = 1; k < row.size(); ++k) {
      const auto degree = static_cast<double>(k);
      const double edge = angle < 1e-9 ? degree : std::sinh(degree * angle) / std::sinh(angle);
      sum += std::abs(row[k]) * degree * (chebyshev ? edge : std::pow(std::max(x, 1.0), degree - 1));
    }
    most = std::max(most, sum);
  }
  return most;
}

class Walk {
 public:
  Walk(const program::Program& program, const ErrorUnits& units, const std::vector<StageRange>& ranges)
      : program_(program), client_(program.client), units_(units), ranges_(ranges), stages_(stages_of(program)) {}

  ErrorWalk run() {
    Variance fresh;
    add(fresh, units_.fresh(), client_.input_scale);
    values_.push_back(fresh);
    for (std::size_t i = 0; i < stages_.size(); ++i) values_.push_back(stage(i));
    ErrorWalk walk;
    walk.logit = reply(values_.back());
    walk.values.assign(values_.begin() + 1, values_.end());
    walk.rooms = std::move(rooms_);
    return walk;
  }

 private:
  const program::StageSchedule& schedule(std::size_t i) const {
    return packed() ? program_.packed[i].schedule : program_.batched[i].schedule;
  }
  const program::StageScales& scales(std::size_t i) const {
    return packed() ? program_.packed[i].scales : program_.batched[i].scales;
  }
  bool packed() const { return client_.mode == message::Mode::packed; }

  /// Product of the primes that are dropped below `limbs`.
  double dropped(std::size_t limbs, std::size_t count) const {
    double product = 1;
    for (std::size_t r = 0; r < count; ++r) product *= static_cast<double>(client_.parameters.q[limbs - 1 - r]);
    return product;
  }

  void need(std::size_t limbs, double scale, double largest, const Variance& v) {
    double half = 0.5 / scale;
    for (std::size_t k = 0; k < limbs; ++k) half *= static_cast<double>(client_.parameters.q[k]);
    rooms_.push_back({half - largest, v.all});
  }

  /// What the maps of a stage make of the errors of what they read. The sum over chunks is one of independent errors.
  Variance mapped(std::size_t i) const {
    const bool ends = i + 1 == stages_.size() && stages_[i]->activation == Stage::Activation::none;
    double all = 0, key = 0;
    for (std::size_t t = 0; t < stages_[i]->terms.size(); ++t) {
      const auto& term = stages_[i]->terms[t];
      Variance v = values_[term.value];
      const auto& merge = program_.merge;
      if (merge && merge->value == term.value && merge->kind == program::Merge::Kind::sum) {
        amplify(v, static_cast<double>(merge->count));
      }
      if (packed()) rotate_input(program_.packed[i], t, scales_before(i, t), v);
      const MapNorms& norms = ranges_[i].norms[t];
      const double norm = ends || ranges_[i].errors == Errors::independent ? norms.row : norms.whole;
      all += norm * std::sqrt(v.all), key += norm * std::sqrt(v.key);
    }
    return {square(all), square(key)};
  }

  /// Of what a term of a stage reads.
  double scales_before(std::size_t i, std::size_t t) const {
    return scales(i).after_map * dropped(schedule(i).limbs, schedule(i).rescales_after_map) / scales(i).weights[t];
  }

  /// Sums of rotations that spread an input over empty slots, and the baby steps.
  void rotate_input(const PackedStage& stage, std::size_t t, double scale, Variance& v) const {
    const double turn = units_.key_switch(stage.schedule.limbs);
    for (const auto& group : stage.inputs[t].spread) {
      amplify(v, copies_of(group));
      add(v, static_cast<double>(group.size()) * turn, scale);
    }
    add(v, turn, scale);
  }

  /// Key switches of one output by giant steps, and diagonals of one output.
  static std::pair<double, double> giants_and_diagonals(const PackedStage& stage) {
    if (stage.method == PackedStage::Method::hoisted) {
      return {static_cast<double>(stage.hoisted.giants.size()) + 1, most_diagonals(stage)};
    }
    double giants = 0;
    for (std::size_t o = 0; o < stage.blocks.outputs; ++o) {
      giants = std::max(giants, static_cast<double>(stage.blocks.giants_of(o).size()));
    }
    return {giants + 1, most_diagonals(stage)};
  }

  /// Behind the sum over diagonals of a packed stage: giant steps, rounded diagonals, rescaling and the sums that fold.
  void finish_packed(std::size_t i, double scale, Variance& v) {
    const PackedStage& stage = program_.packed[i];
    const auto [giants, diagonals] = giants_and_diagonals(stage);
    Variance made;
    add(made, giants * units_.key_switch(stage.schedule.limbs), scale);
    const double least = *std::ranges::min_element(stage.scales.weights);
    made.all += diagonals * units_.encoding() * energy(i) / square(least);
    need(stage.schedule.limbs, scale, ranges_[i].left.peak * ranges_[i].map, {v.all + made.all, 0});
    for (std::size_t r = 0; r < stage.schedule.rescales_after_map; ++r)
      add(made, units_.rounding(), scales(i).after_map);
    for (const auto& group : stage.fold) {
      amplify(made, copies_of(group));
      add(made, static_cast<double>(group.size()) * units_.key_switch(stage.schedule.activation_limbs),
          scales(i).after_map);
    }
    // Left to the reply to fold: a logit is so many times the mean of its slots.
    if (stage.unfolded) amplify(made, square(client_.output_factor) / static_cast<double>(client_.reply_gap));
    made.all += units_.encoding() / square(scales(i).after_map);
    v.all += made.all, v.key += made.key;
  }

  /// What rounded diagonals meet: values, and the squares of sums that stand between them.
  double energy(std::size_t i) const {
    double most = 1;
    for (const auto& term : stages_[i]->terms) {
      if (term.value > 0) most = std::max(most, ranges_[term.value - 1].left.energy);
    }
    return most * ranges_[i].energy;
  }

  void finish_batched(std::size_t i, double scale, Variance& v) {
    const auto& s = program_.batched[i].schedule;
    // Integers of so many bits stand for the weights: what rounding leaves of each is the same for every picture.
    const double exact = std::min(scales(i).weights.front(),
                                  std::exp2(program::kIntegerWeightBits) / std::max(stages_[i]->largest(), 1e-12));
    v.all += ranges_[i].row_energy / square(exact) / 12;
    add(v, units_.key_switch(s.limbs), scale);
    need(s.limbs, scale, ranges_[i].map, v);
    for (std::size_t r = 0; r < s.rescales_after_map; ++r) add(v, units_.rounding(), scales(i).after_map);
    if (program_.merge && program_.merge->value == i) {
      add(v, static_cast<double>(client_.chunks->wide) * units_.key_switch(s.activation_limbs), scales(i).after_map);
    }
  }

  Variance stage(std::size_t i) {
    Variance v = mapped(i);
    const double scale = scales(i).after_map * dropped(schedule(i).limbs, schedule(i).rescales_after_map);
    packed() ? finish_packed(i, scale, v) : finish_batched(i, scale, v);
    if (stages_[i]->activation == Stage::Activation::square) square_stage(i, v);
    if (stages_[i]->activation == Stage::Activation::polynomial) polynomial_stage(i, v);
    if (stages_[i]->activation == Stage::Activation::gated) gated_stage(i, v);
    return v;
  }

  /// Batched squares may stay in three parts through the maps that read them.
  bool stays_in_three(std::size_t i) const {
    return std::ranges::any_of(program_.batched, [&](const auto& stage) {
      return !stage.relinearize_before_map &&
             std::ranges::any_of(stage.stage.terms, [&](const auto& term) { return term.value == i + 1; });
    });
  }

  void square_stage(std::size_t i, Variance& v) {
    const auto& s = schedule(i);
    const double scale = square(scales(i).after_map);
    // (m + e)^2 - m^2 = e (2 m + e); the mean square of e^2 is 3 v^2.
    amplify(v, square(ranges_[i].slope + std::sqrt(2 * units_.doubt() * v.all)) + 3 * v.all);
    const bool late = s.rescales_after_activation > 0 && s.relinearize_after_rescale;
    const bool three = late || stays_in_three(i);
    need(s.activation_limbs, scale, square(ranges_[i].left.peak) * ranges_[i].activation, v);
    for (std::size_t r = 0; r < s.rescales_after_activation; ++r) {
      add(v, three ? units_.rounding_three() : units_.rounding(), scales(i).after_activation);
    }
    add(v, units_.key_switch(s.activation_limbs), late ? scales(i).after_activation : scale);
  }

  /// Every product on the way adds a relinearisation and a rescaling, at about the scale that comes out.
  void polynomial_stage(std::size_t i, Variance& v) {
    const Stage& stage = *stages_[i];
    std::size_t degree = 1;
    for (const auto& row : stage.coefficients) degree = std::max(degree, row.size() - 1);
    const double slope = steepest(stage, ranges_[i].map);
    const auto limbs = schedule(i).activation_limbs;
    const auto products = static_cast<double>(degree + circuits::polynomial_depth(degree));
    amplify(v, square(slope));
    add(v, products * square(std::max(slope, 1.0)) * (units_.rounding_three() + units_.key_switch(limbs)),
        scales(i).after_activation);
    need(limbs, square(scales(i).after_activation), ranges_[i].activation, v);
  }

  /// The same of one polynomial after the other; what an error of each comes to behind the gate is measured.
  void gated_stage(std::size_t i, Variance& v) {
    const Stage& stage = *stages_[i];
    const auto slopes = gate_slopes(stage, std::min(ranges_[i].map, 1.0));
    const auto limbs = schedule(i).activation_limbs;
    const double unit = units_.rounding_three() + units_.key_switch(limbs), scale = scales(i).after_activation;
    amplify(v, square(slopes.front()));
    Stage one = stage;
    for (std::size_t p = 0; p < stage.coefficients.size(); ++p) {
      one.coefficients = {stage.coefficients[p]};
      const std::size_t degree = stage.coefficients[p].size() - 1;
      const auto products = static_cast<double>(degree + circuits::polynomial_depth(degree));
      add(v, products * square(slopes[p + 1] * std::max(steepest(one, 1), 1.0)) * unit, scale);
    }
    add(v, unit, scale);
    need(limbs, square(scale), ranges_[i].activation, v);
  }

  Variance reply(Variance v) {
    const double scale = client_.reply_scale / client_.output_factor;
    add(v, units_.averaged_rounding(client_.reply_gap), scale);
    rooms_.push_back({std::exp2(client_.reply_bits - 1) / scale - ranges_.back().activation, v.all});
    return v;
  }

  const program::Program& program_;
  const message::ClientSpec& client_;
  const ErrorUnits& units_;
  const std::vector<StageRange>& ranges_;
  std::vector<const Stage*> stages_;
  std::vector<Variance> values_;
  std::vector<Room> rooms_;
};

}  // namespace

ErrorWalk walk_errors(const program::Program& program, const ErrorUnits& units, const std::vector<StageRange>& ranges) {
  return Walk(program, units, ranges).run();
}

}  // namespace obscura::compile
