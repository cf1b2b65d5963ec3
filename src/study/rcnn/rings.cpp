#include "study/rcnn/rings.h"

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "ckks/parameters.h"
#include "report/rcnn/paper.h"
#include "search/score_plan.h"
#include "search/trusted_messages.h"
#include "study/rcnn/feature_study.h"

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

constexpr int kFirstLogDegree = 10, kLastLogDegree = 17;
constexpr std::size_t kEmbedded = 64;

ordered_json ring_json(const std::string& what, const ckks::Parameters& parameters) {
  const double log_q = ckks::log2_product(parameters.q), log_qp = log_q + ckks::log2_product(parameters.p);
  return {{"what", what},
          {"log_n", parameters.log_degree},
          {"log_q", log_q},
          {"log_qp", log_qp},
          {"security_bits", ckks::estimate_security_bits(parameters.log_degree, log_qp)}};
}

}  // namespace

std::size_t ring_for(int modulus_bits) {
  for (int log = kFirstLogDegree; log <= kLastLogDegree; ++log) {
    if (ckks::max_log_qp(log, 128) >= modulus_bits) return std::size_t{1} << log;
  }
  throw ParameterError("no ring of the security table has a modulus of " + std::to_string(modulus_bits) + " bits");
}

ordered_json rings_json() {
  ordered_json rings = ordered_json::array();
  rings.push_back(ring_json("a picture, mode trusted", search::trusted_parameters()));
  rings.push_back(ring_json("codes of 600 bits, mode blind-features",
                            search::plan_scores(search::VectorKind::code, kSelectedFeatures).parameters));
  rings.push_back(ring_json("vectors of 64 numbers, mode blind-features",
                            search::plan_scores(search::VectorKind::unit, kEmbedded).parameters));
  return {{"rings", rings},
          {"smallest_ring", std::size_t{1} << kFirstLogDegree},
          {"smallest_ring_bits", ckks::max_log_qp(kFirstLogDegree, 128)},
          {"ring_for_modulus", ring_for(report::rcnn_paper::kModulusBits)},
          {"ring_for_large_modulus", ring_for(report::rcnn_paper::kLargeModulusBits)}};
}

}  // namespace obscura::study
