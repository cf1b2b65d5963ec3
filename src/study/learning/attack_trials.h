#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "audit/attack.h"
#include "study/learning/audit_scene.h"

/// Attacks tried on a scene: what an attacker gets of protected images, as numbers and pictures.
namespace obscura::study {

/// One attack, or why it could not be tried.
struct AttackTrial {
  audit::AttackInfo attack;
  std::optional<audit::AttackReport> report;
  std::string problem;
  std::string sheet;  ///< file name of the picture of what was recovered; empty: none was drawn
};

/// "hill, real, blocks of 4, one key for all images".
std::string protection_text(const AuditScene& scene);

/// File names that the attacks on such a shield are written to in a folder: the numbers first, then a sheet an attack.
std::vector<std::string> attack_files(const shield::Parameters& parameters);

/// Tries `attack`, or with "all" every one that there is on the scene's shield; sheets and numbers go into `folder`,
/// unless it is empty. `on_trial`, if set, hears of each as it is done. Throws as audit::run_attack does for a single
/// attack; of all, one that fails says so in its `problem`.
std::vector<AttackTrial> try_attacks(const AuditScene& scene, const std::string& attack,
                                     const std::filesystem::path& folder,
                                     const std::function<void(const AttackTrial&)>& on_trial);

/// The object that docs/cli.md describes.
nlohmann::ordered_json attacks_json(const AuditScene& scene, const std::vector<AttackTrial>& trials);

}  // namespace obscura::study
