#include "compile/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "ckks/flooding.h"
#include "compile/arranged.h"
#include "compile/depth.h"
#include "compile/failure.h"
#include "compile/magnitudes.h"
#include "compile/plan.h"
#include "compile/schedule.h"
#include "compile/stages.h"
#include "program/program_wire.h"
#include "program/validate.h"

namespace obscura::compile {
namespace {

/// What flooding multiplies the noise by where answers are shown, every logit of each; 0 where none are.
double flooding_of(const nn::Graph& graph, const CompileOptions& options) {
  return options.share == 0 ? 0 : ckks::flooding_factor(options.share * graph.output_shape().size());
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
Program planned(const Subject& subject, const CompileOptions& options, const Shown& shown) {
  Plan plan = planned_in(ScheduleOptions().min_log_degree, subject, options, shown);
  Weighed all = plan.weighed;
  if (is_larger_ring_tried(plan, options)) {
    const int log_degree = plan.program.schedule.log_degree + 1;
    try {
      Plan other = planned_in(log_degree, subject, options, shown);
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
  if (!all.fits) refuse_budget(subject.graph.name, options.budget, all);
  offer_less(subject, options, plan.program);
  return std::move(plan.program);
}

/// Of answers that are shown the noise is what is derived, not what is expected: precise enough for that to be hidden.
/// Nothing where the two do not meet.
std::optional<Program> planned_for_showing(const Subject& subject, const CompileOptions& options, Shown shown) {
  constexpr int kTurns = 6;
  constexpr double kSpare = 1.25;
  double over = 1;
  const double flooding = flooding_of(subject.graph, options);
  for (int turn = 0; turn < kTurns; ++turn) {
    shown.flooding = over * flooding;
    Program program = planned(subject, options, shown);
    const double derived = derived_noise(program, subject.magnitudes), expected = program.client.noise;
    if (derived <= over * expected) {
      program.client.noise = std::max(expected, derived);
      return program;
    }
    over = kSpare * derived / expected;
  }
  return std::nullopt;
}

Program planned_for_showing(const Subject& subject, const CompileOptions& options) {
  std::string why = "the noise that is derived stays over what can be hidden";
  for (const Shown shown : {Shown{0, 0x1p-6, false}, Shown{0, 0x1p-6, true}, Shown{0, 0x1p-4, true}}) {
    try {
      auto program = planned_for_showing(subject, options, shown);
      if (program) return *std::move(program);
    } catch (const UnsupportedError& e) {
      why = e.what();
    }
  }
  throw UnsupportedError("no parameters hide the noise of " + std::to_string(options.share) + " answers of " +
                         subject.graph.name + " that are shown: " + why + "; show fewer, or the class alone");
}

}  // namespace

std::vector<double> calibration_numbers(const nn::Graph& graph, const std::vector<std::vector<double>>& samples) {
  check_depth(graph);
  const auto network = network_of(nn::fold_batch_norms(graph));
  return to_numbers(measure_magnitudes(network, parts_of(graph, samples)));
}

double relative_error_of(double precision_bits) {
  if (precision_bits >= kLeastPrecisionBits && precision_bits <= kMostPrecisionBits) return std::exp2(-precision_bits);
  throw UsageError(fmt::format("precision of {:g} bits, expected {:g} to {:g}", precision_bits, kLeastPrecisionBits,
                               kMostPrecisionBits));
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
  relative_error_of(-std::log2(options.relative_error));
  const nn::Graph folded = nn::fold_batch_norms(graph);
  const bool packed = options.mode == Mode::packed;
  const program::StagedNetwork network = packed ? arranged_network_of(folded) : network_of(folded);
  if (network.stages.empty()) throw UnsupportedError("the network " + graph.name + " computes nothing");
  const Magnitudes magnitudes = magnitudes_of(graph, network, options.samples);
  Program program = options.share > 0 ? planned_for_showing({graph, network, magnitudes}, options)
                                      : planned({graph, network, magnitudes}, options, {});
  validate(program, magnitudes, *ckks::Context::create(program.client.parameters));
  program.client.program = digest_of(program);
  if (sizes != nullptr) *sizes = magnitudes;
  return program;
}

}  // namespace obscura::compile
