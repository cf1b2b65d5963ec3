#include "compile/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "compile/batched.h"
#include "compile/diagonals.h"
#include "compile/left_sums.h"
#include "compile/magnitudes.h"
#include "compile/packed.h"
#include "compile/schedule.h"
#include "program/scales.h"

namespace obscura::compile {
namespace {

/// What parameters are searched for.
struct Searched {
  const Magnitudes& magnitudes;
  int min_log_degree;
  double eased = 1;  ///< so many times the wanted error is taken
};

Schedule schedule_for(const Searched& searched, const std::vector<Stage>& stages, const CompileOptions& options,
                      const Shown& shown) {
  ScheduleOptions wanted{options.mode, searched.eased * options.relative_error};
  wanted.min_log_degree = searched.min_log_degree;
  wanted.flooding = shown.flooding;
  wanted.shown_error = shown.error;
  wanted.finest = shown.finest;
  return find_schedule(stages, searched.magnitudes, wanted);
}

/// The standard deviation that switching the reply to 2^bits adds to a logit.
double reply_error(const ClientSpec& client, const ckks::Context& context, double scale, int bits) {
  const auto n = static_cast<double>(context.degree());
  const double q0 = static_cast<double>(context.q(0).value());
  const double unit = std::sqrt((1 + 2 * n / 3) / 12) * std::sqrt(n / static_cast<double>(client.reply_gap));
  return unit * client.output_factor * q0 / (std::exp2(bits) * scale);
}

/// The fewest bits of a reply whose rounding stays under `wanted`.
int reply_bits(const ClientSpec& client, const ckks::Context& context, double scale, double wanted) {
  const int most = context.q(0).modulus().bits() - 1;
  for (int bits = 16; bits < most; ++bits) {
    if (reply_error(client, context, scale, bits) <= wanted) return bits;
  }
  return most;
}

/// Fills in the client's part but for layouts.
void describe_client(const nn::Graph& graph, const CompileOptions& options, Program& program) {
  ClientSpec& client = program.client;
  client.mode = options.mode;
  client.network = graph.name;
  client.parameters = ckks::make_parameters(program.schedule.log_degree, program.schedule.q_bits,
                                            program.schedule.p_bits, program.schedule.digit_size);
  client.input = graph.input_shape();
  if (graph.chunks) client.chunks = {*graph.chunks, options.policy, 1, options.score, options.threshold};
  client.preprocessing = graph.preprocessing;
  client.input_scale = std::exp2(program.schedule.input_bits);
  client.input_limbs = program.schedule.limbs();
  client.outputs = graph.output_shape().size();
  client.logit_error = program.schedule.logit_error;
  client.noise = program.schedule.noise;
  client.fit_error = graph.origin.fit_error;
  client.head = graph.head;
}

/// Images side by side: as asked, or the number that makes the most images a second by prediction.
std::size_t choose_images(const program::StagedNetwork& network, const ckks::Context& context,
                          const CompileOptions& options, const Program& program) {
  if (network.merge) return choose_width(network, context, program);
  if (options.images_per_ciphertext != 0) return options.images_per_ciphertext;
  const std::size_t input = network.arrangement ? network.arrangement->shape.size() : program.client.input.size();
  std::size_t best = 1;
  double best_rate = 0;
  for (std::size_t images = 1; images <= context.slots() / std::bit_ceil(input); images *= 2) {
    // As many as leave no room for the outputs are too many.
    if (images > 1 && network.stages.back().output.size() > context.slots() / images) break;
    Program tried;
    tried.client = program.client;
    tried.schedule = program.schedule;
    plan_packed(network, context, {images, options.share == 0, options.windows}, tried);
    const double rate = static_cast<double>(images) / tried.microseconds;
    if (rate <= best_rate) break;
    best_rate = rate;
    best = images;
  }
  return best;
}

/// Whether how large values get is known of real images.
bool is_calibrated(const nn::Graph& graph, const program::StagedNetwork& network, const CompileOptions& options) {
  return !options.samples.empty() || from_numbers(network, graph.calibration).has_value();
}

void check_images(std::size_t images, const ckks::Context& context) {
  if (images != 0 && std::has_single_bit(images) && images <= context.slots() / 2) return;
  if (images == 0) return;
  throw ParameterError(std::to_string(images) + " images a ciphertext: expected a power of two up to " +
                       std::to_string(context.slots() / 2));
}

/// As many bits as answers need.
void choose_reply(const CompileOptions& options, const ckks::Context& context, const Magnitudes& magnitudes,
                  double scale, Program& program) {
  ClientSpec& client = program.client;
  double wanted =
      std::max(client.logit_error / 2, options.relative_error * magnitudes.stages.back().activation_max / 8);
  if (options.share > 0) wanted = client.noise / 4;
  client.reply_bits = reply_bits(client, context, scale, wanted);
  const double reply = reply_error(client, context, scale, client.reply_bits);
  client.logit_error = std::hypot(client.logit_error, reply);
  client.noise = std::hypot(client.noise, reply);
  client.reply_scale = std::ldexp(scale / static_cast<double>(context.q(0).value()), client.reply_bits);
}

Weighed weighed_batched(const Budget& budget, const Program& program) {
  const Sizes s = sizes(program);
  return {budget.holds(s), 0, s.keys, s.server};
}

/// What rounding adds that the schedule, which knows no layouts, does not know of. False where that is more than is
/// wanted, and then nothing is added.
bool add_left_error(const Magnitudes& magnitudes, const ckks::Context& context, double wanted, Program& program) {
  const std::size_t stages = program.packed.size();
  const double unit = left_error(program, std::sqrt(static_cast<double>(context.degree()) / 12));
  if (unit == 0) return true;
  const double error = unit * magnitudes.stages[stages - 2].activation_rms;
  const double all = std::hypot(program.client.logit_error, error);
  constexpr double kLittle = 1.25;
  if (all > std::max(wanted, kLittle * program.client.logit_error)) return false;
  program.client.logit_error = all;
  if (!program.schedule.stage_errors.empty()) {
    double& last = program.schedule.stage_errors.back();
    last = std::hypot(last, error);
  }
  return true;
}

/// The errors that a plan will have with these scales. False where what rounding adds is more than is wanted.
bool set_errors(const program::StagedNetwork& network, const Magnitudes& magnitudes, const ckks::Context& context,
                const CompileOptions& options, const std::vector<StageScales>& scales, Program& program) {
  for (std::size_t i = 0; i < scales.size(); ++i) {
    program.packed[i].schedule = program.schedule.stages[i];
    program.packed[i].scales = scales[i];
  }
  predict_errors(network.stages, with_diagonals(magnitudes, program), Mode::packed, program.schedule);
  program.client.logit_error = program.schedule.logit_error;
  program.client.noise = program.schedule.noise;
  return add_left_error(magnitudes, context, options.relative_error * magnitudes.stages.back().activation_max, program);
}

void explain_errors(const Magnitudes& magnitudes, const CompileOptions& options, Program& program) {
  const double wanted = options.relative_error * magnitudes.stages.back().activation_max;
  if (program.client.logit_error <= std::max(options.relative_error, wanted)) return;
  program.schedule.reasons.push_back(fmt::format(
      "in these layouts a logit is off by {:.2g}: a rounded diagonal has an error also where it holds no weight",
      program.client.logit_error));
}

/// The packed plan of a schedule that was found.
void plan_with_errors(const program::StagedNetwork& network, const Magnitudes& magnitudes, const ckks::Context& context,
                      const CompileOptions& options, const std::vector<StageScales>& scales, Program& program) {
  check_images(options.images_per_ciphertext, context);
  const std::size_t width = choose_images(network, context, options, program);
  const auto plan = [&](bool gaps) {
    plan_packed(network, context, {width, gaps, options.windows}, program);
    return set_errors(network, magnitudes, context, options, scales, program);
  };
  if (!plan(options.share == 0)) plan(false);
  explain_errors(magnitudes, options, program);
}

Plan planned_with(Schedule schedule, const nn::Graph& graph, program::StagedNetwork network,
                  const Magnitudes& magnitudes, const CompileOptions& options) {
  Program program;
  if (is_calibrated(graph, network, options)) {
    program.client.logit_range = message::kLogitHeadroom * magnitudes.stages.back().activation_max;
  }
  program.schedule = std::move(schedule);
  describe_client(graph, options, program);
  ClientSpec& client = program.client;
  const auto context = ckks::Context::create(client.parameters);
  Weighed weighed;
  const auto scales = all_scales(network.stages, program.schedule, *context, client.input_scale);
  if (options.mode == Mode::packed) {
    plan_with_errors(network, magnitudes, *context, options, scales, program);
    weighed = weigh_rotations(*context, options.budget, program);
  } else {
    plan_batched(std::move(network), *context, program);
    for (std::size_t i = 0; i < scales.size(); ++i) program.batched[i].scales = scales[i];
    weighed = weighed_batched(options.budget, program);
  }
  choose_reply(options, *context, magnitudes, scales.back().after_activation, program);
  client.zeros_between =
      options.mode == Mode::packed && program.packed.back().stage.activation == Stage::Activation::none;
  return {std::move(program), weighed};
}

/// Whether layouts and keys of one are those of the other.
bool same_levels(const Schedule& a, const Schedule& b) {
  const auto same = [](const StageSchedule& s, const StageSchedule& t) {
    return std::tie(s.limbs, s.rescales_after_map, s.activation_limbs, s.rescales_after_activation,
                    s.relinearize_after_rescale) == std::tie(t.limbs, t.rescales_after_map, t.activation_limbs,
                                                             t.rescales_after_activation, t.relinearize_after_rescale);
  };
  return std::tie(a.log_degree, a.digit_size) == std::tie(b.log_degree, b.digit_size) &&
         a.p_bits.size() == b.p_bits.size() && std::ranges::equal(a.stages, b.stages, same);
}

/// A plan with other scales, where they leave its layouts and keys as they are: those take seconds to search. Nothing
/// where they do not, or where the pieces of a picture are part of the client's description.
std::optional<Plan> rescaled(const Plan& plan, Schedule schedule, const nn::Graph& graph,
                             const program::StagedNetwork& network, const Magnitudes& magnitudes,
                             const CompileOptions& options) {
  if (graph.chunks || !same_levels(plan.program.schedule, schedule)) return {};
  Plan result = plan;
  Program& program = result.program;
  program.schedule = std::move(schedule);
  describe_client(graph, options, program);
  const auto context = ckks::Context::create(program.client.parameters);
  const auto scales = all_scales(network.stages, program.schedule, *context, program.client.input_scale);
  if (!set_errors(network, magnitudes, *context, options, scales, program)) return {};
  explain_errors(magnitudes, options, program);
  result.weighed = weigh_rotations(*context, options.budget, program);
  choose_reply(options, *context, magnitudes, scales.back().after_activation, program);
  return result;
}

constexpr const char* kOffer = "fewer primes would do if logits may be less precise: ";

/// What a layout may make of the wanted error: 2^-9 of the largest logit where 2^-11 is wanted.
constexpr double kAccepted = 4;

/// The error of a logit over the wanted one.
double excess_of(const Plan& plan, const Magnitudes& magnitudes, const CompileOptions& options) {
  const double wanted = options.relative_error * std::max(magnitudes.stages.back().activation_max, 1.0);
  return plan.program.client.logit_error / wanted;
}

/// The most precise plan of as few primes as the first search finds, or the fewest that reach what is accepted.
Plan precise_plan(int min_log_degree, const Subject& subject, const CompileOptions& options, const Shown& shown) {
  const auto& [graph, network, magnitudes] = subject;
  Plan plan = planned_with(schedule_for({magnitudes, min_log_degree}, network.stages, options, shown), graph, network,
                           magnitudes, options);
  const double excess = excess_of(plan, magnitudes, options);
  if (options.mode == Mode::batched || excess <= 1) return plan;
  try {
    const Magnitudes laid_out = with_diagonals(magnitudes, plan.program);
    const Schedule schedule = schedule_for({laid_out, min_log_degree, kAccepted}, network.stages, options, shown);
    auto again = rescaled(plan, schedule, graph, network, magnitudes, options);
    Plan finer = again ? *std::move(again) : planned_with(schedule, graph, network, magnitudes, options);
    const auto limbs = [](const Plan& p) { return p.program.schedule.limbs() << p.program.schedule.log_degree; };
    const bool holds = finer.weighed.fits || !plan.weighed.fits;
    const bool better = finer.program.client.logit_error < plan.program.client.logit_error;
    if (holds && better && (excess > kAccepted || limbs(finer) <= limbs(plan))) return finer;
  } catch (const UnsupportedError&) {
    // No ring is as precise as that: what there is says how precise it is.
  }
  return plan;
}

}  // namespace

Plan planned_in(int min_log_degree, const Subject& subject, const CompileOptions& options, const Shown& shown) {
  Plan plan = precise_plan(min_log_degree, subject, options, shown);
  const double excess = excess_of(plan, subject.magnitudes, options);
  if (options.mode == Mode::batched || options.share > 0 || excess <= kAccepted) return plan;
  // What is wanted is missed: a longer chain is not taken for a hair less.
  constexpr double kAlike = 1.1;
  const Magnitudes laid_out = with_diagonals(subject.magnitudes, plan.program);
  const Schedule schedule =
      schedule_for({laid_out, min_log_degree, kAlike * excess}, subject.network.stages, options, shown);
  if (schedule.limbs() << schedule.log_degree >= plan.program.schedule.limbs() << plan.program.schedule.log_degree) {
    return plan;
  }
  Plan shorter = planned_with(schedule, subject.graph, subject.network, subject.magnitudes, options);
  const bool alike = excess_of(shorter, subject.magnitudes, options) <= kAlike * excess;
  return alike && (shorter.weighed.fits || !plan.weighed.fits) ? shorter : plan;
}

std::string cheaper_text(const Program& program) {
  const auto& reasons = program.schedule.reasons;
  const auto at = std::ranges::find_if(reasons, [](const std::string& r) { return r.starts_with(kOffer); });
  return at == reasons.end() ? std::string() : *at;
}

void offer_less(const Subject& subject, const CompileOptions& options, Program& program) {
  constexpr int kDeep = 15;  // smaller rings are quick, and searching is not free
  constexpr double kMuch = 0.75;
  const Schedule& taken = program.schedule;
  if (options.mode == Mode::batched || options.share > 0 || taken.log_degree < kDeep) return;
  const auto size = [](const Schedule& s) { return std::ldexp(static_cast<double>(s.limbs()), s.log_degree); };
  const Magnitudes laid_out = with_diagonals(subject.magnitudes, program);
  for (const int less : {1, 2, 3, 4}) {
    const double bits = -std::log2(options.relative_error) - less;
    if (bits < kLeastPrecisionBits) return;
    const Searched searched{laid_out, ScheduleOptions().min_log_degree, std::exp2(less) * kAccepted};
    const Schedule schedule = schedule_for(searched, subject.network.stages, options, {});
    if (size(schedule) > kMuch * size(taken)) continue;
    program.schedule.reasons.push_back(fmt::format("{}{} at N = 2^{} with --precision-bits {:g}, off by {:.2g}", kOffer,
                                                   schedule.limbs(), schedule.log_degree, bits, schedule.logit_error));
    return;
  }
}

}  // namespace obscura::compile
