#include <nlohmann/json.hpp>

#include "study/learning/convert_network.h"

namespace obscura::study {
namespace {

using Json = nlohmann::ordered_json;

Json share_json(const Share& share) {
  if (share.whole == 0) return nullptr;
  const auto interval = share.interval();
  return {{"part", share.part},
          {"images", share.whole},
          {"share", share.value()},
          {"interval", {interval.low, interval.high}}};
}

Json layers_json(const ConvertedNetwork& out) {
  Json layers = Json::array();
  for (const auto& layer : out.layers) {
    Json one = {{"layer", layer.layer},     {"was", layer.was}, {"least", layer.least},
                {"largest", layer.largest}, {"rms", layer.rms}, {"fit_explains", layer.explained}};
    for (const auto& after : out.result.activations) {
      if (after.layer == layer.layer)
        one["normalised"] = {{"max_abs", after.max_abs}, {"rms", after.rms}, {"p999", after.p999}};
    }
    layers.push_back(std::move(one));
  }
  return layers;
}

Json cost_json(const ConversionCost& cost) {
  if (!cost.problem.empty()) return {{"problem", cost.problem}};
  return {{"log_degree", cost.log_degree},
          {"primes", cost.primes},
          {"predicted_seconds", cost.seconds},
          {"cheaper", cost.cheaper},
          {"simulated", cost.simulated},
          {"lost", cost.lost},
          {"simulated_agreement", share_json(cost.simulated_agreement)}};
}

}  // namespace

nlohmann::ordered_json conversion_json(const ConvertedNetwork& out, const TrainingRun& run) {
  auto json = Json::parse(train::curve_json(out.header, out.result));
  json["network"] = run.out.string();
  json["labelled"] = out.labelled;
  json["layers"] = layers_json(out);
  json["fitted_agreement"] = share_json(out.fitted);
  json["agreement"] = share_json(out.agreement);
  json["original_accuracy"] = share_json(out.original_right);
  json["converted_accuracy"] = share_json(out.converted_right);
  json["encrypted"] = cost_json(out.cost);
  json["minutes"] = out.minutes;
  return json;
}

}  // namespace obscura::study
