// `obscura audit attack`: what an attacker gets of images that a shield has protected, as numbers and pictures.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "audit/attack_sheet.h"
#include "base/error.h"
#include "cli/audit/audit_verbs.h"
#include "cli/console.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/passphrase_options.h"
#include "report/text.h"
#include "study/learning/attack_trials.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct AuditArguments {
  study::AuditOptions scene;
  std::string attack = "all";
  fs::path out;
  bool force = false;
  bool json = false;
};

OptionTable<study::AuditOptions> scene_options() {
  using V = study::AuditOptions;
  OptionTable<V> t;
  t.group(kRun);
  t.value("--shield", &V::shield,
          "hill, vit, le, pe, ele, etc, etc-grayscale, neuracrypt or color-neuracrypt (default: the key's)");
  t.value("--block,--patch", &V::block, "Pixels a side of a block (default: 4; networks from 64 pixels on: 16)")
      .check(whole_number())
      .check(CLI::Range(1, 64));
  t.value("--arithmetic", &V::arithmetic, "hill: real or modular").check(CLI::IsMember({"real", "modular"}));
  t.value("--depth", &V::depth, "neuracrypt: layers in the middle (default: 4)").check(CLI::Range(-1, 64));
  t.value("--hidden", &V::hidden, "neuracrypt: width of the layers").check(CLI::Range(1, 8192));
  t.flag("--per-image", &V::per_image, "A key an image instead of one for all");
  t.value("--control", &V::control, "Real encryption in the shield's place, on which every attack must fail")
      .check(CLI::IsMember({"chacha20", "ckks"}));
  t.group(kFiles);
  t.value("--key", &V::key, "An owner's key to attack (default: one drawn from --seed, for audits only)");
  t.part(passphrase_rows(false), &V::sealing);
  t.value("--dataset", &V::dataset,
          "A data set, a folder of images, or 'drawn': made-up pictures (default: cifar-10 if it is here)");
  t.value("--data", &V::data, "Folder that holds the data sets");
  t.group(kRun);
  const auto number = [&t](const char* name, std::size_t V::*member, const char* help) {
    t.value(name, member, help).check(whole_number()).shows_default();
  };
  number("--images", &V::images, "Victims: test images that the attacker sees protected");
  number("--publics", &V::publics, "Unrelated training images that the attacker has");
  number("--known", &V::known, "Further pairs of plain and protected images that the attacker has");
  number("--side", &V::side, "Make all images so many pixels a side first; 0: leave them");
  number("--draw", &V::draw, "Draw the victims from all test images with this seed; 0: they are the first");
  t.flag("--quick", &V::quick, "Less training, fewer jigsaws");
  t.value("--seed", &V::seed, "Of the drawn key and of the attacks").check(whole_number()).shows_default();
  return t;
}

void print_row(const study::AttackTrial& t) {
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
              report::duration_text(r.seconds).c_str(), r.verdict().c_str());
}

void prepare_folder(const AuditArguments& a, const study::AuditScene& scene) {
  if (a.out.empty()) return;
  std::error_code ec;
  fs::create_directories(a.out, ec);
  if (!fs::is_directory(a.out)) throw IoError("cannot make the folder " + a.out.string() + " for sheets and numbers");
  std::vector<Output> outputs;
  std::vector<fs::path> ours;
  for (const std::string& file : study::attack_files(scene.scene.parameters)) {
    ours.emplace_back(file);
    outputs.push_back({a.out / file, outputs.empty() ? study::FileKind::attacks : study::FileKind::png});
  }
  check_outputs(outputs, {a.scene.key, a.scene.dataset}, a.force);
  note_other_files(a.out, ours);
}

void run_attacks(const AuditArguments& a) {
  if (a.attack != "all") audit::find_attack(a.attack);
  const auto scene = study::make_audit_scene(a.scene, notes());
  prepare_folder(a, scene);
  if (!a.json) {
    const auto& victim = scene.scene.originals.front();
    std::printf("%s: %zu images of %s, %zux%zu, key %s\n", study::protection_text(scene).c_str(),
                scene.scene.originals.size(), scene.dataset.c_str(), victim.width, victim.height, scene.key.c_str());
    std::printf("%-14s %9s %9s %7s %7s %9s\n", "attack", "success", "PSNR", "SSIM", "corr", "time");
  }
  const auto trials = study::try_attacks(scene, a.attack, a.out, [&a](const study::AttackTrial& trial) {
    if (!a.json) print_row(trial);
    std::fflush(stdout);
  });
  if (a.json) {
    print_json(study::attacks_json(scene, trials));
  } else {
    std::printf("%s %s\n", scene.shield->name().c_str(), scene.shield->promise().c_str());
  }
}

}  // namespace

void add_audit_attack(CLI::App& audit) {
  const auto a = std::make_shared<AuditArguments>();
  CLI::App& attack = *audit.add_subcommand("attack", kAuditAttack);
  scene_options().add_to(attack, a->scene);
  attack.add_option("--attack", a->attack, "One attack by name, or all that there are on the shield")
      ->capture_default_str()
      ->group(kRun);
  attack.add_option("--out", a->out, "A folder for contact sheets (PNG) and numbers (JSON)")->group(kOutput);
  add_threads(attack, a->scene.threads);
  add_force(attack, a->force);
  add_json(attack, a->json);
  attack.callback([a] { run_attacks(*a); });
}

}  // namespace obscura::cli
