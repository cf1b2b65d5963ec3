#include <cmath>
#include <nlohmann/json.hpp>

#include "base/version.h"
#include "study/audit/images.h"

namespace obscura::study {
namespace {

using Json = nlohmann::ordered_json;

Json neighbours_json(const ChannelFigures& channel) {
  Json json = Json::object();
  for (std::size_t k = 0; k < channel.neighbours.size(); ++k) {
    const auto& n = channel.neighbours[k];
    json[to_string(audit::kNeighbours[k])] = {
        {"r", n.r ? Json(*n.r) : Json(nullptr)}, {"pairs", n.pairs}, {"limit", n.limit()}};
  }
  return json;
}

Json picture_json(const PictureFigures& picture) {
  Json channels = Json::array();
  for (const auto& channel : picture.channels) {
    channels.push_back({{"channel", channel.name},
                        {"entropy", channel.entropy},
                        {"largest_entropy", channel.largest_entropy},
                        {"uniform_entropy", channel.uniform_entropy},
                        {"chi2", channel.histogram.chi2},
                        {"p", channel.histogram.enough ? Json(channel.histogram.p) : Json(nullptr)},
                        {"neighbours", neighbours_json(channel)}});
  }
  return {{"file", picture.file.string()},
          {"width", picture.width},
          {"height", picture.height},
          {"notes", picture.notes},
          {"channels", std::move(channels)}};
}

Json against_json(const AgainstPlain& against) {
  return {{"psnr", std::isfinite(against.psnr) ? Json(against.psnr) : Json(nullptr)},
          {"ssim", against.ssim},
          {"correlation", against.correlation},
          {"npcr", against.difference.npcr},
          {"uaci", against.difference.uaci}};
}

Json changed_json(const ChangedFigures& changed) {
  const auto& d = changed.difference;
  Json critical = Json::array();
  for (const double alpha : {0.05, 0.01}) {
    const auto at = audit::critical_values(d.samples, alpha);
    critical.push_back({{"alpha", alpha}, {"npcr", at.npcr}, {"uaci_low", at.uaci_low}, {"uaci_high", at.uaci_high}});
  }
  return {{"file", changed.file.string()},
          {"samples", d.samples},
          {"npcr", d.npcr},
          {"npcr_p", d.npcr_p},
          {"uaci", d.uaci},
          {"uaci_p", d.uaci_p},
          {"critical", std::move(critical)}};
}

Json pair_json(const PairAudit& pair) {
  return {{"plain", picture_json(pair.plain)},
          {"protected", picture_json(pair.guarded)},
          {"against_plain", pair.against ? against_json(*pair.against) : Json(nullptr)},
          {"changed", pair.changed ? changed_json(*pair.changed) : Json(nullptr)},
          {"not_compared", pair.not_compared}};
}

}  // namespace

nlohmann::ordered_json image_audit_json(const ImageAudit& audit, const std::string& command) {
  Json pairs = Json::array(), checks = Json::array();
  for (const auto& pair : audit.pairs) pairs.push_back(pair_json(pair));
  for (const auto& check : audit.checks) {
    checks.push_back({{"picture", check.guarded ? "protected" : "plain"},
                      {"test", check.test},
                      {"passed", check.passed},
                      {"channels", check.of}});
  }
  return {{"kind", "obscura audit images"},
          {"format", 1},
          {"version", kVersion},
          {"command", command},
          {"alpha", kImageAuditAlpha},
          {"checks", std::move(checks)},
          {"pairs", std::move(pairs)},
          {"caution", image_audit_caution()}};
}

}  // namespace obscura::study
