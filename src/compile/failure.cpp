#include "compile/failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "compile/failure_walk.h"
#include "compile/magnitudes.h"
#include "compile/stages.h"

namespace obscura::compile {
namespace {

std::size_t switching_keys(const ClientSpec& client) {
  return client.keys.galois.size() + (client.keys.relin_limbs != 0 ? 1 : 0);
}

/// With bounds that fail with probability exp(-doubt) themselves, at each of their events.
Failure at_doubt(const Program& program, const std::vector<StageRange>& ranges, double tolerance, double doubt) {
  const ErrorUnits units(program.client.parameters, doubt);
  const ErrorWalk walk = walk_errors(program, units, ranges);
  const double degree = std::exp2(program.client.parameters.log_degree);
  Failure failure;
  failure.tolerance = tolerance;
  // The errors that squares see, at two sides of each slot.
  const double events = units.events(switching_keys(program.client)) + degree * static_cast<double>(ranges.size());
  const double doubted = std::clamp(doubt / std::log(2.0) - std::log2(events), 0.0, kMostFailureBits);
  const auto logits = static_cast<double>(program.client.outputs * program.client.images);
  failure.logit_bits = joined_bits(doubted, tail_bits(failure.tolerance, walk.logit.all, logits));
  failure.wrap_bits = doubted;
  for (const Room& room : walk.rooms) {
    failure.wrap_bits = joined_bits(failure.wrap_bits, tail_bits(room.spare, room.variance, degree));
  }
  failure.bits = joined_bits(failure.logit_bits, failure.wrap_bits);
  return failure;
}

}  // namespace

double tail_bits(double distance, double variance, double count) {
  if (!(distance > 0) || !std::isfinite(variance)) return 0;
  if (variance == 0) return kMostFailureBits;
  const double bits = distance * distance / (2 * variance) / std::log(2.0) - 1 - std::log2(count);
  return std::clamp(bits, 0.0, kMostFailureBits);
}

double joined_bits(double a, double b) {
  const double least = std::min(a, b);
  return std::max(0.0, least - std::log2(1 + std::exp2(least - std::max(a, b))));
}

Failure failure_of(const Program& program, const Magnitudes& magnitudes) {
  const auto ranges = stated_ranges(program, magnitudes, 1, Errors::independent);
  const double tolerance =
      std::max(kToleratedErrors * program.client.logit_error, kToleratedPart * magnitudes.stages.back().activation_max);
  Failure best;
  best.tolerance = tolerance;
  // More doubt makes the bounds safer and wider; somewhere between is the best of both.
  for (double doubt = 8; doubt < 1000; doubt *= 1.1) {
    const Failure failure = at_doubt(program, ranges, tolerance, doubt);
    if (failure.bits >= best.bits) best = failure;
  }
  best.error = std::sqrt(walk_errors(program, {program.client.parameters, 0}, ranges).logit.all);
  return best;
}

double derived_noise(const Program& program, const Magnitudes& magnitudes) {
  const auto ranges = stated_ranges(program, magnitudes, message::kLogitHeadroom, Errors::independent);
  return std::sqrt(walk_errors(program, {program.client.parameters, 0}, ranges).logit.key);
}

std::string failure_text(const Failure& failure) {
  // Every stage at its worst, one after the other: of many stages that says nothing any more.
  if (failure.bits < 1 && failure.error > 1000 * failure.tolerance) {
    return fmt::format(
        "failure      no bound on how often a logit is off by more than {:.2g}: the derivation takes every stage at "
        "its worst, and these are too many for it; obscura audit noise measures\n",
        failure.tolerance);
  }
  if (failure.bits < 1) {
    return fmt::format("failure      no bound on how often a logit is off by more than {:.2g}: derived error {:.2g}\n",
                       failure.tolerance, failure.error);
  }
  return fmt::format(
      "failure      a logit off by more than {:.2g}, or a wrap-around anywhere: at most once in 2^{:.0f} queries "
      "(logits "
      "2^{:.0f}, wrap-arounds 2^{:.0f}; derived error {:.2g})\n",
      failure.tolerance, std::floor(failure.bits), std::floor(failure.logit_bits), std::floor(failure.wrap_bits),
      failure.error);
}

}  // namespace obscura::compile
