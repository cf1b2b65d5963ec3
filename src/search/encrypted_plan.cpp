#include "search/encrypted_plan.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "base/error.h"
#include "ring/automorphism.h"

namespace obscura::search {
namespace {

constexpr int kLogDegree = 12;
constexpr int kDataBits = 48;
constexpr int kSpecialBits = 50;
/// The deepest tree: what it adds to the noise grows with the numbers of a ciphertext.
constexpr std::size_t kMostLevels = 6;
constexpr std::size_t kMostNumbers = 2048;
/// Of the reply's modulus: unit vectors take kUnitReplyBits, codes as few as read them with room to spare.
constexpr int kFewestReplyBits = 14, kUnitReplyBits = 20, kMostReplyBits = 24;
/// Bounds of a code's score below which more bits of the reply are not worth sending; 1 is where it may be misread.
constexpr double kRoomToSpare = 0.25, kNearBest = 1.1;
constexpr double kSureDeviations = 24;
/// Of a coefficient: centred binomial (ring::sample_error).
constexpr double kFreshVariance = 10.5;
constexpr double kRoundingVariance = 1.0 / 12;

/// Scores times both scales stay below half of the data prime, with a tenth to spare.
constexpr double kRoomBits = kDataBits - 1 - 0.2;

double square(double v) {
  return v * v;
}

/// Of a coefficient, when both parts of a ciphertext are rounded: a ternary secret has 2 N / 3 coefficients that are
/// not zero.
double rounding(double degree) {
  return (1 + 2 * degree / 3) * kRoundingVariance;
}

/// Of a coefficient, by a key switch: a key's errors times digits below the data prime, over the special prime, and the
/// rounding of that division.
double switching(double degree) {
  return degree * kFreshVariance * kRoundingVariance * std::exp2(2.0 * (kDataBits - kSpecialBits)) + rounding(degree);
}

/// What the squares of the N coefficients of the error of one number of the query sum up to.
double query_energy(const EncryptedScorePlan& plan) {
  const auto n = static_cast<double>(plan.degree()), spread = static_cast<double>(plan.spread());
  // Every level adds a switch's error to a sum of two, which doubles what the levels before it have left; of the fresh
  // error only the coefficients that are a multiple of the spread remain.
  return (spread - 1) * n * switching(n) + n / spread * (kFreshVariance + kRoundingVariance);
}

/// The scales of query and gallery, which share the room, that make the least error.
void share_room(EncryptedScorePlan& plan) {
  const double largest = plan.kind == VectorKind::code ? std::log2(static_cast<double>(plan.dimension)) : 0;
  const auto room = static_cast<int>(std::floor(kRoomBits - largest));
  plan.reply_bits = kDataBits;  // what replies add is decided later
  EncryptedScorePlan best = plan;
  for (plan.gallery_bits = 4; plan.gallery_bits <= room - 4; ++plan.gallery_bits) {
    plan.query_bits = room - plan.gallery_bits;
    if (best.gallery_bits == 0 || score_error(plan) < score_error(best)) best = plan;
  }
  plan = best;
}

void check_dimension(std::size_t dimension) {
  if (dimension == 0) throw ParameterError("vectors of no numbers cannot be compared");
  if (dimension > kMostNumbers) {
    throw UnsupportedError("vectors of " + std::to_string(dimension) +
                           " numbers are too long to be compared encrypted: " + std::to_string(kMostNumbers) +
                           " at most");
  }
}

}  // namespace

std::size_t EncryptedScorePlan::numbers(std::size_t piece) const {
  return std::min(spread(), dimension - piece * spread());
}

std::vector<std::int64_t> EncryptedScorePlan::steps() const {
  std::vector<std::int64_t> steps;
  for (std::size_t level = 0; level < levels; ++level) {
    const std::uint64_t element = (degree() >> level) + 1;
    std::int64_t step = 1;
    while (ring::galois_element(step, degree()) != element) ++step;
    steps.push_back(step);
  }
  return steps;
}

ckks::KeyRequest EncryptedScorePlan::keys() const {
  ckks::KeyRequest request;
  for (const std::int64_t step : steps()) request.rotation(step, 1, degree());
  request.relinearisation(1);
  return request;
}

EncryptedScorePlan plan_encrypted_scores(VectorKind kind, std::size_t dimension) {
  check_dimension(dimension);
  EncryptedScorePlan plan;
  plan.kind = kind;
  plan.dimension = dimension;
  plan.parameters = ckks::make_parameters(kLogDegree, {kDataBits}, {kSpecialBits});
  plan.levels = std::min<std::size_t>(kMostLevels, static_cast<std::size_t>(std::bit_width(dimension - 1)));
  share_room(plan);
  plan.reply_bits = kUnitReplyBits;
  if (kind == VectorKind::unit) return plan;
  plan.reply_bits = kMostReplyBits;
  const double enough = std::max(kRoomToSpare, kNearBest * score_bound(plan));
  plan.reply_bits = kFewestReplyBits;
  while (plan.reply_bits < kMostReplyBits && score_bound(plan) > enough) ++plan.reply_bits;
  // Scores of codes are two apart.
  if (score_bound(plan) < 1) return plan;
  throw UnsupportedError("codes of " + std::to_string(dimension) +
                         " bits are too long to be compared exactly in an encrypted gallery: take 1024 or fewer");
}

double score_error(const EncryptedScorePlan& plan) {
  const auto n = static_cast<double>(plan.degree()), numbers = static_cast<double>(plan.dimension);
  const double squares = plan.kind == VectorKind::code ? numbers : 1;  // of a vector
  const double query = query_energy(plan) / square(std::exp2(plan.query_bits));
  const double gallery = (kFreshVariance + kRoundingVariance) / square(std::exp2(plan.gallery_bits));
  const double scale = std::exp2(plan.query_bits + plan.gallery_bits);
  const double reply_scale = scale * std::exp2(plan.reply_bits - kDataBits);
  // The error of a number of the query meets that number of all vectors of a block; a number of the query, which is a
  // constant, meets one coefficient of the gallery's error.
  const double variance = query * squares + gallery * squares + query * gallery * numbers +
                          switching(n) / square(scale) + rounding(n) / square(reply_scale);
  return std::sqrt(variance);
}

double score_bound(const EncryptedScorePlan& plan) {
  return kSureDeviations * score_error(plan);
}

}  // namespace obscura::search
