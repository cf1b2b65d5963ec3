#include <nlohmann/json.hpp>

#include "base/version.h"
#include "study/audit/randomness_report.h"

namespace obscura::study {
namespace {

using Json = nlohmann::ordered_json;

Json source_json(const SourceAudit& source) {
  const auto& v = source.verdict;
  Json guilty = Json::array();
  for (const auto i : v.guilty) guilty.push_back(v.variants[i].variant.text());
  return {{"source", source.name},
          {"how", source.how},
          {"sequences", source.p.size()},
          {"looks_random", v.looks_random()},
          {"too_short", source.too_short()},
          {"false_alarm_rate", randomness::kFalseAlarms},
          {"hypotheses", v.hypotheses},
          {"smallest", v.smallest},
          {"guilty", std::move(guilty)},
          {"failing", v.failing},
          {"failing_by_chance", v.failing_by_chance},
          {"seconds", source.seconds}};
}

Json verdict_json(const SourceAudit& source, const randomness::VariantVerdict& v) {
  Json json = {{"source", source.name},     {"test", to_string(v.variant.test)},
               {"variant", v.variant.name}, {"verdict", to_string(v.standing)},
               {"sequences", v.sequences},  {"passed", v.passed}};
  if (v.sequences == 0) return json;
  json["proportion"] = v.proportion();
  json["low"] = v.low;
  json["high"] = v.high;
  json["uniformity"] = v.uniformity ? Json(*v.uniformity) : Json(nullptr);
  json["failures_p"] = v.failures_p;
  json["spread_p"] = v.spread_p;
  return json;
}

Json results_json(const RandomnessAudit& audit, const SourceAudit& source) {
  Json results = Json::array();
  for (std::size_t s = 0; s < source.p.size(); ++s) {
    for (std::size_t v = 0; v < audit.variants.size(); ++v) {
      const auto& p = source.p[s][v];
      Json& one = results.emplace_back(Json{{"source", source.name},
                                            {"sequence", s},
                                            {"test", to_string(audit.variants[v].test)},
                                            {"variant", audit.variants[v].name},
                                            {"p", p ? Json(*p) : Json(nullptr)}});
      if (!p) one["reason"] = source.reasons[v];
    }
  }
  return results;
}

}  // namespace

Json randomness_json(const RandomnessAudit& audit, const std::string& command) {
  Json sources = Json::array(), verdicts = Json::array(), results = Json::array();
  for (const auto& source : audit.sources) {
    sources.push_back(source_json(source));
    for (const auto& v : source.verdict.variants) verdicts.push_back(verdict_json(source, v));
    for (auto& one : results_json(audit, source)) results.push_back(std::move(one));
  }
  return {{"kind", "randomness"},
          {"format", 1},
          {"version", kVersion},
          {"command", command},
          {"bits", audit.options.bits},
          {"alpha", audit.options.alpha},
          {"parameters", audit.options.nist_program ? "nist-program" : "standard"},
          {"caution", randomness_caution()},
          {"seconds", audit.seconds},
          {"sources", std::move(sources)},
          {"verdicts", std::move(verdicts)},
          {"results", std::move(results)}};
}

}  // namespace obscura::study
