#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "ckks/flooding.h"
#include "compile/batched.h"
#include "compile/compile.h"
#include "compile/depth.h"
#include "compile/diagonals.h"
#include "compile/failure.h"
#include "compile/left_sums.h"
#include "compile/magnitudes.h"
#include "compile/packed.h"
#include "compile/schedule.h"
#include "compile/stages.h"
#include "nn/reference.h"
#include "program/program_wire.h"
#include "program/scales.h"
#include "program/validate.h"

namespace obscura::compile {
namespace {

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
  std::size_t best = 1;
  double best_rate = 0;
  for (std::size_t images = 1; images <= context.slots() / std::bit_ceil(program.client.input.size()); images *= 2) {
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

/// What flooding multiplies the noise by where answers are shown, every logit of each; 0 where none are.
double flooding_of(const nn::Graph& graph, const CompileOptions& options) {
  return options.share == 0 ? 0 : ckks::flooding_factor(options.share * graph.output_shape().size());
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

/// What answers that are shown ask of a program: noise that can be multiplied by so much and comes to no more than this
/// part of the largest logit.
struct Shown {
  double flooding = 0, error = 1;
  bool finest = false;  ///< where that takes the longer search
};

/// A program, and what came of weighing its rotations.
struct Plan {
  Program program;
  Weighed weighed;
};

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

/// What a layout may make of the wanted error: 2^-9 of the largest logit where 2^-11 is wanted.
constexpr double kAccepted = 4;

/// The error of a logit over the wanted one.
double excess_of(const Plan& plan, const Magnitudes& magnitudes, const CompileOptions& options) {
  const double wanted = options.relative_error * std::max(magnitudes.stages.back().activation_max, 1.0);
  return plan.program.client.logit_error / wanted;
}

/// Parameters are searched before there are layouts, which make errors larger: then once more, with the fan-ins that
/// the layouts have, for the most precise parameters of as many primes, or the fewest that reach what is accepted.
Plan planned_in(int min_log_degree, const nn::Graph& graph, const program::StagedNetwork& network,
                const Magnitudes& magnitudes, const CompileOptions& options, const Shown& shown) {
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

/// Whether a ring of twice the size may be the better plan: it has room for more special primes, and so for fewer
/// digits and smaller keys.
bool is_larger_ring_tried(const Plan& plan, const CompileOptions& options) {
  constexpr std::size_t kManyDigits = 6;
  const auto& schedule = plan.program.schedule;
  if (options.mode != Mode::packed || schedule.log_degree >= ScheduleOptions().max_log_degree) return false;
  return !plan.weighed.fits || schedule.limbs() > kManyDigits * schedule.digit_size;
}

/// The better one of two rings where that is in question. Throws UnsupportedError where neither holds the budget.
Program planned(const nn::Graph& graph, const program::StagedNetwork& network, const Magnitudes& magnitudes,
                const CompileOptions& options, const Shown& shown) {
  Plan plan = planned_in(ScheduleOptions().min_log_degree, graph, network, magnitudes, options, shown);
  Weighed all = plan.weighed;
  if (is_larger_ring_tried(plan, options)) {
    const int log_degree = plan.program.schedule.log_degree + 1;
    try {
      Plan other = planned_in(log_degree, graph, network, magnitudes, options, shown);
      all.least_keys = std::min(all.least_keys, other.weighed.least_keys);
      all.least_memory = std::min(all.least_memory, other.weighed.least_memory);
      all.fits = all.fits || other.weighed.fits;
      if (other.weighed.fits && (!plan.weighed.fits || other.weighed.weight < plan.weighed.weight)) {
        plan = std::move(other);
        plan.program.schedule.reasons.front() =
            "N = 2^" + std::to_string(log_degree) + ": 2^" + std::to_string(log_degree - 1) +
            " is large enough, but its plan was worse in time, keys and memory together";
      }
    } catch (const UnsupportedError&) {
      // The smaller ring has a plan, of which all.fits tells whether it is one to take.
    }
  }
  if (!all.fits) refuse_budget(graph.name, options.budget, all);
  return std::move(plan.program);
}

/// Of answers that are shown the noise is what is derived, not what is expected: precise enough for that to be hidden.
/// Nothing where the two do not meet.
std::optional<Program> planned_for_showing(const nn::Graph& graph, const program::StagedNetwork& network,
                                           const Magnitudes& magnitudes, const CompileOptions& options, Shown shown) {
  constexpr int kTurns = 6;
  constexpr double kSpare = 1.25;
  double over = 1;
  const double flooding = flooding_of(graph, options);
  for (int turn = 0; turn < kTurns; ++turn) {
    shown.flooding = over * flooding;
    Program program = planned(graph, network, magnitudes, options, shown);
    const double derived = derived_noise(program, magnitudes), expected = program.client.noise;
    if (derived <= over * expected) {
      program.client.noise = std::max(expected, derived);
      return program;
    }
    over = kSpare * derived / expected;
  }
  return std::nullopt;
}

Program planned_for_showing(const nn::Graph& graph, const program::StagedNetwork& network, const Magnitudes& magnitudes,
                            const CompileOptions& options) {
  std::string why = "the noise that is derived stays over what can be hidden";
  for (const Shown shown : {Shown{0, 0x1p-6, false}, Shown{0, 0x1p-6, true}, Shown{0, 0x1p-4, true}}) {
    try {
      auto program = planned_for_showing(graph, network, magnitudes, options, shown);
      if (program) return *std::move(program);
    } catch (const UnsupportedError& e) {
      why = e.what();
    }
  }
  throw UnsupportedError("no parameters hide the noise of " + std::to_string(options.share) + " answers of " +
                         graph.name + " that are shown: " + why + "; show fewer, or the class alone");
}

}  // namespace

std::vector<double> calibration_numbers(const nn::Graph& graph, const std::vector<std::vector<double>>& samples) {
  check_depth(graph);
  const auto network = network_of(nn::fold_batch_norms(graph));
  return to_numbers(measure_magnitudes(network, parts_of(graph, samples)));
}

void check_policy(const nn::Graph& graph, const CompileOptions& options) {
  using message::Policy;
  const auto refuse = [&](const std::string& why) {
    throw UsageError("policy " + message::to_string(options.policy) + " " + why);
  };
  const auto merge = nn::merge_of(graph);
  if (!graph.chunks || !merge) return;
  const bool mean = std::get<nn::Merge>(graph.nodes[*merge].layer).kind == nn::Merge::Kind::mean;
  const bool some = options.policy == Policy::features || options.policy == Policy::hidden;
  if (some && !mean) refuse("needs a network that takes the mean over chunks; " + graph.name + " puts them in order");
  if (!mean && options.mode == Mode::batched) refuse("has no batched layout for chunks in order: use --mode packed");
  if (options.policy == Policy::features && options.mode == Mode::batched) {
    refuse("is packed only, for every picture has other chunks to encrypt: use --mode packed, or --policy hidden");
  }
  if ((options.policy == Policy::hidden) != (graph.chunks->kept != 0)) {
    refuse("contradicts a network that looks at " + std::to_string(graph.chunks->used()) + " of " +
           std::to_string(graph.chunks->count()) + " chunks");
  }
  if (!(options.threshold >= 0 && options.threshold <= kMaxGradient)) {
    refuse("has a threshold outside the gradients that there are, 0 to " +
           std::to_string(static_cast<int>(kMaxGradient)));
  }
  if (options.images_per_ciphertext > 1)
    refuse("chooses the chunks side by side itself: leave --images-per-ciphertext out");
}

Program compile(const nn::Graph& graph, const CompileOptions& options, Magnitudes* sizes) {
  check_depth(graph);
  check_policy(graph, options);
  const program::StagedNetwork network = network_of(nn::fold_batch_norms(graph));
  if (network.stages.empty()) throw UnsupportedError("the network " + graph.name + " computes nothing");
  const Magnitudes magnitudes = magnitudes_of(graph, network, options.samples);
  Program program = options.share > 0 ? planned_for_showing(graph, network, magnitudes, options)
                                      : planned(graph, network, magnitudes, options, {});
  validate(program, magnitudes, *ckks::Context::create(program.client.parameters));
  program.client.program = digest_of(program);
  if (sizes != nullptr) *sizes = magnitudes;
  return program;
}

}  // namespace obscura::compile
