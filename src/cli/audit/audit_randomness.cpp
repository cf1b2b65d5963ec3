// `obscura audit randomness`: the fifteen tests of NIST SP 800-22 on files, ciphertexts and protected pictures.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "cli/audit/audit_verbs.h"
#include "cli/console.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/passphrase_options.h"
#include "cli/show_table.h"
#include "study/audit/randomness_report.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct RandomnessArguments {
  study::RandomnessOptions options;
  fs::path html;
  bool force = false;
  bool json = false;
};

/// What an option is for alone.
enum : int { kOfNetwork = 1, kOfShield = 2, kOfKey = 3 };

OptionTable<study::BitSourceOptions> source_options() {
  using V = study::BitSourceOptions;
  OptionTable<V> t;
  t.group(kFiles);
  t.value("--network", &V::network, "Ciphertexts of pictures for this network, an ONNX file").echo(Echo::file_name);
  t.value("--streams", &V::streams,
          "Of a network: some of c0, c0-ntt, c1, c1-ntt, and the controls encoded, encoded-ntt and pictures")
      .commas()
      .shows_default()
      .only(kOfNetwork);
  t.value("--shield", &V::shield, "Pictures that this shield protected: hill, vit, le, pe, ele, etc, ...");
  t.value("--key", &V::key, "Of a shield (default: one drawn from --seed, for audits only)").echo(Echo::file_name);
  t.part(passphrase_rows(false), &V::sealing, kOfKey);
  t.value("--arithmetic", &V::arithmetic, "Of a shield without --key: real or modular")
      .check(CLI::IsMember({"real", "modular"}))
      .only(kOfShield);
  t.value("--dataset", &V::dataset, "Pictures to protect (default: samples; of a shield cifar-10 if it is here)");
  t.value("--data", &V::data, "Folder that holds the data sets").echo(Echo::never);
  t.group(kRun);
  t.value("--images", &V::images, "Pictures to protect; 0: as many as the sequences take")
      .check(whole_number())
      .shows_default();
  t.value("--seed", &V::seed, "Of a shield's key").check(whole_number()).shows_default().only(kOfShield);
  return t;
}

const OptionTable<study::RandomnessOptions>& randomness_options() {
  using V = study::RandomnessOptions;
  static const OptionTable<V> table = [] {
    OptionTable<V> t;
    t.part(source_options(), &V::source);
    t.group(kRun);
    t.value("--bits", &V::bits, "Bits of a sequence").check(CLI::Range(100, 100'000'000)).shows_default();
    t.value("--sequences", &V::sequences, "Of each source, at the most (default: all of a file, else 100)")
        .check(whole_number());
    t.value("--alpha", &V::alpha, "A p-value below it is a failure").check(CLI::Range(1e-6, 0.5)).shows_default();
    t.value("--only", &V::only, "Tests with commas between them (default: all fifteen)").commas();
    t.flag("--nist-program", &V::nist_program,
           "Parameters of NIST's program sts 2.1.2 where its standard says otherwise: to compare with its figures");
    return t;
  }();
  return table;
}

std::string command_of(const RandomnessArguments& a) {
  std::string command = "obscura audit randomness";
  for (const auto& file : a.options.source.files) command += " " + file.filename().string();
  return command + randomness_options().echo(a.options);
}

void print_audit(const study::RandomnessAudit& audit) {
  for (const auto& source : audit.sources) {
    fmt::print("{}: {}\n\n", source.name, source.how);
    print_table(study::test_table(source));
    fmt::print("\n{} {}\n\n", source.name, study::verdict_text(source));
  }
  fmt::print("{}\n", study::randomness_caution());
}

void refuse_idle(const CLI::App& verb, const study::BitSourceOptions& source) {
  const bool shield = !source.shield.empty() || !source.key.empty();
  if (source.network.empty()) randomness_options().refuse(verb, kOfNetwork, "is for --network");
  if (source.key.empty()) randomness_options().refuse(verb, kOfKey, "is for the owner's --key");
  if (!shield) randomness_options().refuse(verb, kOfShield, "is for --shield");
  if (!source.files.empty()) refuse_typed(verb, {"--dataset", "--data", "--images"}, "is for --network and --shield");
}

void audit_randomness(const CLI::App& verb, const RandomnessArguments& a) {
  refuse_idle(verb, a.options.source);
  std::vector<fs::path> inputs = a.options.source.files;
  inputs.insert(inputs.end(), {a.options.source.network, a.options.source.key, a.options.source.dataset});
  check_outputs({{a.html, study::FileKind::html}}, inputs, a.force);
  const auto audit = study::audit_randomness(a.options, notes(), !a.json);
  const std::string command = command_of(a);
  if (!a.html.empty()) write_file(a.html, report::to_html(study::randomness_document(audit, command)));
  if (a.json) {
    print_json(study::randomness_json(audit, command));
    return;
  }
  print_audit(audit);
  if (!a.html.empty()) fmt::print("report: {}\n", a.html.string());
}

}  // namespace

void add_audit_randomness(CLI::App& audit) {
  const auto a = std::make_shared<RandomnessArguments>();
  CLI::App& verb = *audit.add_subcommand("randomness", kAuditRandomness);
  verb.add_option("files", a->options.source.files, "Files whose bytes are tested, the most significant bit first")
      ->group(kFiles);
  randomness_options().add_to(verb, a->options);
  verb.add_option("--html", a->html, "The report as a page")->group(kOutput);
  add_threads(verb, a->options.threads);
  add_force(verb, a->force);
  add_json(verb, a->json);
  verb.footer("Example:\n  obscura audit randomness --network models/tenseal-mnist.onnx --streams c0,pictures");
  verb.callback([a, &verb] { audit_randomness(verb, *a); });
}

}  // namespace obscura::cli
