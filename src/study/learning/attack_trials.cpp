#include "study/learning/attack_trials.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "audit/attack_sheet.h"
#include "base/error.h"
#include "base/file.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

/// JSON has no infinity: the PSNR of exact images is null.
ordered_json quality_json(const std::optional<audit::Quality>& q) {
  if (!q) return {};
  return {{"images", q->images},
          {"psnr", std::isinf(q->psnr) ? ordered_json() : ordered_json(q->psnr)},
          {"ssim", q->ssim},
          {"correlation", q->correlation},
          {"identified", q->identified},
          {"exact", q->exact}};
}

ordered_json trial_json(const AttackTrial& t) {
  ordered_json out = {{"attack", t.attack.name}, {"threat", t.attack.threat}, {"summary", t.attack.summary}};
  if (!t.report) {
    out["problem"] = t.problem;
    return out;
  }
  const audit::AttackReport& r = *t.report;
  ordered_json figures = ordered_json::object();
  for (const audit::Figure& f : r.figures) figures[f.name] = f.value;
  out["verdict"] = r.verdict();
  out["at_chance"] = r.at_chance();
  out["success"] = r.success ? ordered_json(*r.success) : ordered_json();
  out["success_of"] = r.success_of;
  out["chance"] = r.chance;
  out["quality"] = quality_json(r.quality);
  out["baseline"] = quality_json(r.baseline);
  out["random_bytes"] =
      r.null ? ordered_json{{"success", r.null->success}, {"quality", quality_json(r.null->quality)}} : ordered_json();
  out["own_verdict"] = r.claim.empty() ? ordered_json() : ordered_json(r.claim);
  out["protected_images"] = r.protected_images;
  out["known_pairs"] = r.known_pairs;
  out["public_images"] = r.publics;
  out["chosen_images"] = r.chosen;
  out["seconds"] = r.seconds;
  out["figures"] = figures;
  out["sheet"] = t.sheet.empty() ? ordered_json() : ordered_json(t.sheet);
  return out;
}

/// Writes the sheet of an attack that recovered images.
std::string write_sheet(const fs::path& folder, const AuditScene& scene, const audit::AttackReport& r) {
  if (r.recovered.empty()) return {};
  audit::AttackSheet sheet;
  sheet.title = fmt::format("{}: {}", r.attack.name, protection_text(scene));
  sheet.footer = fmt::format("{}; {}", r.attack.threat, r.verdict());
  for (std::size_t i = 0; i < std::min(r.recovered.size(), audit::kSheetColumns); ++i) {
    sheet.plain.push_back(scene.scene.originals[i]);
    sheet.seen.push_back(audit::seen(scene.scene.ciphers[i].picture));
    sheet.recovered.push_back(r.recovered[i]);
  }
  const std::string name = scene.scene.parameters.shield + "-" + r.attack.name + ".png";
  image::write_png(folder / name, audit::draw(sheet));
  return name;
}

AttackTrial try_attack(const AuditScene& scene, const audit::AttackInfo& attack, bool single, const fs::path& folder) {
  AttackTrial out{attack, {}, {}, {}};
  try {
    out.report = audit::run_attack(attack.name, scene.scene);
  } catch (const Error& e) {
    if (single) throw;
    out.problem = e.what();
    return out;
  }
  if (!folder.empty()) out.sheet = write_sheet(folder, scene, *out.report);
  return out;
}

}  // namespace

std::string protection_text(const AuditScene& scene) {
  const shield::Parameters& p = scene.scene.parameters;
  if (!scene.options.control.empty()) return scene.options.control + " in place of " + p.shield;
  std::string out = p.shield;
  if (p.shield == "hill") out.append(", ").append(shield::to_string(p.arithmetic));
  if (p.block > 1) out.append(fmt::format(", blocks of {}", p.block));
  return out + (scene.options.per_image ? ", a key an image" : ", one key for all images");
}

std::vector<std::string> attack_files(const shield::Parameters& parameters) {
  std::vector<std::string> files = {parameters.shield + "-attacks.json"};
  for (const audit::AttackInfo& attack : audit::attacks_on(parameters)) {
    files.push_back(parameters.shield + "-" + attack.name + ".png");
  }
  return files;
}

std::vector<AttackTrial> try_attacks(const AuditScene& scene, const std::string& attack, const fs::path& folder,
                                     const std::function<void(const AttackTrial&)>& on_trial) {
  std::vector<AttackTrial> trials;
  for (const audit::AttackInfo& one : audit::attacks_on(scene.scene.parameters)) {
    if (attack != "all" && attack != one.name) continue;
    trials.push_back(try_attack(scene, one, attack != "all", folder));
    if (on_trial) on_trial(trials.back());
  }
  // One that is on other shields says so itself.
  if (trials.empty()) audit::run_attack(attack, scene.scene);
  if (!folder.empty()) {
    const std::string file = attack_files(scene.scene.parameters).front();
    write_file(folder / file, std::string_view(attacks_json(scene, trials).dump(2) + "\n"));
  }
  return trials;
}

nlohmann::ordered_json attacks_json(const AuditScene& scene, const std::vector<AttackTrial>& trials) {
  const shield::Parameters& p = scene.scene.parameters;
  ordered_json list = ordered_json::array();
  for (const AttackTrial& t : trials) list.push_back(trial_json(t));
  return {{"shield", p.shield},
          {"block", p.block},
          {"arithmetic", shield::to_string(p.arithmetic)},
          {"depth", p.depth},
          {"hidden", p.hidden},
          {"keys", (scene.options.per_image ? "per-image" : "one")},
          {"key", scene.key},
          {"control", scene.options.control.empty() ? ordered_json() : ordered_json(scene.options.control)},
          {"dataset", scene.dataset},
          {"height", scene.scene.originals.front().height},
          {"width", scene.scene.originals.front().width},
          {"images", scene.scene.originals.size()},
          {"known", scene.scene.known.size()},
          {"publics", scene.scene.publics.count},
          {"seed", scene.options.seed},
          {"quick", scene.options.quick},
          {"promise", scene.shield->promise()},
          {"attacks", list}};
}

}  // namespace obscura::study
