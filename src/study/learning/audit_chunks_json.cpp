#include <cmath>
#include <nlohmann/json.hpp>

#include "base/machine.h"
#include "base/version.h"
#include "study/learning/audit_chunks.h"

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

ordered_json guesses_json(const audit::Guesses& guesses, const report::Interval& interval) {
  return {{"accuracy", guesses.accuracy()},
          {"interval", {interval.low, interval.high}},
          {"right", guesses.right},
          {"pictures", guesses.tested}};
}

ordered_json attacker_json(const ChunkAttacker& attacker) {
  ordered_json out = guesses_json(attacker.real, attacker.interval);
  out["attack"] = attacker.name;
  out["shuffled"] = guesses_json(attacker.null, attacker.null_interval);
  return out;
}

/// JSON has no infinity: the PSNR of exact chunks is null.
ordered_json quality_json(const audit::ChunkQuality& quality) {
  return {{"psnr", std::isinf(quality.psnr) ? ordered_json() : ordered_json(quality.psnr)}, {"ssim", quality.ssim}};
}

ordered_json drawn_json(const std::optional<audit::Reconstruction>& drawn) {
  if (!drawn) return {};
  ordered_json out = quality_json(drawn->inpainted);
  out["chunks"] = drawn->inpainted.chunks;
  out["mean_of_plain"] = quality_json(drawn->null);
  return out;
}

ordered_json row_json(const ChunkAuditRow& row) {
  ordered_json attackers = ordered_json::array();
  for (const ChunkAttacker& attacker : row.attackers) attackers.push_back(attacker_json(attacker));
  return {{"policy", to_string(row.policy)},
          {"equalised", row.threshold ? ordered_json(row.equalised) : ordered_json()},
          {"threshold", row.threshold ? ordered_json(*row.threshold) : ordered_json()},
          {"chunks_encrypted", row.encrypted},
          {"all_plain", row.all_plain},
          {"all_encrypted", row.all_encrypted},
          {"bytes", {{"mean", row.bytes}, {"upload_min", row.least_bytes}, {"upload_max", row.most_bytes}}},
          {"same_views", row.same_views},
          {"map",
           {{"different", row.map.maps},
            {"plug_in_bits", row.map.plug_in},
            {"bits", row.map.bits},
            {"class_bits", row.map.class_bits},
            {"class_bits_shuffled", row.map.shuffled_bits}}},
          {"class_from", attackers},
          {"inpainting", drawn_json(row.drawn)}};
}

}  // namespace

ordered_json chunk_audit_json(const ChunkAudit& audit, const std::string& command) {
  ordered_json rows = ordered_json::array();
  for (const ChunkAuditRow& row : audit.rows) rows.push_back(row_json(row));
  return {{"kind", "obscura report of chunks"},
          {"format", 1},
          {"version", kVersion},
          {"build", kBuildType},
          {"machine", cpu_model()},
          {"command", command},
          {"dataset", audit.dataset},
          {"pictures", audit.pictures},
          {"duplicates", audit.duplicates},
          {"classes", audit.classes},
          {"chance", audit.chance},
          {"width", audit.cut.picture.width},
          {"height", audit.cut.picture.height},
          {"chunk", {{"width", audit.cut.width}, {"height", audit.cut.height}}},
          {"chunks", audit.cut.count()},
          {"hidden_chunks", audit.hidden},
          {"score", audit.options.wishes.score},
          {"folds", audit.options.folds},
          {"tested_folds", audit.tested_folds},
          {"trees", audit.options.trees},
          {"seed", audit.options.seed},
          {"quick", audit.options.quick},
          {"seconds", audit.seconds},
          {"rows", rows}};
}

}  // namespace obscura::study
