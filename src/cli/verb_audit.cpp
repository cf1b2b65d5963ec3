// `obscura audit attack`: what an attacker gets of images that a shield has protected, as numbers and pictures.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "audit/attack_sheet.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/audit_scene.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/support.h"
#include "cli/verbs.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

using nlohmann::ordered_json;

struct Arguments {
  AuditOptions scene;
  std::string attack = "all";
  fs::path out;
  bool force = false;
  bool json = false;
};

/// One attack, or why it could not be tried.
struct Trial {
  audit::AttackInfo attack;
  std::optional<audit::AttackReport> report;
  std::string problem;
  std::string sheet;  ///< name of the file
};

std::string keys_of(const Arguments& a) {
  return a.scene.per_image ? "per-image" : "one";
}

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

ordered_json trial_json(const Trial& t) {
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
  out["protected_images"] = r.protected_images;
  out["known_pairs"] = r.known_pairs;
  out["public_images"] = r.publics;
  out["chosen_images"] = r.chosen;
  out["seconds"] = r.seconds;
  out["figures"] = figures;
  out["sheet"] = t.sheet.empty() ? ordered_json() : ordered_json(t.sheet);
  return out;
}

ordered_json document(const Arguments& a, const AuditScene& scene, const std::vector<Trial>& trials) {
  const shield::Parameters& p = scene.scene.parameters;
  ordered_json list = ordered_json::array();
  for (const Trial& t : trials) list.push_back(trial_json(t));
  return {{"shield", p.shield},
          {"block", p.block},
          {"arithmetic", shield::to_string(p.arithmetic)},
          {"depth", p.depth},
          {"hidden", p.hidden},
          {"keys", keys_of(a)},
          {"key", scene.key},
          {"control", a.scene.control.empty() ? ordered_json() : ordered_json(a.scene.control)},
          {"dataset", scene.dataset},
          {"height", scene.scene.originals.front().height},
          {"width", scene.scene.originals.front().width},
          {"images", scene.scene.originals.size()},
          {"known", scene.scene.known.size()},
          {"publics", scene.scene.publics.count},
          {"seed", a.scene.seed},
          {"quick", a.scene.quick},
          {"promise", scene.shield->promise()},
          {"attacks", list}};
}

std::string protection(const Arguments& a, const AuditScene& scene) {
  const shield::Parameters& p = scene.scene.parameters;
  if (!a.scene.control.empty()) return a.scene.control + " in place of " + p.shield;
  std::string out = p.shield;
  if (p.shield == "hill") out.append(", ").append(shield::to_string(p.arithmetic));
  if (p.block > 1) out.append(fmt::format(", blocks of {}", p.block));
  return out + (a.scene.per_image ? ", a key an image" : ", one key for all images");
}

/// Writes the sheet of an attack that recovered images.
std::string write_sheet(const Arguments& a, const AuditScene& scene, const audit::AttackReport& r) {
  if (r.recovered.empty()) return {};
  audit::AttackSheet sheet;
  sheet.title = fmt::format("{}: {}", r.attack.name, protection(a, scene));
  sheet.footer = fmt::format("{}; {}", r.attack.threat, r.verdict());
  for (std::size_t i = 0; i < std::min(r.recovered.size(), audit::kSheetColumns); ++i) {
    sheet.plain.push_back(scene.scene.originals[i]);
    sheet.seen.push_back(audit::seen(scene.scene.ciphers[i].picture));
    sheet.recovered.push_back(r.recovered[i]);
  }
  const std::string name = scene.scene.parameters.shield + "-" + r.attack.name + ".png";
  image::write_png(a.out / name, audit::draw(sheet));
  return name;
}

void print_row(const Trial& t) {
  if (!t.report) {
    std::printf("%-14s could not be tried: %s\n", t.attack.name.c_str(), t.problem.c_str());
    return;
  }
  const audit::AttackReport& r = *t.report;
  const std::string success = r.success ? fmt::format("{:.1f} %", 100 * *r.success) : "-";
  const auto of = [&](auto take) { return r.quality ? fmt::format("{:.3f}", take(*r.quality)) : std::string("-"); };
  std::printf("%-14s %9s %9s %7s %7s %9s  %s\n", r.attack.name.c_str(), success.c_str(),
              r.quality ? audit::decibel_text(r.quality->psnr).c_str() : "-",
              of([](const auto& q) { return q.ssim; }).c_str(), of([](const auto& q) { return q.correlation; }).c_str(),
              duration_text(r.seconds).c_str(), r.verdict().c_str());
}

Trial try_attack(const Arguments& a, const AuditScene& scene, const audit::AttackInfo& attack) {
  Trial out{attack, {}, {}, {}};
  try {
    out.report = audit::run_attack(attack.name, scene.scene);
  } catch (const Error& e) {
    if (a.attack != "all") throw;
    out.problem = e.what();
    return out;
  }
  if (!a.out.empty()) out.sheet = write_sheet(a, scene, *out.report);
  return out;
}

fs::path numbers_file(const Arguments& a, const std::string& shield) {
  return a.out / (shield + "-attacks.json");
}

void prepare(const Arguments& a, const AuditScene& scene) {
  const fs::path& out = a.out;
  if (out.empty()) return;
  std::error_code ec;
  fs::create_directories(out, ec);
  if (!fs::is_directory(out)) throw IoError("cannot make the folder " + out.string() + " for sheets and numbers");
  const std::string& shield = scene.scene.parameters.shield;
  std::vector<Output> outputs = {{numbers_file(a, shield), FileKind::attacks}};
  std::vector<fs::path> ours = {numbers_file(a, shield).filename()};
  for (const audit::AttackInfo& attack : audit::attacks_on(scene.scene.parameters)) {
    ours.emplace_back(shield + "-" + attack.name + ".png");
    outputs.push_back({out / ours.back(), FileKind::png});
  }
  check_outputs(outputs, {a.scene.key, a.scene.dataset}, a.force);
  note_other_files(out, ours);
}

void run_attacks(const Arguments& a) {
  if (a.attack != "all") audit::find_attack(a.attack);
  const AuditScene scene = make_audit_scene(a.scene);
  const auto possible = audit::attacks_on(scene.scene.parameters);
  prepare(a, scene);
  if (!a.json) {
    std::printf("%s: %zu images of %s, %zux%zu, key %s\n", protection(a, scene).c_str(), scene.scene.originals.size(),
                scene.dataset.c_str(), scene.scene.originals.front().width, scene.scene.originals.front().height,
                scene.key.c_str());
    std::printf("%-14s %9s %9s %7s %7s %9s\n", "attack", "success", "PSNR", "SSIM", "corr", "time");
  }
  std::vector<Trial> trials;
  for (const audit::AttackInfo& attack : possible) {
    if (a.attack != "all" && a.attack != attack.name) continue;
    trials.push_back(try_attack(a, scene, attack));
    if (!a.json) print_row(trials.back());
    std::fflush(stdout);
  }
  // One that is on other shields says so itself.
  if (trials.empty()) audit::run_attack(a.attack, scene.scene);
  const ordered_json numbers = document(a, scene, trials);
  if (!a.out.empty()) {
    write_file(numbers_file(a, scene.scene.parameters.shield), std::string_view(numbers.dump(2) + "\n"));
  }
  if (a.json)
    print_json(numbers);
  else
    std::printf("%s %s\n", scene.shield->name().c_str(), scene.shield->promise().c_str());
}

}  // namespace

void add_audit_verb(CLI::App& app) {
  CLI::App* verb = add_verb(app, "audit");
  verb->require_subcommand(1);
  auto a = std::make_shared<Arguments>();
  CLI::App* attack = verb->add_subcommand("attack", "Runs attacks on a shield, scores and draws what they recover");
  add_audit_options(*attack, a->scene);
  attack->add_option("--attack", a->attack, "One attack by name, or all that there are on the shield")
      ->capture_default_str()
      ->group(kRun);
  attack->add_option("--out", a->out, "A folder for contact sheets (PNG) and numbers (JSON)")->group(kOutput);
  add_threads(*attack, a->scene.threads);
  add_force(*attack, a->force);
  add_json(*attack, a->json);
  attack->callback([a] { run_attacks(*a); });
}

}  // namespace obscura::cli
