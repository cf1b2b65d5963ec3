#include <cmath>
#include <nlohmann/json.hpp>

#include "base/version.h"
#include "study/audit/parameters_report.h"

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

/// No number is too large for JSON but infinity.
ordered_json finite(double value) {
  return std::isfinite(value) ? ordered_json(std::round(value * 10) / 10) : ordered_json(nullptr);
}

ordered_json table_json(const security::TableVerdict& t) {
  ordered_json json{{"table", to_string(t.standard)}, {"attacker", to_string(t.attacker)}};
  if (!t.not_for_it.empty()) {
    json["not_for_it"] = t.not_for_it;
    return json;
  }
  json.update({{"row_log_n", t.log_degree}, {"max_log_q_128", t.max_log_q_128}, {"level", t.level}, {"bits", t.bits}});
  return json;
}

ordered_json attack_json(const security::Estimate& e) {
  return {{"attack", to_string(e.attack)},
          {"model", to_string(e.model)},
          {"quantum", is_quantum(e.model)},
          {"bits", finite(e.bits)},
          {"block", e.block},
          {"dimension", e.dimension},
          {"last", e.last},
          {"guessed", e.guessed},
          {"fourier", e.fourier}};
}

ordered_json set_json(const ParameterAudit& set) {
  ordered_json json{{"name", set.name},
                    {"log_n", std::log2(set.lwe.dimension)},
                    {"log_qp", set.lwe.log_q},
                    {"secret", to_string(set.lwe.secret)},
                    {"sigma", set.lwe.error},
                    {"samples", finite(set.lwe.samples)},
                    {"tables", ordered_json::array()},
                    {"attacks", ordered_json::array()}};
  for (const auto& t : set.tables) json["tables"].push_back(table_json(t));
  for (const auto& e : set.attacks) json["attacks"].push_back(attack_json(e));
  json["bits"] = finite(set.cheapest().bits);
  json["meets_128"] = set.meets();
  json["verdict"] = parameter_verdict(set);
  return json;
}

ordered_json toy_json(const ToyDemonstration& toy) {
  return {{"log_n", 3},
          {"log_q", finite(toy.log_q)},
          {"ciphertexts", toy.ciphertexts},
          {"bits_tested", toy.bits},
          {"p_values", toy.p_values},
          {"p_values_at_least_alpha", toy.above},
          {"alpha", toy.alpha},
          {"looks_random", toy.looks_random},
          {"key_recovered", toy.equal()},
          {"seconds", toy.seconds},
          {"read", toy.read},
          {"encrypted", toy.message},
          {"nothing_in_random", toy.random_has_none}};
}

}  // namespace

ordered_json parameters_json(const ParametersAudit& audit, const std::string& command) {
  ordered_json json{{"version", kVersion}, {"command", command}, {"sets", ordered_json::array()}};
  for (const auto& set : audit.sets) json["sets"].push_back(set_json(set));
  json["meets_128"] = audit.sets.empty() ? ordered_json(nullptr) : ordered_json(audit.meets());
  json["toy"] = audit.toy ? toy_json(*audit.toy) : ordered_json(nullptr);
  return json;
}

}  // namespace obscura::study
