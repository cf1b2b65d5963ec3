#include "search/score_plan.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"

namespace obscura::search {
namespace {

constexpr int kLogDegree = 12;
constexpr int kDataBits = 48;
constexpr int kSpecialBits = 50;
/// Rotations of the query where they are not all of the period: keys are sent once, 50 KB each.
constexpr std::size_t kBaby = 64;
/// Up to here all rotations are of the query: the fastest.
constexpr std::size_t kAllBaby = 128;
constexpr int kReplyBits = 24;  // or as many more as codes need to be read exactly
constexpr double kSureDeviations = 24;
constexpr double kFreshDeviation = 3.24;  // of an error's coefficient

/// Scores times both scales stay below half of the data prime, with a tenth to spare.
constexpr double kRoomBits = kDataBits - 1 - 0.2;

/// The scales of query and gallery, which share the room, that make the least error.
void share_room(ScorePlan& plan) {
  const double largest = plan.kind == VectorKind::code ? std::log2(static_cast<double>(plan.dimension)) : 0;
  const auto room = static_cast<int>(std::floor(kRoomBits - largest));
  plan.reply_bits = kDataBits;  // what replies add is decided later
  ScorePlan best = plan;
  for (plan.gallery_bits = 10; plan.gallery_bits <= 20; ++plan.gallery_bits) {
    plan.query_bits = room - plan.gallery_bits;
    if (best.gallery_bits == 0 || score_error(plan) < score_error(best)) best = plan;
  }
  plan = best;
}

}  // namespace

std::string to_string(VectorKind kind) {
  return kind == VectorKind::code ? "code" : "unit";
}

VectorKind parse_vector_kind(const std::string& text) {
  for (const VectorKind kind : {VectorKind::code, VectorKind::unit}) {
    if (to_string(kind) == text) return kind;
  }
  throw UsageError("vectors are of kind code or unit, not '" + text.substr(0, 40) + "'");
}

ckks::KeyRequest ScorePlan::keys() const {
  ckks::KeyRequest request;
  for (std::size_t step = 1; step < baby; ++step) request.rotation(static_cast<std::int64_t>(step), 1, degree());
  if (giants() > 1) request.rotation(static_cast<std::int64_t>(baby), 1, degree());
  return request;
}

ScorePlan plan_scores(VectorKind kind, std::size_t dimension) {
  if (dimension == 0) throw ParameterError("vectors of no numbers cannot be compared");
  ScorePlan plan;
  plan.kind = kind;
  plan.dimension = dimension;
  plan.parameters = ckks::make_parameters(kLogDegree, {kDataBits}, {kSpecialBits});
  plan.period = std::bit_ceil(std::max<std::size_t>(dimension, 2));
  if (plan.period > plan.slots()) {
    throw UnsupportedError("vectors of " + std::to_string(dimension) +
                           " numbers are too long to be compared encrypted: " + std::to_string(plan.slots()) +
                           " at most");
  }
  plan.baby = plan.period <= kAllBaby ? plan.period : kBaby;
  share_room(plan);
  plan.reply_bits = kReplyBits;
  if (kind == VectorKind::unit) return plan;
  // Scores of codes are two apart.
  while (plan.reply_bits < kDataBits - 1 && score_bound(plan) >= 1) ++plan.reply_bits;
  if (score_bound(plan) >= 1) {
    throw UnsupportedError("codes of " + std::to_string(dimension) +
                           " bits are too long to be compared exactly: take " + std::to_string(plan.slots() / 2) +
                           " or fewer");
  }
  return plan;
}

double score_error(const ScorePlan& plan) {
  const auto n = static_cast<double>(plan.degree());
  const double squares = plan.kind == VectorKind::code ? static_cast<double>(plan.dimension) : 1;  // of a vector
  // Of a coefficient: dividing by the special prime and switching to the reply's modulus round both parts, and a
  // ternary secret has 2 N / 3 coefficients that are not zero; a key's errors are multiplied by digits below the data
  // prime.
  const double rounding = (1 + 2 * n / 3) / 12;
  const double switching = n * kFreshDeviation * kFreshDeviation * std::exp2(2.0 * (kDataBits - kSpecialBits)) / 12;
  const double query = kFreshDeviation * kFreshDeviation + switching + rounding;
  const double giants = static_cast<double>(plan.giants() - 1) * (switching + rounding);
  const double scale = std::exp2(plan.query_bits + plan.gallery_bits);
  const double reply_scale = scale * std::exp2(plan.reply_bits - kDataBits);
  const double variance = query * squares / std::exp2(2.0 * plan.query_bits) +
                          squares / 12 / std::exp2(2.0 * plan.gallery_bits) + giants / (scale * scale) +
                          rounding / (reply_scale * reply_scale);
  // Half of a slot's error is imaginary.
  return std::sqrt(variance * n / 2);
}

double score_bound(const ScorePlan& plan) {
  return kSureDeviations * score_error(plan);
}

}  // namespace obscura::search
