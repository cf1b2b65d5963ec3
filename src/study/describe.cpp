#include "study/describe.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace obscura::study {
namespace {

double to_tenths(double value) {
  return std::round(value * 10) / 10;
}

}  // namespace

std::string mode_name(message::Mode mode) {
  return mode == message::Mode::packed ? "packed" : "batched";
}

nlohmann::ordered_json chunked_json(const message::ClientSpec& client) {
  if (!client.chunks) return nullptr;
  using nlohmann::ordered_json;
  const message::Chunked& chunks = *client.chunks;
  const bool features = chunks.policy == message::Policy::features;
  return {{"count", chunks.cut.count()},
          {"width", chunks.cut.width},
          {"height", chunks.cut.height},
          {"looked_at", chunks.cut.used()},
          {"side_by_side", chunks.wide},
          {"policy", message::to_string(chunks.policy)},
          {"threshold", features ? ordered_json(chunks.threshold) : ordered_json(nullptr)},
          {"score", features ? ordered_json(to_string(chunks.score)) : ordered_json(nullptr)}};
}

nlohmann::ordered_json parameters_json(const ckks::Parameters& parameters) {
  const double log_q = ckks::log2_product(parameters.q);
  const double log_qp = log_q + ckks::log2_product(parameters.p);
  return {{"log_n", parameters.log_degree},
          {"log_q", to_tenths(log_q)},
          {"log_qp", to_tenths(log_qp)},
          {"security_bits", ckks::estimate_security_bits(parameters.log_degree, log_qp)},
          {"levels", parameters.q.size() - 1},
          {"primes", parameters.q.size()},
          {"special_primes", parameters.p.size()}};
}

}  // namespace obscura::study
